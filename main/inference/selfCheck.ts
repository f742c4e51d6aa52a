// Does a loaded model compute as this program relies on?
// Owns: the numerical checks of `models check`. Not: files and text (jobs/), or comparing with other programs (tests/parity).
import type { CheckResult, ModelShape } from '../contract/models.ts'
import type { CapturedHook, GenerateRequest, GenerateResult } from './requests.ts'

/** Answers a request, as InferenceClient.generate does. */
export type Generate = (request: GenerateRequest) => Promise<GenerateResult>

const newTokens = 6
const rowsBeside = 3

/**
 * Finite logits; the same bits alone and in a batch; the same bits with and without cached keys and values.
 * @param prompt  ids of any prompt of at least four tokens
 * @param onProgress  fraction 0 … 1
 * @throws whatever `generate` throws, other than for logits that are not finite
 */
export async function selfCheck(
  generate: Generate,
  model: { shape: ModelShape; prompt: Int32Array },
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
  const first = model.prompt
  // What a next step looks like: the beginning of the prompt before, then something new.
  const kept = first.subarray(0, Math.ceil(first.length / 2))
  const second = Int32Array.from([...kept, first[1], first[2], first[0], ...first.subarray(3)])

  const finite = await generate(ask(first, 'finite', { wantLogits: true }))
  onProgress(0.25)
  const alone = await generate(ask(first, 'check'))
  const next = ask(second, 'next', { earlierPrompts: [first] })
  const cached = await generate(next)
  onProgress(0.5)
  const replayed = await generate({ ...next, wantLogits: true }) // logits of every position leave no use for a cache
  onProgress(0.75)
  const beside = Array.from({ length: rowsBeside }, (_, row) =>
    generate(ask(first.slice(0, first.length - 1 - (row % 3)), `beside ${row}`)),
  )
  const [batched] = await Promise.all([generate(ask(first, 'check')), ...beside])
  onProgress(1)
  return [
    finiteLogits(finite),
    sameBits('batch', 'a row alone and beside others', alone, batched),
    sameBits('prefix cache', 'a prompt on cached keys and values and from the beginning', cached, replayed),
  ]
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

function sameBits(name: string, what: string, one: GenerateResult, other: GenerateResult): CheckResult {
  const sameIds = String(one.completionIds) === String(other.completionIds)
  const error = Math.max(
    largestDifference(one.logProbabilities, other.logProbabilities),
    ...one.captures.map((capture, index) => captureDifference(capture, other.captures[index])),
  )
  return {
    name,
    passed: sameIds && error === 0,
    largestError: error,
    detail: `${what}: largest difference of log-probabilities and activations`,
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
