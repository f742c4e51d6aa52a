// Does a loaded model compute as this program relies on?
// Owns: the numerical checks of `models check`. Not: files and text (jobs/), or comparing with other programs (tests/parity).
import type { CheckResult, ModelShape } from '../contract/models.ts'
import { makeIntervention, type Intervention } from './interventions.ts'
import type { CapturedHook, GenerateRequest, GenerateResult } from './requests.ts'

/** Answers a request, as InferenceClient.generate does. */
export type Generate = (request: GenerateRequest) => Promise<GenerateResult>

const newTokens = 6
const rowsBeside = 3

/** Rounding of a sum of three, and of a softmax, as a part of the largest value. */
const sumTolerance = 1e-5
/**
 * A token read back alone and within a prompt: attention's sums are cut elsewhere, so that bits differ. Weights of any dtype are computed with in
 * single precision, and rounding stays rounding.
 */
const decodeTolerance = 1e-4
/** The same for devices, whose sums are cut otherwise for every number of rows. */
export const deviceTolerance = 1e-4
/** Hook points of a layer that add up. */
const summed = (layer: number): string[] =>
  ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out', 'hook_resid_post', 'attn.hook_pattern'].map(
    (name) => `blocks.${layer}.${name}`,
  )

/** Adds α to every value of the middle layer, at every token. */
const steering = (shape: ModelShape, alpha: number): Intervention =>
  makeIntervention(
    {
      name: `α = ${alpha}`,
      hook: `blocks.${Math.floor(shape.layers / 2)}.hook_resid_post`,
      heads: null,
      positions: 'all',
      phase: 'both',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: {
        kind: 'add',
        vector: { data: new Float32Array(shape.residualWidth).fill(1), rows: 1, units: 1 },
        alpha,
        unit: 'vector',
        normMatched: false,
      },
    },
    shape,
  )

/**
 * Finite logits; what is added to the residual stream is what it grows by; rows of patterns add up to one; the same bits alone and in a batch,
 * beside a steered row, and steered by nothing; the same bits with and without cached keys and values; an answer's tokens the same, within
 * rounding, one by one and in one pass.
 * @param prompt  ids of any prompt of at least four tokens
 * @param tolerance  what “the same bits” may differ by, as a part of the largest value: 0, or more for a device whose sums depend on what runs beside
 * @param onProgress  fraction 0 … 1
 * @throws whatever `generate` throws, other than for logits that are not finite
 */
export async function selfCheck(
  generate: Generate,
  model: { shape: ModelShape; prompt: Int32Array; tolerance?: number },
  onProgress: (fraction: number) => void = () => {},
): Promise<CheckResult[]> {
  const hook = `blocks.${model.shape.layers - 1}.hook_resid_post`
  const ask = (
    promptIds: Int32Array,
    seed: string,
    further: Partial<GenerateRequest> = {},
  ): GenerateRequest => ({
    promptIds,
    earlierPrompts: [],
    sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: newTokens, stopIds: [], seed },
    capture: { hooks: [hook], positions: 'all' },
    ...further,
  })
  const same = sameWithin(model.tolerance ?? 0)
  const first = model.prompt
  // What a next step looks like: the beginning of the prompt before, then something new.
  const kept = first.subarray(0, Math.ceil(first.length / 2))
  const second = Int32Array.from([...kept, first[1], first[2], first[0], ...first.subarray(3)])

  const finite = await generate(ask(first, 'finite', { wantLogits: true }))
  onProgress(0.2)
  const layers = Array.from({ length: model.shape.layers }, (_, layer) => layer)
  const inside = await generate(
    ask(first, 'inside', { capture: { hooks: layers.flatMap(summed), positions: 'all' } }),
  )
  onProgress(0.4)
  const alone = await generate(ask(first, 'check'))
  const next = ask(second, 'next', { earlierPrompts: [first] })
  const cached = await generate(next)
  onProgress(0.6)
  const whole = Int32Array.from([...first, ...alone.completionIds])
  const atOnce = await generate(ask(whole, 'at once', { scoreFrom: first.length }))
  onProgress(0.7)
  const replayed = await generate({ ...next, wantLogits: true }) // logits of every position leave no use for a cache
  onProgress(0.8)
  const beside = Array.from({ length: rowsBeside }, (_, row) =>
    generate(ask(first.slice(0, first.length - 1 - (row % 3)), `beside ${row}`)),
  )
  const [batched] = await Promise.all([generate(ask(first, 'check')), ...beside])
  onProgress(0.9)
  const steered = [1, 0].map((alpha) =>
    generate(ask(first, 'check', { interventions: [steering(model.shape, alpha)] })),
  )
  const [besideSteered, moved, unmoved] = await Promise.all([generate(ask(first, 'check')), ...steered])
  onProgress(1)
  return [
    finiteLogits(finite),
    residualSums(inside, layers),
    patternRows(inside, layers),
    same('batch', 'a row alone and beside others', alone, batched),
    same('beside a steered row', 'a row alone and beside one with an intervention', alone, besideSteered),
    same('α = 0', 'a row without interventions and with one of α = 0', alone, unmoved),
    interventionActs(alone, moved),
    same('prefix cache', 'a prompt on cached keys and values and from the beginning', cached, replayed),
    decodeAsPrefill(alone, atOnce, first.length),
  ]
}

function interventionActs(plain: GenerateResult, moved: GenerateResult): CheckResult {
  const effect = captureDifference(plain.captures[0], moved.captures[0])
  return {
    name: 'intervention',
    passed: effect > 0,
    largestError: null,
    detail:
      effect > 0
        ? `one added to every value of the middle layer moves the last layer’s by up to ${effect.toPrecision(2)}`
        : 'one added to every value of the middle layer moves nothing',
  }
}

