// What a run left of the model's inside, by TransformerLens's names, and what can be worked out from it.
// Owns: looking values up, and which of them make a decomposition of the residual stream. Not: the arithmetic (analysis/) or
// logits (directLogits.ts). Checked against TransformerLens in tests/parity/libraryCache.test.ts.
import { sliceAxis, stackTensors, type AxedTensor } from '../analysis/axedTensor.ts'
import { headResults, normaliseStack, scaleRows } from '../analysis/residualStack.ts'
import { errors } from '../contract/errors.ts'
import { parseHook } from '../model/hookNames.ts'
import { normTensors, type CacheModel, type ResidualStack } from './cacheModel.ts'
import {
  attribute,
  lens,
  type Attribution,
  type AttributionOptions,
  type LensLogits,
  type LensNorm,
  type TokenChoice,
} from './directLogits.ts'

interface StackOptions {
  /** Components up to what this layer reads; those of all layers where left out. */
  layer?: number
  /** Divide by the scale of the norm that reads the stream there (before gain and bias), as TransformerLens does. */
  applyLn?: boolean
  /** One position alone, negative from the end; S stays an axis, of size 1. All where left out. */
  position?: number
}
interface IntoMlp {
  /** Up to what the MLP of `layer` reads, and not its attention. */
  mlpInput?: boolean
}
export type AccumulatedOptions = StackOptions & IntoMlp & { inclMid?: boolean }
export type DecomposedOptions = StackOptions &
  IntoMlp & {
    mode?: 'all' | 'attn' | 'mlp'
    /** True where left out. */
    inclEmbeds?: boolean
  }
export type HeadOptions = StackOptions & {
  /** A last component: what no head added. */
  inclRemainder?: boolean
}

export class ActivationCache {
  /** Leading positions that belong to the prompt. */
  readonly promptTokens: number
  private readonly tensors: ReadonlyMap<string, AxedTensor>
  private readonly model: CacheModel

  /** @internal */
  constructor(tensors: ReadonlyMap<string, AxedTensor>, promptTokens: number, model: CacheModel) {
    this.tensors = tensors
    this.promptTokens = promptTokens
    this.model = model
  }

  /** Names of what is there, in the order of a forward pass. */
  get keys(): string[] {
    return [...this.tensors.keys()]
  }

  has(name: string): boolean {
    return this.tensors.has(name)
  }

  /**
   * A hook point's values, B = 1. S counts the prompt's positions and, where the model wrote an answer, the answer's.
   * @throws hook_unknown, layer_out_of_range; hook_not_cached
   */
  get(name: string): AxedTensor {
    const tensor = this.tensors.get(name)
    if (tensor) return tensor
    parseHook(name, this.model.config.shape)
    throw errors.hookNotCached({ hook: name, cached: this.tensors.size })
  }

  private get layers(): number {
    return this.model.config.shape.layers
  }

  private layerOf({ layer = this.layers, mlpInput = false }: StackOptions & IntoMlp, lowest = 0): number {
    const highest = mlpInput ? this.layers - 1 : this.layers
    if (Number.isInteger(layer) && layer >= lowest && layer <= highest) return layer
    throw errors.layerOutOfRange({ layer, layers: this.layers })
  }

  /** Values at the chosen positions. */
  private at(name: string, position: number | undefined): AxedTensor {
    const tensor = this.get(name)
    if (position === undefined) return tensor
    const first = firstOf(tensor, position)
    return sliceAxis(tensor, 'S', first, first + 1)
  }

  private stack(
    names: readonly [label: string, hook: string][],
    options: StackOptions & IntoMlp,
  ): ResidualStack {
    const { position } = options
    const tensors = names.map(([, hook]) => this.at(hook, position))
    const labels = names.map(([label]) => label)
    return this.finished(stackTensors(tensors), labels, options)
  }

