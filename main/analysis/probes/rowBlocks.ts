// Rows in blocks, so that a product with one fold's vector can leave out the rows that the fold does not learn from.
// Owns: which rows lie together and which sets of rows each block belongs to. Not: moving them or multiplying (denseMatrix.ts).
// Why: of five folds every row is learnt from in four; four vectors are one pass through the features, five are two.

/** Rows that a fit learns from. The same array is the same set. */
export type RowSet = ArrayLike<number>

export interface RowBlock {
  /** First place, and how many; multiples of four but for the last block, which holds what is left over of the others. */
  from: number
  count: number
  /** The sets that none of its rows belongs to. */
  absent: ReadonlySet<RowSet>
}

export interface RowBlocks {
  /** Row at each place. */
  rowAt: Int32Array
  blocks: RowBlock[]
}

/** One bit of a number for each set. */
const MOST_SETS = 16
/** Smaller blocks lose more by their packing than they spare. */
const LEAST_ROWS = 64

/** @returns null where blocks would be of no use: fewer than two sets, too many, or too few rows in them */
export function rowBlocks(rows: number, sets: readonly RowSet[]): RowBlocks | null {
  if (sets.length < 2 || sets.length > MOST_SETS) return null
  const membership = new Uint16Array(rows)
  sets.forEach((set, bit) => {
    for (let i = 0; i < set.length; i++) membership[set[i]] |= 1 << bit
  })
  const byMembership = new Map<number, number[]>()
  membership.forEach((mask, row) => {
    const found = byMembership.get(mask)
    if (found) found.push(row)
    else byMembership.set(mask, [row])
  })
  if (byMembership.size * LEAST_ROWS > rows) return null
  const rowAt = new Int32Array(rows)
  const blocks: RowBlock[] = []
  const rest: number[] = []
  let place = 0
  for (const [mask, own] of byMembership) {
    const whole = own.length - (own.length % 4)
    rest.push(...own.slice(whole))
    if (whole === 0) continue
    rowAt.set(own.slice(0, whole), place)
    blocks.push({ from: place, count: whole, absent: new Set(sets.filter((_, bit) => !(mask & (1 << bit)))) })
    place += whole
  }
  rowAt.set(rest, place)
  if (rest.length > 0) blocks.push({ from: place, count: rest.length, absent: new Set() })
  return { rowAt, blocks }
}
