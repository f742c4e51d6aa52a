// Figures of one run beside those of another, episode by episode where they are alike.
// Owns: pairing, the differences and their intervals. Not: which figures (jobs/compareRuns.ts) or verdicts on steering (steering/).
// Method: ratios of sums over episodes, resampled by object, as a rule one episode each; paired ones share their resamples.
import type { Estimate } from '../contract/estimates.ts'
import { bootstrapInterval, clusterResamples } from './clusterBootstrap.ts'
import { seededGenerator } from './seededGenerator.ts'

/** A run's episodes: a key and one number of each column for every episode. */
export interface EpisodeColumns {
  /** Episodes of two runs with the same key are a pair. */
  keys: readonly string[]
  /** The hidden object of each: episodes of one are not independent and are resampled together. All different where left out. */
  objects?: readonly string[]
  columns: Readonly<Record<string, Float64Array>>
}

/** A figure: Σ of one column ÷ Σ of another. */
export interface ColumnRatio {
  sum: string
  weight: string
}

/** Null without any weight. */
export function ratioOf({ columns }: EpisodeColumns, { sum, weight }: ColumnRatio): number | null {
  const below = total(columns[weight])
  return below === 0 ? null : total(columns[sum]) / below
}

/** The draws behind the intervals of one comparison: the same for every run and figure with as many episodes. */
export class EpisodeResamples {
  readonly count: number
  #seed: string
  #drawn = new Map<string, readonly Int32Array[]>()
  /** The first run's sums are wanted again for every other run. */
  #totals = {
    own: new WeakMap<EpisodeColumns, Record<string, Float64Array>>(),
    first: new WeakMap<EpisodeColumns, Record<string, Float64Array>>(),
  }

  /** @param count  resamples of episodes behind each interval */
  constructor(count: number, seed: string) {
    this.count = count
    this.#seed = seed
  }

  /** The sum of each column in every resample. @param side  sides draw independently of each other */
  totals(side: 'own' | 'first', episodes: EpisodeColumns): Record<string, Float64Array> {
    const known = this.#totals[side].get(episodes)
    if (known) return known
    const drawn = this.#draw(side, episodes.keys.length)
    const totals: Record<string, Float64Array> = {}
    for (const [name, column] of Object.entries(episodes.columns)) totals[name] = pickedSums(column, drawn)
    this.#totals[side].set(episodes, totals)
    return totals
  }

  #draw(side: string, episodes: number): readonly Int32Array[] {
    const key = `${side}/${episodes}`
    const drawn =
      this.#drawn.get(key) ??
      clusterResamples(episodes, this.count, seededGenerator(`comparison/${this.#seed}/${side}`))
    this.#drawn.set(key, drawn)
    return drawn
  }
}

/**
 * Ratios of `other` minus ratios of `reference`: over the pairs alone where at least two episodes have one, else over all of both.
 * @throws TypeError where a run has a key twice
 */
export function compareEpisodes(
  reference: EpisodeColumns,
  other: EpisodeColumns,
  ratios: readonly ColumnRatio[],
  resamples: EpisodeResamples,
): { differences: Estimate[]; pairs: number; isPaired: boolean } {
  const known = placesOf(reference)
  placesOf(other)
  const paired = other.keys.flatMap((key, own) => {
    const first = known.get(key)
    return first === undefined ? [] : [{ own, first }]
  })
  const isPaired = paired.length >= 2
  const chosen = (episodes: EpisodeColumns, side: 'own' | 'first'): EpisodeColumns =>
    rowsByObject(
      isPaired
        ? rowsOf(
            episodes,
            Int32Array.from(paired, (pair) => pair[side]),
          )
        : episodes,
    )
  const [own, first] = [chosen(other, 'own'), chosen(reference, 'first')]
  const [owns, firsts] = [own.keys.length, first.keys.length]
  const ownTotals = resamples.totals('own', own)
  const firstTotals = resamples.totals(isPaired ? 'own' : 'first', first)
  const differences = ratios.map((ratio): Estimate => {
    const [mine, theirs] = [ratioOf(own, ratio), ratioOf(first, ratio)]
    if (mine === null || theirs === null) return { value: null, low: null, high: null }
    const { sum, weight } = ratio
    const resampled = Float64Array.from(
      { length: resamples.count },
      (_, i) => ownTotals[sum][i] / ownTotals[weight][i] - firstTotals[sum][i] / firstTotals[weight][i],
    )
    const interval = bootstrapInterval(resampled, Math.min(owns, firsts))
    return { value: mine - theirs, low: interval?.low ?? null, high: interval?.high ?? null }
  })
  return { differences, pairs: paired.length, isPaired }
}

/** One sum for each resample. */
function pickedSums(column: Float64Array, drawn: readonly Int32Array[]): Float64Array {
  const sums = new Float64Array(drawn.length)
  for (let i = 0; i < drawn.length; i++) {
    const picks = drawn[i]
    let sum = 0
    for (let k = 0; k < picks.length; k++) sum += column[picks[k]]
    sums[i] = sum
  }
  return sums
}

const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0)

function placesOf({ keys }: EpisodeColumns): Map<string, number> {
  const found = new Map(keys.map((key, place) => [key, place]))
  if (found.size !== keys.length) throw new TypeError('a run has two episodes of one key')
  return found
}

/** One row an object, in the order in which they first appear: the sums that figures are made of stay. The same object where none comes twice. */
function rowsByObject(episodes: EpisodeColumns): EpisodeColumns {
  const { objects, columns } = episodes
  if (!objects || new Set(objects).size === objects.length) return episodes
  const keys = [...new Set(objects)]
  const place = new Map(keys.map((key, index) => [key, index]))
  const summed = (column: Float64Array): Float64Array => {
    const sums = new Float64Array(keys.length)
    column.forEach((value, row) => (sums[place.get(objects[row])!] += value)) // made of all objects
    return sums
  }
  return {
    keys,
    objects: keys,
    columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, summed(column)])),
  }
}

/** The same object where these are all rows in their order. */
function rowsOf(episodes: EpisodeColumns, places: Int32Array): EpisodeColumns {
  const { keys, objects, columns } = episodes
  if (places.length === keys.length && places.every((place, row) => place === row)) return episodes
  return {
    keys: Array.from(places, (place) => keys[place]),
    ...(objects && { objects: Array.from(places, (place) => objects[place]) }),
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [
        name,
        Float64Array.from(places, (place) => column[place]),
      ]),
    ),
  }
}
