// Two episodes side by side: their steps by number, and where they part.
// Owns: what is the same, which tokens of two answers differ. Not: which episodes (episodePairs.ts), drawing.
import type { StepView } from '../episodes/stepView.ts'

export interface StepPair {
  step: number
  base: StepView | null
  own: StepView | null
  /** Prompt and answer are the same, token for token. */
  isSame: boolean
  /** Positions in each step, counted through prompt and answer, of answer tokens that the other has not. */
  differing: { base: ReadonlySet<number>; own: ReadonlySet<number> }
}

const nothing: ReadonlySet<number> = new Set()

/** Longer answers are compared up to their first difference only: a table of all pairs of tokens grows with the square. */
const longest = 1024

/**
 * Places in two rows of tokens that are in no longest common subsequence of them.
 * Beyond 1024 tokens all from the first difference on.
 */
export function differingTokens(a: ArrayLike<number>, b: ArrayLike<number>): [number[], number[]] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  const rest = Math.min(a.length, b.length) - head
  while (tail < rest && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const [rows, columns] = [a.length - head - tail, b.length - head - tail]
  const places = (count: number): number[] => Array.from({ length: count }, (_, i) => head + i)
  if (rows === 0 || columns === 0 || Math.max(rows, columns) > longest) return [places(rows), places(columns)]
  // lengths[i][j]: longest common subsequence of what follows place i in one and place j in the other
  const width = columns + 1
  const lengths = new Uint16Array((rows + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[head + i] === b[head + j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const [inA, inB]: [number[], number[]] = [[], []]
  let [i, j] = [0, 0]
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[head + i] === b[head + j]) {
      i++
      j++
    } else if (j >= columns || (i < rows && at(i + 1, j) >= at(i, j + 1))) inA.push(head + i++)
    else inB.push(head + j++)
  }
  return [inA, inB]
}

const isEqual = (a: Int32Array, b: Int32Array): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i])

/** Steps of the same number beside each other. */
export function pairSteps(
  bases: readonly StepView[],
  owns: readonly StepView[],
): { pairs: StepPair[]; firstDifference: number | null } {
  const byStep = new Map<number, { base: StepView | null; own: StepView | null }>()
  for (const base of bases) byStep.set(base.record.step, { base, own: null })
  for (const own of owns)
    byStep.set(own.record.step, { base: byStep.get(own.record.step)?.base ?? null, own })
  const pairs = [...byStep]
    .sort(([a], [b]) => a - b)
    .map(([step, { base, own }]): StepPair => {
      if (!base || !own) return { step, base, own, isSame: false, differing: { base: nothing, own: nothing } }
      const [a, b] = [base.record, own.record]
      const hasSameAnswer = isEqual(a.completionIds, b.completionIds)
      const [inBase, inOwn] = hasSameAnswer ? [[], []] : differingTokens(a.completionIds, b.completionIds)
      return {
        step,
        base,
        own,
        isSame: hasSameAnswer && isEqual(a.promptIds, b.promptIds),
        differing: {
          base: new Set(inBase.map((place) => a.promptIds.length + place)),
          own: new Set(inOwn.map((place) => b.promptIds.length + place)),
        },
      }
    })
  return { pairs, firstDifference: pairs.find(({ isSame }) => !isSame)?.step ?? null }
}
