// How varied an answer is.
// Owns: distinct pairs and repeated runs of tokens, side effects that strong steering shows first. Not: how they are judged (sideEffects.ts).
// Sources: Li et al. 2016 (distinct-n); Welleck et al. 2020 (seq-rep-n).

/** Distinct pairs of neighbouring tokens ÷ pairs; null below two tokens. */
export function distinctPairs(ids: ArrayLike<number>): number | null {
  return distinctRuns(ids, 2)
}

/** Share of runs of four tokens that stand in the answer before: 0 never, near 1 for a text that goes in circles; null below four tokens. */
export function repeatedRuns(ids: ArrayLike<number>): number | null {
  const share = distinctRuns(ids, 4)
  return share === null ? null : 1 - share
}

function distinctRuns(ids: ArrayLike<number>, length: number): number | null {
  const runs = ids.length - length + 1
  if (runs < 1) return null
  const tokens = Array.from(ids)
  const distinct = new Set(
    Array.from({ length: runs }, (_, from) => tokens.slice(from, from + length).join(' ')),
  )
  return distinct.size / runs
}
