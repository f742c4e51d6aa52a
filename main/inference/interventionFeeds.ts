// What one pass feeds into the intervention inputs of its graph.
// Owns: which rows of a hook point's value change, and the numbers for each. Not: the arithmetic (model/interventionGraph.ts)
// or who meets which token (interventionBinding.ts). A graph asks for the inputs of all its points in every pass; where
// nothing acts they are empty.
import { parseHook, type HookPoint } from '../model/hookNames.ts'
import {
  rowLayout,
  stageNames,
  stageScalars,
  touchedName,
  type InterventionPoint,
  type InterventionPoints,
  type RowLayout,
} from '../model/interventionGraph.ts'
import type { DecoderConfig } from '../model/modelFiles.ts'
import { chosenRow, type BoundInterventions } from './interventionBinding.ts'
import type { Intervention, RowTable } from './interventions.ts'
import { unseen } from './keyedRows.ts'

/** One sequence of a pass. */
export interface FedRow {
  /** Where its tokens begin among the packed ones. */
  packed: number
  /** Its line of the grid. */
  line: number
  /** Position of its first token. */
  kept: number
  tokens: Int32Array
  interventions: BoundInterventions | null
}

export interface PassSize {
  /** S */
  width: number
  /** P */
  keptLength: number
}

export interface InterventionFeed {
  name: string
  /** Uint8Array for booleans. */
  data: Float32Array | BigInt64Array | Uint8Array
  dimensions: number[]
}

/** Rows of one stage that have a gate, for counting. */
export interface GatedRows {
  /** Name of the output that says which gates were open. */
  output: string
  /** By row: whose gate, null where there is none. */
  rows: ({ bound: BoundInterventions; intervention: Intervention; position: number } | null)[]
}

/** One row of one stage. */
interface Act {
  bound: BoundInterventions
  intervention: Intervention
  position: number
  head: number
  kept: number
  /** In the value seen as [rows, W]. */
  place: number
}

/**
 * Everything the inputs of a graph with these points want.
 * @throws TypeError where a token meets an intervention that the graph has no inputs for: it must not be left out in silence
 */
export function interventionFeeds(
  rows: readonly FedRow[],
  points: InterventionPoints,
  size: PassSize,
  config: DecoderConfig,
): { feeds: InterventionFeed[]; gates: GatedRows[] } {
  const feeds: InterventionFeed[] = []
  const gates: GatedRows[] = []
  const acting = actingRows(rows)
  for (const { interventions } of acting)
    for (const { name, hook } of interventions)
      if (!points.has(hook)) throw new TypeError(`the graph cannot do intervention ${name} at ${hook}`)
  for (const [hook, point] of points) {
    const parsed = parseHook(hook, config.shape)
    const layout = rowLayout(parsed)
    const window = windowOf(parsed, config)
    const stages = actsOf(hook, acting, point, layout, size)
    if (layout.width !== null) feeds.push(touchedFeed(hook, acting, rows))
    stages.forEach((acts, stage) => {
      const names = stageNames(hook, stage)
      feeds.push(...stageFeeds(acts, { names, isFull: point.isFull, layout, size, window }))
      if (acts.some(({ intervention }) => intervention.gate))
        gates.push({ output: names.open, rows: acts.map((act) => (act.intervention.gate ? act : null)) })
    })
  }
  return { feeds, gates }
}

interface ActingToken {
  row: FedRow
  bound: BoundInterventions
  index: number
  interventions: Intervention[]
}

function actingRows(rows: readonly FedRow[]): ActingToken[] {
  return rows.flatMap((row) => {
    const bound = row.interventions
    if (!bound) return []
    return Array.from(row.tokens, (id, index): ActingToken => {
      bound.enter(row.kept + index, id)
      return { row, bound, index, interventions: bound.at(row.kept + index) }
    }).filter(({ interventions }) => interventions.length > 0)
  })
}

/** Acts by stage: the n-th intervention that a position meets at this hook point is in stage n. */
function actsOf(
  hook: string,
  acting: readonly ActingToken[],
  point: InterventionPoint,
  { units, width }: RowLayout,
  size: PassSize,
): Act[][] {
  const stages: Act[][] = Array.from({ length: point.stages }, () => [])
  const rowsPerPosition = units ?? 1
  for (const { row, bound, index, interventions } of acting) {
    interventions
      .filter((each) => each.hook === hook && each.change.kind !== 'function')
      .forEach((intervention, stage) => {
        const heads = intervention.heads ?? Array.from({ length: rowsPerPosition }, (_, head) => head)
        for (const head of heads) {
          const place =
            width === null
              ? (row.line * rowsPerPosition + head) * size.width + index
              : (row.packed + index) * rowsPerPosition + head
          stages[stage].push({ bound, intervention, position: row.kept + index, head, kept: row.kept, place })
        }
      })
  }
  return stages
}

