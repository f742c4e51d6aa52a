// Indices of equal values.
// Owns: grouping rows by episode, step or text. Not: what is done with a group.

/** Index lists by value, in the order in which values first appear. */
export function indicesBy<T>(values: Iterable<T>): Map<T, number[]> {
  const groups = new Map<T, number[]>()
  let index = 0
  for (const value of values) {
    const group = groups.get(value)
    if (group) group.push(index)
    else groups.set(value, [index])
    index++
  }
  return groups
}
