// The step of an episode at which upstream would steer.
// Owns: upstream's rule, so that its choice can be repeated. Not: a recommendation; docs/methods/steering.md says what is wrong with it.
// Source: ARES, examples/20q_case_study/phase2_steer.py.

export interface StepEvidence {
  step: number
  /** Of the step's own probe. */
  accuracy: number
  /** Rows of the training episodes. */
  valid: number
  invalid: number
}

export interface TargetStep {
  step: number
  /** `score` accuracy × invalid rate is the largest of all that qualify · `accuracy` none qualifies, the most accurate probe decides. */
  by: 'score' | 'accuracy'
  /** Every step in order, with what decided. */
  steps: (StepEvidence & { invalidRate: number | null; score: number | null; qualifies: boolean })[]
}

const LEAST_ACCURACY = 0.85
const LEAST_INVALID_RATE = 0.3
const LEAST_PER_CLASS = 5

/**
 * The largest accuracy × invalid rate among steps with accuracy ≥ .85, invalid rate ≥ .3 and five rows of each class; where there is none, the
 * highest accuracy. The earlier step wins a tie.
 * @returns null without any step
 */
export function targetStep(evidence: readonly StepEvidence[]): TargetStep | null {
  const steps = evidence
    .toSorted((a, b) => a.step - b.step)
    .map((entry) => {
      const rows = entry.valid + entry.invalid
      const invalidRate = rows === 0 ? null : entry.invalid / rows
      const isRich = Math.min(entry.valid, entry.invalid) >= LEAST_PER_CLASS
      return {
        ...entry,
        invalidRate,
        score: invalidRate === null ? null : entry.accuracy * invalidRate,
        qualifies: isRich && entry.accuracy >= LEAST_ACCURACY && (invalidRate ?? 0) >= LEAST_INVALID_RATE,
      }
    })
  if (steps.length === 0) return null
  const candidates = steps.filter((entry) => entry.qualifies)
  const by = candidates.length > 0 ? 'score' : 'accuracy'
  // Strictly larger: of equals the first stays.
  const best = (by === 'score' ? candidates : steps).reduce((first, next) =>
    (next[by] ?? 0) > (first[by] ?? 0) ? next : first,
  )
  return { step: best.step, by, steps }
}