function touchedFeed(
  hook: string,
  acting: readonly ActingToken[],
  rows: readonly FedRow[],
): InterventionFeed {
  const count = rows.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const data = new Uint8Array(count)
  for (const { row, index, interventions } of acting)
    if (interventions.some((each) => each.hook === hook)) data[row.packed + index] = 1
  return { name: touchedName(hook), data, dimensions: [count, 1] }
}

/** How far back a query sees at a keyed hook point, itself included; Infinity where it sees everything. */
export function windowOf({ layer }: HookPoint, { attention }: DecoderConfig): number {
  const { window } = attention
  return window && layer !== null && window.layers.includes(layer) ? window.positions : Infinity
}

interface StagePlace {
  names: ReturnType<typeof stageNames>
  isFull: boolean
  layout: RowLayout
  size: PassSize
  window: number
}

function stageFeeds(acts: readonly Act[], place: StagePlace): InterventionFeed[] {
  const { names, isFull, layout, size, window } = place
  const width = layout.width ?? size.keptLength + size.width
  const count = acts.length
  const matrix = (): Float32Array => new Float32Array(count * width)
  const numbers: StageNumbers = {
    width,
    keep: matrix().fill(1),
    value: matrix(),
    direction: isFull ? matrix() : null,
    gate: isFull ? matrix() : null,
    scalars: isFull ? new Float32Array(count * stageScalars.length) : null,
  }
  acts.forEach((act, row) => {
    if (layout.width === null) writeKeys(numbers, row, act, { ...size, window })
    else writeChange(numbers, row, act)
  })
  const rows = BigInt64Array.from(acts, ({ place }) => BigInt(place))
  const floats = (name: string, data: Float32Array | null, columns: number): InterventionFeed[] =>
    data ? [{ name, data, dimensions: [count, columns] }] : []
  return [
    { name: names.rows, data: rows, dimensions: [count, 1] },
    ...floats(names.keep, numbers.keep, width),
    ...floats(names.value, numbers.value, width),
    ...floats(names.direction, numbers.direction, width),
    ...floats(names.gate, numbers.gate, width),
    ...floats(names.scalars, numbers.scalars, stageScalars.length),
  ]
}

/** [R, W] each but `scalars`; null where the graph has no such input. */
interface StageNumbers {
  width: number
  keep: Float32Array
  value: Float32Array
  direction: Float32Array | null
  gate: Float32Array | null
  scalars: Float32Array | null
}

/** The table's values for a row and a head. */
function rowOf(table: RowTable, row: number, head: number): Float32Array {
  const width = table.data.length / table.rows / table.units
  const place = row * table.units + (table.units > 1 ? head : 0)
  return table.data.subarray(place * width, (place + 1) * width)
}

function unitVector(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector)
  return norm === 0 ? vector : vector.map((value) => value / norm)
}

/** keep ⊙ x + value with the identity's numbers in all columns of the scalars. */
function writeChange(numbers: StageNumbers, row: number, { bound, intervention, position, head }: Act): void {
  const { width, keep, value, direction, gate, scalars } = numbers
  const { change } = intervention
  const at = row * width
  let [absolute, relative, low, high, threshold, normMatched] = [1, 0, -Infinity, Infinity, -Infinity, 0]
  if (change.kind === 'zero' || change.kind === 'replace') keep.fill(0, at, at + width)
  if (change.kind === 'replace')
    value.set(rowOf(change.table, chosenRow(change.table, change.choice, position), head), at)
  if (change.kind === 'add') {
    const vector = rowOf(change.vector, 0, head)
    const alpha = change.halfLife
      ? change.alpha * 2 ** (-bound.writtenBefore(position) / change.halfLife)
      : change.alpha
    if (change.unit === 'vector')
      value.set(
        vector.map((one) => alpha * one),
        at,
      )
    else {
      value.set(unitVector(vector), at)
      absolute = 0
      relative = alpha
    }
    normMatched = Number(change.normMatched)
  }
  if (change.kind === 'clamp') {
    direction?.set(unitVector(rowOf(change.direction, 0, head)), at)
    low = change.low
    high = change.high
  }
  if (intervention.gate) {
    gate?.set(rowOf(intervention.gate.direction, 0, head), at)
    threshold = intervention.gate.threshold
  }
  scalars?.set([absolute, relative, low, high, threshold, normMatched], row * stageScalars.length)
}

/** At a keyed hook point only the keys that the query may see are replaced. They lie kept ones first, then new ones. */
function writeKeys(
  { width, keep, value }: StageNumbers,
  row: number,
  { intervention: { change }, position, head, kept }: Act,
  { keptLength, window }: PassSize & { window: number },
): void {
  const at = row * width
  const source =
    change.kind === 'replace'
      ? rowOf(change.table, chosenRow(change.table, change.choice, position), head)
      : null
  for (let key = Math.max(0, position - window + 1); key <= position; key++) {
    const column = at + (key < kept ? key : keptLength + key - kept)
    keep[column] = 0
    if (source) value[column] = Math.max(source[key], unseen) // minus infinity, times a weight of 0, would be no number
  }
}
