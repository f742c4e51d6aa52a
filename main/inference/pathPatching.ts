// Path patching: what reaches the receivers from one sender directly, all other paths held as they were.
// Owns: the four runs of it and what is held in each. Not: a metric on the result, or sweeps over senders (jobs/).
// Method: Wang et al. 2022 (Interpretability in the Wild), appendix B; with `holdMlps` false the MLPs answer to the sender, as there.
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { listHooks, parseHook, traitsOf } from '../model/hookNames.ts'
import { rowLayout } from '../model/interventionGraph.ts'
import { makeIntervention, type Intervention } from './interventions.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'

/** A hook point, or some of its heads. */
export interface PathEnd {
  hook: string
  /** All where left out. */
  heads?: readonly number[]
}

export interface PathPatch {
  clean: Int32Array
  /** As many tokens. */
  corrupted: Int32Array
  sender: PathEnd
  /** In layers after the sender's, or in the same one behind it; none that is held on the way. */
  receivers: readonly PathEnd[]
  /** Whether MLPs on the way keep what they gave on the clean prompt. */
  holdMlps: boolean
}

/** Answers a request, as InferenceClient.generate does. */
export type Ask = (request: GenerateRequest) => Promise<GenerateResult>

const request = (promptIds: Int32Array, further: Partial<GenerateRequest>): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' },
  capture: { hooks: [], positions: 'all' },
  ...further,
})

/**
 * The clean prompt's answer, one greedy token, with what the receivers get when the sender alone is as on the corrupted prompt.
 * @returns with logits [prompt + 1, V] of every position
 * @throws hook_unknown, layer_out_of_range, invalid_input, and whatever asking throws
 */
export async function pathPatch(ask: Ask, patch: PathPatch, shape: ModelShape): Promise<GenerateResult> {
  const { clean, corrupted, sender, receivers, holdMlps } = patch
  if (clean.length !== corrupted.length)
    throw errors.invalidInput({
      field: 'corrupted',
      reason: `it has ${corrupted.length} tokens and the clean prompt ${clean.length}`,
    })
  checkEnds(patch, shape)
  const held = heldHooks(shape, holdMlps)
  const sent = await captured(ask, request(corrupted, {}), [sender.hook])
  const kept = await captured(ask, request(clean, {}), held)
  const replaced = (end: PathEnd, values: Float32Array): Intervention =>
    replace(end, values, clean.length, shape)
  const received = await captured(
    ask,
    request(clean, {
      interventions: [
        ...held.map((hook) => replaced({ hook }, kept.get(hook)!)), // captured
        replaced(sender, sent.get(sender.hook)!), // captured
      ],
    }),
    receivers.map(({ hook }) => hook),
  )
  return ask(
    request(clean, {
      wantLogits: true,
      interventions: receivers.map((end) => replaced(end, received.get(end.hook)!)), // captured
    }),
  )
}

/**
 * Refuses ends between which nothing can pass: the effect would be 0 whatever the model does.
 * @throws hook_unknown, layer_out_of_range, invalid_input
 */
function checkEnds({ sender, receivers, holdMlps }: PathPatch, shape: ModelShape): void {
  const wrong = (field: string, reason: string) => errors.invalidInput({ field, reason })
  if (receivers.length === 0) throw wrong('receivers', 'there are none')
  const order = listHooks(shape).map(({ name }) => name)
  const placeOf = ({ hook }: PathEnd): PathPlace => {
    const point = parseHook(hook, shape)
    if (rowLayout(point).width === null) throw wrong(hook, 'scores and patterns are no ends of a path')
    return {
      layer: point.layer,
      kind: point.name.replace(/^blocks\.\d+\./, ''),
      at: order.indexOf(point.name),
    }
  }
  const from = placeOf(sender)
  if (isInsideAttention(from.kind) || (holdMlps && isInsideMlp(from.kind)))
    throw wrong(
      sender.hook,
      `what it sends ends in its own layer, where ${isInsideAttention(from.kind) ? 'hook_z' : 'hook_mlp_out'} is held; name that as the sender`,
    )
  const isParallel = traitsOf(shape).parallelResidual
  for (const receiver of receivers) {
    const to = placeOf(receiver)
    if (isAttentionOut(to.kind) || (holdMlps && isMlpOut(to.kind)))
      throw wrong(receiver.hook, 'it is held at its clean values on the way; name what it reads instead')
    // Where attention and MLP read the same stream, neither sends anything to the other.
    const isBeside = isParallel && to.layer === from.layer && isAttentionOut(from.kind) && isMlpPart(to.kind)
    if (to.at <= from.at || isBeside)
      throw wrong(receiver.hook, `it does not lie behind the sender ${sender.hook}, so nothing reaches it`)
  }
}

interface PathPlace {
  layer: number | null
  /** Without its layer. */
  kind: string
  /** In the order of a forward pass. */
  at: number
}

const isAttentionOut = (kind: string): boolean =>
  /^(attn\.hook_(z|result)|ln1_post\..*|hook_attn_out)$/.test(kind)
const isInsideAttention = (kind: string): boolean => /^(ln1\.|attn\.)/.test(kind) && !isAttentionOut(kind)
const isMlpOut = (kind: string): boolean => kind === 'hook_mlp_out'
const isInsideMlp = (kind: string): boolean => /^(ln2\.|mlp\.|ln2_post\.)/.test(kind)
const isMlpPart = (kind: string): boolean => isInsideMlp(kind) || isMlpOut(kind)

/** Everything through which one layer speaks to the next. */
function heldHooks(shape: ModelShape, holdMlps: boolean): string[] {
  const names = listHooks(shape).map(({ name }) => name)
  return names.filter((name) => name.endsWith('.hook_z') || (holdMlps && name.endsWith('.hook_mlp_out')))
}

/** Values of the prompt's positions. */
async function captured(
  ask: Ask,
  asked: GenerateRequest,
  hooks: readonly string[],
): Promise<Map<string, Float32Array>> {
  const unique = [...new Set(hooks)]
  const { captures } = await ask({ ...asked, capture: { hooks: unique, positions: 'all' } })
  return new Map(
    captures.map(({ hook, width, all }) => [hook, all!.data.subarray(0, asked.promptIds.length * width)]), // asked for
  )
}

function replace(end: PathEnd, data: Float32Array, rows: number, shape: ModelShape): Intervention {
  const { units } = rowLayout(parseHook(end.hook, shape))
  return makeIntervention(
    {
      name: `path patch at ${end.hook}`,
      hook: end.hook,
      heads: end.heads ?? null,
      positions: 'allPrompt',
      phase: 'prompt',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: { kind: 'replace', table: { data, rows, units: units ?? 1 }, choice: { kind: 'byPosition' } },
    },
    shape,
  )
}
