// The rows of a pass laid out as the graph wants them.
// Owns: packed tokens, their places in the grid, who sees whom, angles of positions. Not: the cache, hook points or interventions.
import type { DecoderConfig } from '../model/modelFiles.ts'
import { passInputs } from '../model/passInputs.ts'
import { rotaryAngles, rotaryFrequencies, type RotaryFrequencies } from '../model/rope.ts'
import { unseen } from './keyedRows.ts'
import type { PlacedRow } from './passRow.ts'

/** One input of the graph. */
export interface PassFeed {
  name: string
  data: Int32Array | Float32Array
  dimensions: number[]
}

/** The grid of a pass: B lines, S places for new tokens, P for kept ones. */
export interface PassGrid {
  /** B */
  lines: number
  /** S */
  width: number
  /** P */
  keptLength: number
}

/** Everything the graph takes of rows, for one decoder. */
export class PassLayout {
  private readonly config: DecoderConfig
  private readonly frequencies: RotaryFrequencies | null
  private readonly windowFrequencies: RotaryFrequencies | null

  constructor(config: DecoderConfig) {
    this.config = config
    this.frequencies = config.rotary && rotaryFrequencies(config.rotary)
    this.windowFrequencies = config.windowRotary && rotaryFrequencies(config.windowRotary)
  }

  feeds(rows: readonly PlacedRow[], grid: PassGrid): PassFeed[] {
    const { lines, width } = grid
    const { tokens, positions, cells, places, logitRows } = pack(rows, grid)
    const packed = (name: string, data: Int32Array): PassFeed => ({ name, data, dimensions: [data.length] })
    return [
      packed(passInputs.tokens, tokens),
      ...(this.config.rotary ? [] : [packed(passInputs.positions, positions)]),
      ...this.masks(rows, grid),
      ...angles(this.frequencies, positions, [passInputs.cosines, passInputs.sines]),
      ...angles(this.windowFrequencies, positions, [passInputs.windowCosines, passInputs.windowSines]),
      { name: passInputs.grid, data: places, dimensions: [lines, width] },
      packed(passInputs.cells, cells),
      packed(passInputs.logitRows, logitRows),
    ]
  }

  private masks(rows: readonly PlacedRow[], grid: PassGrid): PassFeed[] {
    const { window } = this.config.attention
    const { lines, width, keptLength } = grid
    const feed = (name: string, positions: number): PassFeed => ({
      name,
      data: maskOf(rows, grid, positions),
      dimensions: [lines, 1, width, keptLength + width],
    })
    return [
      feed(passInputs.mask, Infinity),
      ...(window ? [feed(passInputs.windowMask, window.positions)] : []),
    ]
  }
}

function pack(
  rows: readonly PlacedRow[],
  { lines, width }: PassGrid,
): Record<'tokens' | 'positions' | 'cells' | 'places' | 'logitRows', Int32Array> {
  const count = rows.reduce((sum, row) => sum + row.tokens.length, 0)
  const tokens = new Int32Array(count)
  const positions = new Int32Array(count)
  const cells = new Int32Array(count)
  const places = new Int32Array(lines * width)
  const logitRows: number[] = []
  let packed = 0
  for (const row of rows) {
    const place = row.line * width
    tokens.set(row.tokens, packed)
    for (let i = 0; i < row.tokens.length; i++, packed++) {
      positions[packed] = row.kept + i
      cells[packed] = place + i
      places[place + i] = packed
      if (row.logits === 'all' || (row.logits === 'last' && i === row.tokens.length - 1))
        logitRows.push(packed)
    }
  }
  return { tokens, positions, cells, places, logitRows: Int32Array.from(logitRows) }
}

/** [B, 1, S, P+S]. @param window  positions a token sees back, itself included */
function maskOf(
  rows: readonly PlacedRow[],
  { lines, width, keptLength }: PassGrid,
  window: number,
): Float32Array {
  const total = keptLength + width
  const mask = new Float32Array(lines * width * total).fill(unseen)
  for (const row of rows) {
    for (let i = 0; i < row.tokens.length; i++) {
      const line = (row.line * width + i) * total
      const oldest = Math.max(0, row.kept + i - window + 1)
      mask.fill(0, line + Math.min(oldest, row.kept), line + row.kept)
      mask.fill(0, line + keptLength + Math.max(0, oldest - row.kept), line + keptLength + i + 1)
    }
  }
  return mask
}

function angles(
  frequencies: RotaryFrequencies | null,
  positions: Int32Array,
  [cosineName, sineName]: readonly [string, string],
): PassFeed[] {
  if (!frequencies) return []
  const { cosines, sines } = rotaryAngles(frequencies, positions)
  const dimensions = [positions.length, frequencies.perPosition.length]
  return [
    { name: cosineName, data: cosines, dimensions },
    { name: sineName, data: sines, dimensions },
  ]
}
