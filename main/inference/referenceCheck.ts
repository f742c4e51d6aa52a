// Does a model compute what another program computes with it?
// Owns: comparing logits, hook points and greedy tokens with a reference. Not: reading the reference (model/referenceFile.ts).
import type { CheckResult, ModelShape } from '../contract/models.ts'
import { listHooks, parseHook, type HookPoint } from '../model/hookNames.ts'
import type { Reference } from '../model/referenceFile.ts'
import type { CapturedHook, GenerateRequest } from './requests.ts'
import type { Generate } from './selfCheck.ts'

/** The largest difference that is rounding: single precision, summed in another order. */
const tolerance = 1e-4

export interface ReferenceError {
  /** A hook point, or `logits`. */
  name: string
  /** Largest |Δ| as a part of the largest |value| of the reference; ∞ where one side has a number and the other has none. */
  error: number
}

export interface Comparison {
  errors: ReferenceError[]
  greedy: number[]
  greedyReference: number[]
}

/**
 * Runs a reference's tokens and compares everything that it holds, one layer at a time.
 * @param onProgress  fraction 0 … 1
 */
export async function compareWithReference(
  generate: Generate,
  reference: Reference,
  shape: ModelShape,
  onProgress: (fraction: number) => void = () => {},
): Promise<Comparison> {
  const points = listHooks(shape).filter(({ name }) => reference.hooks.has(name))
  const outside = points.filter(({ layer }) => layer === null)
  const first = await generate({
    ...referenceRequest(reference, outside, reference.greedy.length),
    wantLogits: true,
  })
  const rows = selected(first.logits ?? new Float32Array(0), shape.vocabulary, reference.positions)
  const found = [{ name: 'logits', error: relativeError(reference.logits, rows) }]
  const compare = (captures: readonly CapturedHook[]): void => {
    for (const capture of captures) found.push(hookError(capture, reference, shape))
  }
  compare(first.captures)
  for (let layer = 0; layer < shape.layers; layer++) {
    onProgress(layer / shape.layers)
    const own = points.filter((point) => point.layer === layer)
    if (own.length > 0) compare((await generate(referenceRequest(reference, own, 1))).captures)
  }
  return { errors: found, greedy: [...first.completionIds], greedyReference: [...reference.greedy] }
}

export const referenceRequest = (
  { ids }: Pick<Reference, 'ids'>,
  points: readonly HookPoint[],
  maxNewTokens: number,
): GenerateRequest => ({
  promptIds: ids,
  earlierPrompts: [],
  sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens, stopIds: [], seed: '' },
  capture: { hooks: points.map(({ name }) => name), positions: 'all' },
})

function hookError(captured: CapturedHook, reference: Reference, shape: ModelShape): ReferenceError {
  const { hook } = captured
  const golden = reference.hooks.get(hook)
  if (!golden) throw new TypeError(`${hook} was not asked for`)
  return { name: hook, error: relativeError(golden, referenceRows(captured, reference, shape)) }
}

/** What a reference holds of a hook point: [R, width], or [H, R, T] where it has keys. @param captured  at all positions */
export function referenceRows(
  { hook, all }: CapturedHook,
  { positions, ids }: Pick<Reference, 'positions' | 'ids'>,
  shape: ModelShape,
): Float32Array {
  if (!all) throw new TypeError(`${hook} was not captured at all positions`)
  const { isKeyed, width } = parseHook(hook, shape)
  if (!isKeyed) return selected(all.data, width, positions)
  const [, heads, queries, keys] = all.shape
  const rows = new Float32Array(heads * positions.length * ids.length)
  for (let head = 0; head < heads; head++)
    positions.forEach((position, row) => {
      const from = (head * queries + position) * keys
      rows.set(all.data.subarray(from, from + ids.length), (head * positions.length + row) * ids.length)
    })
  return rows
}

/** Some rows of [S, width]. */
export function selected(data: Float32Array, width: number, positions: Int32Array): Float32Array {
  const rows = new Float32Array(positions.length * width)
  positions.forEach((position, row) =>
    rows.set(data.subarray(position * width, (position + 1) * width), row * width),
  )
  return rows
}

export function relativeError(golden: Float32Array, ours: Float32Array): number {
  let largest = 0
  let difference = 0
  golden.forEach((value, index) => {
    if (value === ours[index])
      return void (largest = Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest)
    largest = Math.max(largest, Math.abs(value))
    const between = Math.abs(value - ours[index])
    difference = Math.max(difference, Number.isNaN(between) ? Infinity : between)
  })
  return largest === 0 || difference === Infinity ? difference : difference / largest
}

/** One result for the logits, one for greedy tokens, and one for each kind of hook point over all layers. */
export function referenceResults({ errors, greedy, greedyReference }: Comparison): CheckResult[] {
  const kinds = new Map<string, ReferenceError>()
  for (const each of errors) {
    const kind = each.name.replace(/^blocks\.\d+\./, 'blocks.*.')
    const worst = kinds.get(kind)
    if (!worst || each.error > worst.error) kinds.set(kind, each)
  }
  const same = greedy.findIndex((id, index) => id !== greedyReference[index])
  return [
    ...[...kinds].map(([kind, { name, error }]) => ({
      name: `reference ${kind}`,
      passed: error <= tolerance,
      largestError: Number.isFinite(error) ? error : null,
      detail: `largest error, relative to the largest value${kind === name ? '' : `; in ${name}`}`,
    })),
    {
      name: 'reference greedy tokens',
      passed: same < 0,
      largestError: null,
      detail:
        same < 0
          ? `all ${greedy.length} are the same`
          : `token ${same} differs: ${greedy[same]}, not ${greedyReference[same]}`,
    },
  ]
}
