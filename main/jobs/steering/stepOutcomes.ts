// What is counted of an episode that is steered.
// Owns: a rule and played steps → outcomes, and the metric's name. Not: what they show (analysis/steering/).
import type { LabelRule } from '../../contract/dataSets.ts'
import type { EpisodeOutcome, StepRecord } from '../../contract/runs.ts'

export function metricOf(outcome: LabelRule): string {
  switch (outcome.kind) {
    case 'invalid':
      return 'invalid rate'
    case 'won':
      return 'win rate'
    case 'environment':
      return outcome.equals === true
        ? `${outcome.label} rate`
        : `rate of ${outcome.label} = ${outcome.equals}`
    case 'text':
      return `rate of “${outcome.contains}”`
    default:
      return outcome.kind // refused by the settings' schema
  }
}

/** Of every step 0 or 1; of `won`, which an episode is or is not, one number. */
export function outcomesOf(steps: readonly StepRecord[], ended: EpisodeOutcome, rule: LabelRule): number[] {
  switch (rule.kind) {
    case 'won':
      return [Number(ended === 'win')]
    case 'invalid':
      return steps.map(({ isInvalid }) => Number(isInvalid))
    case 'environment':
      return steps.flatMap(({ labels }) =>
        labels[rule.label] === undefined || labels[rule.label] === null
          ? []
          : [Number(labels[rule.label] === rule.equals)],
      )
    case 'text':
      return steps.map((step) => Number(containsText(step, rule)))
    default:
      throw new TypeError(`a sweep cannot count ${rule.kind}`)
  }
}

function containsText(
  step: StepRecord,
  { of, contains, ignoreCase }: Extract<LabelRule, { kind: 'text' }>,
): boolean {
  const text = of === 'prompt' ? step.messages.map(({ content }) => content).join('\n') : step[of]
  return ignoreCase ? text.toLowerCase().includes(contains.toLowerCase()) : text.includes(contains)
}
