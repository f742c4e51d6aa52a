// What a run left of the model's inside, by TransformerLens's names, and what can be worked out from it.
// Owns: looking values up, and which of them make a decomposition of the residual stream. Not: the arithmetic (analysis/) or
// logits (directLogits.ts). Checked against TransformerLens in tests/parity/libraryCache.test.ts.
import { sliceAxis, stackTensors, type AxedTensor } from '../analysis/axedTensor.ts'
import { joinStacks, normaliseStack } from '../analysis/residualStack.ts'
import { errors } from '../contract/errors.ts'
import { parseHook, traitsOf } from '../model/hookNames.ts'
import type { CacheModel, ResidualStack } from './cacheModel.ts'
import {
  accumulatedOptions,
  attributionOptions,
  decomposedOptions,
  fullOptions,
  headOptions,
  layerOptions,
  lensOptions,
  neuronOptions,
  normOptions,
  type AccumulatedOptions,
  type DecomposedOptions,
  type FullOptions,
  type HeadOptions,
  type IntoMlp,
  type LensOptions,
  type NeuronOptions,
  type NormOptions,
  type StackOptions,
} from './cacheOptions.ts'
import {
  attribute,
  lens,
  type Attribution,
  type AttributionOptions,
  type LensLogits,
  type TokenChoice,
} from './directLogits.ts'
import { resultsOf, type PartSource } from './layerParts.ts'
import { checkOptions } from '../contract/options.ts'
import { addRemainder, biasComponent, headComponents, neuronComponents } from './streamComponents.ts'

export class ActivationCache {
  /** Leading positions that belong to the prompt. */
  readonly promptTokens: number
  private readonly tensors: Map<string, AxedTensor>
  private readonly model: CacheModel

  /** @internal */
  constructor(tensors: ReadonlyMap<string, AxedTensor>, promptTokens: number, model: CacheModel) {
    this.tensors = new Map(tensors)
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
    { applyLn = false, position, layer, mlpInput }: StackOptions & IntoMlp,
  ): ResidualStack {
    const [anyHook] = this.tensors.values() // all have the same positions
    const firstPosition = position === undefined ? 0 : firstOf(anyHook, position)
    const named = { ...stack, labels, firstPosition, isNormalised: false }
    return applyLn ? this.applyLnToStack(named, { layer, mlpInput }) : named
  }

  /**
   * Components of the stream divided by the scale of the norm that reads it at a layer, before gain and bias; of a layer norm their means
   * are taken away first. With `layer` and `mlpInput` as in the call that made the stack it is what `applyLn` does there.
   * @throws layer_out_of_range, hook_not_cached; a TypeError for a stack whose scale is applied already
   */
  applyLnToStack(stack: ResidualStack, options: NormOptions = {}): ResidualStack {
    checkOptions('applyLnToStack', options, normOptions)
    if (stack.isNormalised) throw new TypeError('the stack is normalised already')
    const layer = this.layerOf(options)
    const { norm } = this.model.config
    // There attention and MLP read the stream as it is.
    if (norm.places === 'after' && layer < this.layers) return { ...stack, isNormalised: true }
    const place = layer === this.layers ? 'ln_final' : `blocks.${layer}.${options.mlpInput ? 'ln2' : 'ln1'}`
    const { firstPosition, shape } = stack
    const scales = sliceAxis(this.get(`${place}.hook_scale`), 'S', firstPosition, firstPosition + shape[2])
    return { ...stack, ...normaliseStack(stack, scales, norm.kind === 'layer'), isNormalised: true }
  }

  /** How many layers' attention is part of what is read there. */
  private attentionsBefore(layer: number, mlpInput = false): number {
    // Side by side, a layer's MLP knows nothing of its attention.
    return layer + Number(mlpInput && !traitsOf(this.model.config.shape).parallelResidual)
  }

