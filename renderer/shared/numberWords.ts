// Whole numbers as people write them in a field: `0,3`, `0-5,8`.
// Owns: both ways. Not: which numbers make sense there.

/** `0-5,8` → 0 … 5, 8, in order, each once; null for a text that is none. */
export function readNumbers(text: string): number[] | null {
  const found = new Set<number>()
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const range = /^(\d{1,6})(?:[-–](\d{1,6}))?$/.exec(part)
    if (!range) return null
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])]
    if (from > to || to - from > 100_000) return null
    for (let number = from; number <= to; number++) found.add(number)
  }
  return [...found].sort((a, b) => a - b)
}

/** The shortest way to write them: `0-3,8`. */
export function writeNumbers(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length;) {
    let end = i
    while (sorted[end + 1] === sorted[end]! + 1) end++
    parts.push(end > i + 1 ? `${sorted[i]}-${sorted[end]}` : sorted.slice(i, end + 1).join(','))
    i = end + 1
  }
  return parts.join(',')
}