  private finished(
    stack: AxedTensor,
    labels: readonly string[],
    options: StackOptions & IntoMlp,
  ): ResidualStack {
    const { applyLn = false, position, mlpInput } = options
    const layer = this.layerOf(options)
    const [anyHook] = this.tensors.values() // all have the same positions
    const firstPosition = position === undefined ? 0 : firstOf(anyHook, position)
    const named = { ...stack, labels, firstPosition, isNormalised: applyLn }
    const { norm } = this.model.config
    // There attention and MLP read the stream as it is.
    if (!applyLn || (norm.places === 'after' && layer < this.layers)) return named
    const scale = layer === this.layers ? 'ln_final' : `blocks.${layer}.${mlpInput ? 'ln2' : 'ln1'}`
    const scales = this.at(`${scale}.hook_scale`, position)
    return { ...named, ...normaliseStack(stack, scales, norm.kind === 'layer') }
  }

  /**
   * The residual stream as it grows: before each layer, and at last after the whole of them (`final_post`).
   * @returns N = layer + 1, more with `inclMid`; labels `0_pre`, `0_mid`, … as TransformerLens writes them
   * @throws layer_out_of_range, hook_not_cached
   */
  accumulatedResid(options: AccumulatedOptions = {}): ResidualStack {
    const layer = this.layerOf(options)
    const names: [string, string][] = []
    for (let each = 0; each <= layer; each++) {
      if (each === this.layers) {
        names.push(['final_post', `blocks.${each - 1}.hook_resid_post`])
        continue
      }
      names.push([`${each}_pre`, `blocks.${each}.hook_resid_pre`])
      if (each < layer ? options.inclMid : options.mlpInput)
        names.push([`${each}_mid`, `blocks.${each}.hook_resid_mid`])
    }
    return this.stack(names, options)
  }

  /**
   * What embeddings, attention and MLPs add to the stream that `layer` reads; with all of them the sum is that stream.
   * @returns labels `embed`, `pos_embed`, `0_attn_out`, `0_mlp_out`, …
   * @throws layer_out_of_range, hook_not_cached; a TypeError where nothing is chosen
   */
  decomposeResid(options: DecomposedOptions = {}): ResidualStack {
    const { mode = 'all', inclEmbeds = true, mlpInput = false } = options
    const layer = this.layerOf(options)
    const names: [string, string][] = []
    if (inclEmbeds) {
      names.push(['embed', 'hook_embed'])
      if (this.model.config.shape.traits?.learnedPositions) names.push(['pos_embed', 'hook_pos_embed'])
    }
    for (let each = 0; each < layer + Number(mlpInput); each++) {
      if (mode !== 'mlp') names.push([`${each}_attn_out`, `blocks.${each}.hook_attn_out`])
      if (mode !== 'attn' && each < layer) names.push([`${each}_mlp_out`, `blocks.${each}.hook_mlp_out`])
    }
    return this.stack(names, options)
  }

  /**
   * What each head of the layers before `layer` adds to the stream. Taken from `hook_result` where it is there, else worked out
   * from `hook_z` and the output matrix. Where a model norms what attention gives (Gemma 2, OLMo 2), each head's part
   * is passed through that norm, so that it is what reaches the stream.
   * @returns N = layer × H, and one more with `inclRemainder`; labels `L0H0`, …, `remainder`
   * @throws layer_out_of_range, hook_not_cached
   */
  async stackHeadResults(options: HeadOptions = {}): Promise<ResidualStack> {
    const { position, inclRemainder = false } = options
    const layer = this.layerOf(options, 1)
    const labels: string[] = []
    const heads: AxedTensor[] = []
    for (let each = 0; each < layer; each++) {
      const results = await this.resultsOf(each, position)
      for (let head = 0; head < this.model.config.shape.heads; head++) {
        const { data, shape } = sliceAxis(results, 'H', head, head + 1)
        heads.push({ data, shape: [...shape.slice(0, 2), shape[3]], axes: 'B S D' })
        labels.push(`L${each}H${head}`)
      }
    }
    if (inclRemainder) {
      const whole = this.at(`blocks.${layer - 1}.hook_resid_post`, position)
      labels.push('remainder')
      heads.push({ ...whole, data: whole.data.map((value, i) => value - sumAt(heads, i)) })
    }
    return this.finished(stackTensors(heads), labels, options)
  }

