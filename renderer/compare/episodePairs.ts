// Which episode of one run stands beside which of another.
// Owns: pairing, order, what differs at a glance. Not: what was said in them (stepPairs.ts).
import type { EpisodeSummary } from '../../main/contract/runs.ts'

export interface EpisodePair {
  task: string
  /** Of the first run; null where it has no episode with this object. */
  base: EpisodeSummary | null
  own: EpisodeSummary | null
  /** Same object and same random numbers: whatever differs comes from the settings. */
  isSameDraw: boolean
  /** Invalid rate of the second less that of the first; null without both. */
  change: number | null
  /** First step whose verdicts differ, or that one of them has not; null where all are the same. */
  partsAt: number | null
}

export const pairOrders = {
  change: 'Largest difference',
  parts: 'Part earliest',
  episode: 'Episode',
} as const
export type PairOrder = keyof typeof pairOrders

const rate = ({ invalid, steps }: EpisodeSummary): number | null => (steps > 0 ? invalid / steps : null)

/** First place at which two texts differ; null for equal ones. */
function firstDifference(a: string, b: string): number | null {
  if (a === b) return null
  let place = 0
  while (a[place] === b[place]) place++
  return place
}

function pairOf(base: EpisodeSummary | null, own: EpisodeSummary | null, hasSameSeed: boolean): EpisodePair {
  const [before, after] = [base && rate(base), own && rate(own)]
  return {
    task: own?.task ?? base?.task ?? '',
    base,
    own,
    isSameDraw: hasSameSeed && base !== null && base.episode === own?.episode,
    change: before === null || after === null ? null : after - before,
    partsAt: base && own ? firstDifference(base.verdicts, own.verdicts) : null,
  }
}

/**
 * Episodes of the same number and object belong together; what is left is paired by its object alone, in order; the rest stands alone.
 * @param hasSameSeed  of the two runs: then the first kind shares its random numbers
 */
export function pairEpisodes(
  bases: readonly EpisodeSummary[],
  owns: readonly EpisodeSummary[],
  hasSameSeed: boolean,
): EpisodePair[] {
  const left = new Map<string, EpisodeSummary[]>()
  for (const base of bases) left.set(base.task, [...(left.get(base.task) ?? []), base])
  const take = (own: EpisodeSummary, isExact: boolean): EpisodeSummary | null => {
    const list = left.get(own.task)
    const place = list?.findIndex((base) => !isExact || base.episode === own.episode) ?? -1
    return place < 0 ? null : (list?.splice(place, 1)[0] ?? null)
  }
  const exact = owns.map((own) => take(own, true))
  const pairs = owns.map((own, i) => pairOf(exact[i] ?? take(own, false), own, hasSameSeed))
  const alone = [...left.values()].flat().map((base) => pairOf(base, null, hasSameSeed))
  return [...pairs, ...alone]
}

const numberOf = ({ own, base }: EpisodePair): number => own?.episode ?? base?.episode ?? 0

const keys: Record<PairOrder, (pair: EpisodePair) => number> = {
  change: ({ change }) => (change === null ? 1 : -Math.abs(change)),
  parts: ({ partsAt, base, own }) => partsAt ?? (base && own ? 1e6 : 1e7),
  episode: () => 0,
}

export const orderPairs = (pairs: readonly EpisodePair[], order: PairOrder): EpisodePair[] =>
  pairs.toSorted((a, b) => keys[order](a) - keys[order](b) || numberOf(a) - numberOf(b))
