// Path patching: what reaches the receivers from one sender directly, all other paths held as they were.
// Owns: the four runs of it and what is held in each. Not: a metric on the result, or sweeps over senders (jobs/).
// Method: Wang et al. 2022 (Interpretability in the Wild), appendix B; with `holdMlps` false the MLPs answer to the sender, as there.
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { listHooks, parseHook } from '../model/hookNames.ts'
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
  /** In layers after the sender's, or in the same one behind it. */
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
  for (const { hook } of [sender, ...receivers])
    if (rowLayout(parseHook(hook, shape)).width === null)
      throw errors.invalidInput({ field: hook, reason: 'scores and patterns are no ends of a path' })
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