function finiteLogits({ logits = new Float32Array(0) }: GenerateResult): CheckResult {
  const wrong = logits.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0)
  return {
    name: 'finite logits',
    passed: wrong === 0 && logits.length > 0,
    largestError: null,
    detail: wrong === 0 ? `all ${logits.length} are numbers` : `${wrong} of ${logits.length} are not finite`,
  }
}

const dataOf = ({ captures }: GenerateResult, hook: string): Float32Array =>
  captures.find((capture) => capture.hook === hook)?.all?.data ?? new Float32Array(0)

/** resid_pre + attn_out + mlp_out against resid_post, in every layer. */
function residualSums(result: GenerateResult, layers: readonly number[]): CheckResult {
  let worst = { error: 0, layer: 0 }
  for (const layer of layers) {
    const [before, attention, mlp, after] = summed(layer).map((hook) => dataOf(result, hook))
    let largest = 0
    let difference = 0
    after.forEach((value, index) => {
      largest = Math.max(largest, Math.abs(value))
      difference = Math.max(difference, Math.abs(before[index] + attention[index] + mlp[index] - value))
    })
    const error = largest > 0 ? difference / largest : Infinity
    if (!(error <= worst.error)) worst = { error, layer }
  }
  return {
    name: 'residual stream',
    passed: worst.error <= sumTolerance,
    largestError: Number.isFinite(worst.error) ? worst.error : null,
    detail: `resid_pre + attn_out + mlp_out = resid_post: largest relative difference, in layer ${worst.layer}`,
  }
}

function patternRows(result: GenerateResult, layers: readonly number[]): CheckResult {
  let error = 0
  for (const layer of layers) {
    const pattern = result.captures.find(({ hook }) => hook === `blocks.${layer}.attn.hook_pattern`)?.all
    const keys = pattern?.shape[3] ?? 0
    if (!pattern || keys === 0)
      return { name: 'attention patterns', passed: false, largestError: null, detail: 'none' }
    for (let row = 0; row < pattern.data.length; row += keys) {
      let sum = 0
      for (let key = 0; key < keys; key++) sum += pattern.data[row + key]
      if (!(Math.abs(sum - 1) <= error)) error = Math.abs(sum - 1)
    }
  }
  return {
    name: 'attention patterns',
    passed: error <= sumTolerance,
    largestError: Number.isFinite(error) ? error : null,
    detail: 'rows add up to one: largest difference',
  }
}

/** Two answers compared bit for bit where `tolerance` is 0, else up to this part of the largest value of each array. */
const sameWithin =
  (tolerance: number) =>
  (name: string, what: string, one: GenerateResult, other: GenerateResult): CheckResult => {
    const sameIds = String(one.completionIds) === String(other.completionIds)
    const scaled = tolerance === 0 ? largestDifference : largestShare
    const error = Math.max(
      scaled(one.logProbabilities, other.logProbabilities),
      ...one.captures.flatMap(({ meanPrompt, all }, index) => [
        scaled(meanPrompt, other.captures[index].meanPrompt),
        scaled(all?.data, other.captures[index].all?.data),
      ]),
    )
    const unit = tolerance === 0 ? '' : ', as a part of the largest value'
    return {
      name,
      passed: sameIds && error <= tolerance,
      largestError: Number.isFinite(error) ? error : null,
      detail: `${what}: largest difference of log-probabilities and activations${unit}`,
    }
  }

/** An answer's tokens, each forwarded on cached keys and values, against one pass over prompt and answer. */
function decodeAsPrefill(answered: GenerateResult, atOnce: GenerateResult, prompt: number): CheckResult {
  const { scores = new Float32Array(0) } = atOnce
  const [one, other] = [answered, atOnce].map(({ captures }) => captures[0].all?.data)
  const { width } = answered.captures[0]
  let error = scores.length === answered.logProbabilities.length && one && other ? 0 : Infinity
  answered.completionIds.forEach((_, token) => {
    const [from, to] = [(prompt + token) * width, (prompt + token + 1) * width]
    const row = one?.subarray(from, to) ?? new Float32Array(0)
    // A row by itself: the first position's values are often a thousand times those of others.
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const apart = largestDifference(row, other?.subarray(from, to)) / largest
    const surprise = answered.logProbabilities[token]
    const spread = Math.abs(surprise - scores[token]) / Math.max(1, Math.abs(surprise))
    for (const each of [apart, spread]) if (!(each <= error)) error = Number.isNaN(each) ? Infinity : each
  })
  return {
    name: 'decode and prefill',
    passed: error <= decodeTolerance,
    largestError: Number.isFinite(error) ? error : null,
    detail:
      'an answer’s tokens one at a time on cached keys and values and in one pass: largest relative difference of log-probabilities and activations',
  }
}

const captureDifference = (one: CapturedHook, other: CapturedHook): number =>
  Math.max(
    largestDifference(one.meanPrompt, other.meanPrompt),
    largestDifference(one.all?.data, other.all?.data),
  )

function largestDifference(one?: Float32Array | null, other?: Float32Array | null): number {
  if (!one || !other) return one === other ? 0 : Infinity
  if (one.length !== other.length) return Infinity
  let largest = 0
  for (let i = 0; i < one.length; i++) {
    const difference = Math.abs(one[i] - other[i])
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference
  }
  return largest
}

/** The same as a part of the largest value, or of 1 where all are smaller. */
function largestShare(one?: Float32Array | null, other?: Float32Array | null): number {
  const largest = (one ?? new Float32Array(0)).reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  return largestDifference(one, other) / largest
}
