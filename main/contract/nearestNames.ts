// “Did you mean …”: the known names that are nearest to a wrong one, as errors and forms offer them.
// Owns: the distance between names. Not: which names there are.

/** The three candidates that take the fewest edits; of none at all none. */
export function nearestNames(wrong: string, candidates: readonly string[]): string[] {
  return candidates
    .map((candidate) => ({ candidate, edits: editDistance(wrong, candidate) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line++) {
    const next = [line]
    for (let column = 1; column <= to.length; column++) {
      const [before, above] = row.slice(column - 1, column + 1) as [number, number] // within the row
      const replace = before + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replace, above + 1, (next.at(-1) ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
