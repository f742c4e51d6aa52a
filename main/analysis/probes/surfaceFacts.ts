// What could be known of a step without looking into the model.
// Owns: these facts as small dense features. Not: words (bagOfWords.ts) or what is predicted (rivals.ts).
import type { ProbeData } from './probeData.ts'

/** N×width, row-major. */
export interface Facts {
  values: Float64Array
  width: number
}

type Row = readonly number[]
const facts = (rows: number, of: (row: number) => Row): Facts => {
  const all = Array.from({ length: rows }, (_, row) => of(row))
  return { values: Float64Array.from(all.flat()), width: all[0]?.length ?? 1 }
}

/** Beyond so many different steps only the number itself is a feature. */
const MOST_STEPS = 200

/** The step's number, and a feature for each step, so that any curve over steps can be learnt. */
export function stepFacts({ rows, keys }: ProbeData): Facts {
  const steps = [...new Set(keys.map(({ step }) => step))].slice(0, MOST_STEPS)
  return facts(rows, (row) => [keys[row].step, ...steps.map((step) => (keys[row].step === step ? 1 : 0))])
}

const lengths = (texts: readonly string[], tokens: Int32Array, row: number): Row => [
  tokens[row],
  Math.log1p(tokens[row]),
  texts[row].length,
  Math.log1p(texts[row].length),
]
export const promptLengthFacts = ({ rows, prompts, promptTokens }: ProbeData): Facts =>
  facts(rows, (row) => lengths(prompts, promptTokens, row))
export const completionLengthFacts = ({ rows, completions, completionTokens }: ProbeData): Facts =>
  facts(rows, (row) => lengths(completions, completionTokens, row))

/** Labels of the two steps before, and each class's share of all earlier steps. */
export function earlierLabelFacts({ rows, earlierLabels, classes }: ProbeData): Facts {
  // Of two classes one says it all.
  const told = classes.map((_, k) => k).slice(classes.length === 2 ? 1 : 0)
  return facts(rows, (row) => {
    const earlier = Array.from(earlierLabels[row])
    const share = (k: number): number =>
      earlier.length ? earlier.filter((label) => label === k).length / earlier.length : 0
    return [
      earlier.length === 0 ? 1 : 0,
      ...told.flatMap((k) => [earlier.at(-1) === k ? 1 : 0, earlier.at(-2) === k ? 1 : 0, share(k)]),
    ]
  })
}

export const questionMarkFacts = ({ rows, completions }: ProbeData): Facts =>
  facts(rows, (row) => [completions[row].includes('?') ? 1 : 0])

/** Several facts side by side. */
export function together(rows: number, parts: readonly Facts[]): Facts {
  return facts(rows, (row) =>
    parts.flatMap(({ values, width }) => [...values.subarray(row * width, (row + 1) * width)]),
  )
}
