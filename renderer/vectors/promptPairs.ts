// Pairs of prompts as people paste them: two columns of a spreadsheet, or one list of lines.
// Owns: reading what was pasted into the table. Not: the table (PromptFields.svelte).

export interface PromptPair {
  positive: string
  negative: string
}
type Side = keyof PromptPair

export const emptyPair = (): PromptPair => ({ positive: '', negative: '' })
export const isEmpty = ({ positive, negative }: PromptPair): boolean =>
  positive.trim() === '' && negative.trim() === ''

/** Whether a text is more than one cell has room for. */
export const isManyCells = (text: string): boolean => /[\t\n]/.test(text.trimEnd())

/**
 * Lays what was pasted over the table, as a spreadsheet would: a line is a row, a tab parts its two cells.
 * @param at  row and column where it was pasted; a line without a tab goes into that column
 */
export function pasted(
  pairs: readonly PromptPair[],
  text: string,
  at: { row: number; side: Side },
): PromptPair[] {
  const result = pairs.map((pair) => ({ ...pair }))
  const lines = text.replaceAll('\r\n', '\n').replace(/\n+$/, '').split('\n')
  lines.forEach((line, offset) => {
    const row = at.row + offset
    while (result.length <= row) result.push(emptyPair())
    const pair = result[row]
    if (!pair) return
    const tab = line.indexOf('\t')
    if (tab < 0) pair[at.side] = line
    else {
      pair.positive = line.slice(0, tab)
      pair.negative = line.slice(tab + 1).replace(/\t.*$/, '')
    }
  })
  return result
}

/** Pairs that have something, in order, and how many of them lack a side. */
export function filledPairs(pairs: readonly PromptPair[]): { pairs: PromptPair[]; halves: number } {
  const filled = pairs
    .filter((pair) => !isEmpty(pair))
    .map(({ positive, negative }) => ({ positive: positive.trim(), negative: negative.trim() }))
  const halves = filled.filter(({ positive, negative }) => positive === '' || negative === '').length
  return { pairs: filled, halves }
}
