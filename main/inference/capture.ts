// Activations of one sequence while it lives in a slot, and what a request gets of them.
// Owns: keeping every position's values of the captured hooks, decision points, means. Not: storing them (store/).
// Values of a prompt's reused part stay here between steps, so the mean over a prompt needs no second pass.
import type { CapturedHook, StepCapture } from './requests.ts'

interface HookValues {
  width: number
  /** [capacity, width] by position. */
  data: Float32Array
}

export class ActivationRecord {
  private values = new Map<string, HookValues>()

  /** True where each of these hooks has been recorded since the slot's first position. */
  covers(hooks: readonly string[]): boolean {
    return hooks.every((hook) => this.values.has(hook))
  }

  /**
   * Goes on with these hooks only, with room for so many positions and no more; those not there yet begin empty.
   * @throws RangeError where the memory is not to be had; what was recorded is as before then
   */
  select(hooks: readonly string[], widthOf: (hook: string) => number, positions: number): void {
    this.values = new Map(
      hooks.map((hook) => {
        const width = widthOf(hook)
        const kept = this.values.get(hook)?.data ?? new Float32Array(0)
        if (kept.length === positions * width) return [hook, { width, data: kept }]
        const data = new Float32Array(positions * width)
        data.set(kept.length > data.length ? kept.subarray(0, data.length) : kept)
        return [hook, { width, data }]
      }),
    )
  }

  forget(): void {
    this.values.clear()
  }

  get bytes(): number {
    let sum = 0
    for (const { data } of this.values.values()) sum += data.byteLength
    return sum
  }

  /** Writes rows [count, width] from position `at` on. */
  write(hook: string, at: number, rows: Float32Array): void {
    const values = this.values.get(hook)
    if (!values) throw new TypeError(`${hook} is not recorded`)
    values.data.set(rows, at * values.width)
  }

  /** The first `count` positions of every hook, copied. */
  take(count: number): Map<string, Float32Array> {
    return new Map([...this.values].map(([hook, { width, data }]) => [hook, data.slice(0, count * width)]))
  }

  /**
   * What a request gets of one hook.
   * @param prompt  prompt positions  @param generated  generated positions, at least one
   * @param reused  first position of `all`
   */
  summarise(
    hook: string,
    prompt: number,
    generated: number,
    reused: number,
    positions: StepCapture['positions'],
  ): CapturedHook {
    const { width, data } = this.values.get(hook) as HookValues // summarised hooks are recorded ones
    const end = prompt + generated
    const at = (position: number): Float32Array => data.slice(position * width, (position + 1) * width)
    return {
      hook,
      width,
      lastPrompt: at(prompt - 1),
      firstGenerated: at(prompt),
      meanPrompt: meanRows(data, width, 1, prompt),
      meanGenerated: meanRows(data, width, prompt, end) as Float32Array, // generated ≥ 1
      ...(positions === 'all' && {
        all: { firstPosition: reused, data: data.slice(reused * width, end * width) },
      }),
    }
  }
}

/** Mean of rows from … to − 1, summed in float64 in that order; null where there are none. */
function meanRows(data: Float32Array, width: number, from: number, to: number): Float32Array | null {
  if (to <= from) return null
  const sums = new Float64Array(width)
  for (let row = from; row < to; row++) {
    const start = row * width
    for (let column = 0; column < width; column++) sums[column] += data[start + column]
  }
  return Float32Array.from(sums, (sum) => sum / (to - from))
}