  /**
   * The residual stream as it grows: before each layer, and at last after the whole of them (`final_post`).
   * @returns N = layer + 1, more with `inclMid`; labels `0_pre`, `0_mid`, … as TransformerLens writes them
   * @throws layer_out_of_range, hook_not_cached
   */
  accumulatedResid(options: AccumulatedOptions = {}): ResidualStack {
    checkOptions('accumulatedResid', options, accumulatedOptions)
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

  private embeddings(): [label: string, hook: string][] {
    const { learnedPositions } = traitsOf(this.model.config.shape)
    return [
      ['embed', 'hook_embed'],
      ...(learnedPositions ? [['pos_embed', 'hook_pos_embed'] as const] : []),
    ].map(([label, hook]) => [label, hook])
  }

  /**
   * What embeddings, attention and MLPs add to the stream that `layer` reads; with all of them the sum is that stream.
   * @returns labels `embed`, `pos_embed`, `0_attn_out`, `0_mlp_out`, …
   * @throws layer_out_of_range, hook_not_cached; a TypeError where nothing is chosen
   */
  decomposeResid(options: DecomposedOptions = {}): ResidualStack {
    checkOptions('decomposeResid', options, decomposedOptions)
    const { mode = 'all', inclEmbeds = true, mlpInput = false } = options
    const layer = this.layerOf(options)
    const names = inclEmbeds ? this.embeddings() : []
    for (let each = 0; each < this.attentionsBefore(layer, mlpInput); each++) {
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
    const { position, inclRemainder = false } = checkOptions('stackHeadResults', options, headOptions)
    const layer = this.layerOf(options, 1)
    const found = await headComponents(this.partsAt(position), layer)
    if (inclRemainder) addRemainder(found, this.at(`blocks.${layer - 1}.hook_resid_post`, position))
    return this.finished(joinStacks(found.stacks), found.labels, options)
  }

  private partsAt(position: number | undefined): PartSource {
    return {
      model: this.model,
      has: (hook) => this.has(hook),
      at: (hook) => this.at(hook, position),
    }
  }

  /**
   * Works `hook_result` of every layer out from `hook_z`, where the run has not kept it, and keeps it here.
   * @throws hook_not_cached
   */
  async computeHeadResults(): Promise<void> {
    for (let layer = 0; layer < this.layers; layer++)
      this.tensors.set(`blocks.${layer}.attn.hook_result`, await resultsOf(this.partsAt(undefined), layer))
  }

  /**
   * What each neuron of the layers before `layer` adds to the stream, through the norm that a model has after its MLPs. Without
   * `neurons` or `position` this is L × M times the residual stream.
   * @returns labels `L0N0`, …, `remainder`
   * @throws layer_out_of_range, hook_not_cached; hook_unknown in a mixture of experts; a TypeError for a neuron that is not there
   */
  async stackNeuronResults(options: NeuronOptions = {}): Promise<ResidualStack> {
    checkOptions('stackNeuronResults', options, neuronOptions)
    const { position, inclRemainder = false, mlpInput = false } = options
    const layer = this.layerOf(options, mlpInput ? 0 : 1)
    const found = await neuronComponents(this.partsAt(position), layer, options.neurons)
    const whole = mlpInput ? this.intoMlp(layer) : `blocks.${layer - 1}.hook_resid_post`
    if (inclRemainder) addRemainder(found, this.at(whole, position))
    return this.finished(joinStacks(found.stacks), found.labels, options)
  }

  /** The stream that a layer's MLP reads. */
  private intoMlp(layer: number): string {
    const { parallelResidual } = traitsOf(this.model.config.shape)
    return `blocks.${layer}.hook_resid_${parallelResidual ? 'pre' : 'mid'}`
  }

  /**
   * Everything that the stream which `layer` reads is the sum of: each head, each neuron (or each MLP), embeddings, and all biases together.
   * @returns labels `L0H0`, …, `L0N0`, … (or `0_mlp_out`, …), `embed`, `pos_embed`, `bias`
   * @throws layer_out_of_range, hook_not_cached; hook_unknown for neurons of a mixture of experts
   */
  async fullResidDecomposition(options: FullOptions = {}): Promise<ResidualStack> {
    checkOptions('fullResidDecomposition', options, fullOptions)
    const { position, expandNeurons = true, mlpInput = false } = options
    const layer = this.layerOf(options)
    const attentions = this.attentionsBefore(layer, mlpInput)
    const source = this.partsAt(position)
    const { stacks, labels } = await headComponents(source, attentions)
    if (expandNeurons) {
      const neurons = await neuronComponents(source, layer)
      stacks.push(...neurons.stacks)
      labels.push(...neurons.labels)
    }
    const wholes = expandNeurons
      ? []
      : Array.from({ length: layer }, (_, each) => [`${each}_mlp_out`, `blocks.${each}.hook_mlp_out`])
    for (const [label, hook] of [...wholes, ...this.embeddings()]) {
      stacks.push(stackTensors([this.at(hook, position)]))
      labels.push(label)
    }
    stacks.push(await biasComponent(source, attentions, expandNeurons ? layer : 0))
    labels.push('bias')
    return this.finished(joinStacks(stacks), labels, options)
  }

  /**
   * One hook point of the layers before `layer` (all where left out), under each other.
   * @param name  within a layer, for instance `attn.hook_z`
   * @returns axes `N` and the hook point's own; labels are the full names
   * @throws hook_unknown, layer_out_of_range, hook_not_cached; a TypeError where layers differ in size
   */
  stackActivation(
    name: string,
    options: Pick<StackOptions, 'layer'> = {},
  ): AxedTensor & { labels: readonly string[] } {
    const layer = this.layerOf(checkOptions('stackActivation', options, layerOptions), 1)
    const labels = Array.from({ length: layer }, (_, each) => `blocks.${each}.${name}`)
    return { ...stackTensors(labels.map((label) => this.get(label))), labels }
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
    checkOptions('logitAttribution', options, attributionOptions)
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
   * @returns [N, 1, 1, V], axes `N B S V`, soft-capped where the model does so; labels as `accumulatedResid`
   * @throws layer_out_of_range, hook_not_cached
   */
  async logitLens(options: LensOptions = {}): Promise<LensLogits> {
    const { norm = 'own', position = -1, ...further } = checkOptions('logitLens', options, lensOptions)
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
