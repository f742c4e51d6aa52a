// Activations of one sequence while it lives in a slot, and what a request gets of them.
// Owns: keeping every position's values of the captured hooks, decision points, means. Not: storing them (store/).
// Values of a prompt's reused part stay here between steps, so the mean over a prompt needs no second pass.
import { hookShape, valuesBefore, type HookPoint } from '../model/hookNames.ts'
import type { CapturedHook, StepCapture } from './requests.ts'

interface HookValues {
  point: HookPoint
  /** Position after position: [width] each, or [H, p + 1] where position p has a value for every key it may see. */
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
  select(points: readonly HookPoint[], positions: number): void {
    this.values = new Map(
      points.map((point) => {
        const length = valuesBefore(point, positions)
        const kept = this.values.get(point.name)?.data ?? new Float32Array(0)
        if (kept.length === length) return [point.name, { point, data: kept }]
        const data = new Float32Array(length)
        data.set(kept.length > data.length ? kept.subarray(0, data.length) : kept)
        return [point.name, { point, data }]
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

  private find(hook: string): HookValues {
    const values = this.values.get(hook)
    if (!values) throw new TypeError(`${hook} is not recorded`)
    return values
  }

  /** Writes positions `at` … of a hook, as many as `rows` holds. */
  write(hook: string, at: number, rows: Float32Array): void {
    const { point, data } = this.find(hook)
    data.set(rows, valuesBefore(point, at))
  }

  /** D values of one position of every hook point that has as many at each, copied. */
  at(position: number): { hook: string; data: Float32Array }[] {
    return [...this.values].flatMap(([hook, { point, data }]) => {
      const { isKeyed, width } = point
      return isKeyed ? [] : [{ hook, data: data.slice(position * width, (position + 1) * width) }]
    })
  }

  /** The first `count` positions of every hook, copied. */
  take(count: number): Map<string, Float32Array> {
    return new Map(
      [...this.values].map(([hook, { point, data }]) => [hook, data.slice(0, valuesBefore(point, count))]),
    )
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
    const { point, data: recorded } = this.find(hook)
    const end = prompt + generated
    const width = point.isKeyed ? point.width * end : point.width
    const data = point.isKeyed ? wholeRows(point, recorded, end) : recorded
    const at = (position: number): Float32Array => data.slice(position * width, (position + 1) * width)
    const { axes } = point
    return {
      hook,
      width,
      lastPrompt: at(prompt - 1),
      firstGenerated: at(prompt),
      meanPrompt: meanRows(data, width, 1, prompt),
      meanGenerated: meanRows(data, width, prompt, end) as Float32Array, // generated ≥ 1
      ...(positions === 'all' && {
        all: {
          firstPosition: reused,
          axes,
          shape: hookShape(point, end - reused, end),
          data: point.isKeyed
            ? headsFirst(data.subarray(reused * width), point.width, end)
            : data.slice(reused * width, end * width),
        },
      }),
    }
  }
}

/** What a key that a position cannot see has there: no weight, and no score at all. */
const unseenValue = ({ name }: HookPoint): number => (name.endsWith('hook_attn_scores') ? -Infinity : 0)

/** Rows [H, p + 1] → rows [H, T] of `end` positions, T = end. */
function wholeRows(point: HookPoint, ragged: Float32Array, end: number): Float32Array {
  const whole = new Float32Array(end * point.width * end).fill(unseenValue(point))
  let from = 0
  for (let row = 0; row < end * point.width; row++) {
    const keys = Math.floor(row / point.width) + 1
    whole.set(ragged.subarray(from, from + keys), row * end)
    from += keys
  }
  return whole
}

/** [S, H, T] → [H, S, T] */
function headsFirst(rows: Float32Array, heads: number, keys: number): Float32Array {
  const turned = new Float32Array(rows.length)
  const positions = rows.length / (heads * keys)
  for (let position = 0; position < positions; position++) {
    for (let head = 0; head < heads; head++) {
      const from = (position * heads + head) * keys
      turned.set(rows.subarray(from, from + keys), (head * positions + position) * keys)
    }
  }
  return turned
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