  /** [1, S, H, D] */
  private async resultsOf(layer: number, position: number | undefined): Promise<AxedTensor> {
    const { config, weights } = this.model
    const hook = `blocks.${layer}.attn.hook_result`
    const results = this.has(hook)
      ? this.at(hook, position)
      : headResults(
          this.at(`blocks.${layer}.attn.hook_z`, position),
          await weights.read(`model.layers.${layer}.self_attn.o_proj.weight`),
        )
    const { places, kind } = config.norm
    if (places === 'before') return results
    const [place, tensor] =
      places === 'both' ? ['ln1_post', 'attention_output_layernorm'] : ['ln1', 'input_layernorm']
    const { gain } = await normTensors(this.model, `model.layers.${layer}.${tensor}`)
    const scale = this.at(`blocks.${layer}.${place}.hook_scale`, position)
    // Heads lie inside of positions; turned outwards they are components.
    const heads = Array.from({ length: config.shape.heads }, (_, head) => {
      const { data, shape } = sliceAxis(results, 'H', head, head + 1)
      return { data, shape: [...shape.slice(0, 2), shape[3]], axes: 'B S D' }
    })
    const normal = scaleRows(normaliseStack(stackTensors(heads), scale, kind === 'layer'), gain, null)
    return headsInside(normal, results.shape)
  }

  /**
   * Direct logit attribution: what each component adds to the logit of a token, the final norm's own scale held.
   * With the components of `decomposeResid()`, the default, and `bias` the sum is the logit (before a soft cap).
   * Same numbers as TransformerLens's `logit_attrs` on a model loaded with `fold_ln`, since the norm's gain counts.
   * @param tokens  an id or a text of one token, for every position, or an id for each position of the stack
   * @returns [N, 1, S], axes `N B S`, in logits
   * @throws invalid_input, token_out_of_range, hook_not_cached; a TypeError for a stack whose scale is applied already
   */
  async logitAttribution(tokens: TokenChoice, options: AttributionOptions = {}): Promise<Attribution> {
    const stack = options.stack ?? this.decomposeResid()
    if (stack.isNormalised) throw new TypeError('the stack is normalised already; leave applyLn out')
    const scale = sliceAxis(
      this.get('ln_final.hook_scale'),
      'S',
      stack.firstPosition,
      stack.firstPosition + stack.shape[2],
    )
    return attribute(this.model, { stack, scale, tokens, otherTokens: options.incorrectTokens })
  }

  /**
   * Logits as if the model ended at each place of the residual stream.
   * @param options.position  the last one where left out: V logits for each component and position are many
   * @param options.norm  `own`: the final norm as it would be there (the usual lens). `final`: the scale that the end of the stream had, as in
   *   `accumulated_resid(apply_ln=True) @ W_U`
   * @returns [N, 1, 1, V], axes `N B S V`, soft-capped where the model does so; labels as `accumulatedResid`
   * @throws layer_out_of_range, hook_not_cached
   */
  async logitLens(
    options: { position?: number; layer?: number; inclMid?: boolean; norm?: LensNorm } = {},
  ): Promise<LensLogits> {
    const { norm = 'own', position = -1, ...further } = options
    const stack = this.accumulatedResid({ ...further, position })
    return lens(this.model, {
      stack,
      scale: norm === 'own' ? null : this.at('ln_final.hook_scale', position),
    })
  }
}

/** @throws invalid_input */
function firstOf({ shape, axes }: AxedTensor, position: number): number {
  const count = shape[axes.split(' ').indexOf('S')]
  const first = position < 0 ? count + position : position
  if (Number.isInteger(first) && first >= 0 && first < count) return first
  throw errors.invalidInput({ field: 'position', reason: `${position} is none of the ${count} positions` })
}

function sumAt(tensors: readonly AxedTensor[], index: number): number {
  let sum = 0
  for (const { data } of tensors) sum += data[index]
  return sum
}

/** [H, 1, S, D] → [1, S, H, D] */
function headsInside({ data }: AxedTensor, shape: readonly number[]): AxedTensor {
  const [, positions, heads, width] = shape
  const turned = new Float32Array(data.length)
  for (let head = 0; head < heads; head++)
    for (let position = 0; position < positions; position++) {
      const from = (head * positions + position) * width
      turned.set(data.subarray(from, from + width), (position * heads + head) * width)
    }
  return { data: turned, shape, axes: 'B S H D' }
}
