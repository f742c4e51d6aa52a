// From a label rule to a class for each step.
// Owns: what each rule means, names and order of classes. Not: which steps are rows (chosenSteps.ts) or where facts are stored.
import type { HandLabel, LabelRule } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type { StepFacts } from '../../store/stepFacts.ts'

/** A step with what a rule may look at. */
export interface LabelledFacts extends StepFacts {
  /** Null unless the rule reads it: prompts are long. */
  prompt: string | null
  /** By the rule's label set, where the rule is `hand`. */
  hand: HandLabel['label'] | null
}

/** Names of the two classes of a yes/no rule, the one that the label names second; null where they follow from the steps. */
export function classesOfRule(rule: LabelRule): [string, string] | null {
  switch (rule.kind) {
    case 'invalid':
      return ['valid', 'invalid']
    case 'won':
      return ['not won', 'won']
    case 'environment':
      return rule.equals === true
        ? [`not ${rule.label}`, rule.label]
        : [`${rule.label} ≠ ${rule.equals}`, `${rule.label} = ${rule.equals}`]
    case 'text':
      return [`without “${rule.contains}”`, `with “${rule.contains}”`]
    default:
      return null
  }
}

/** The class's name; null for a step that the rule cannot label: its episode goes on, or it lacks the label. */
export function classOfStep(rule: LabelRule, step: LabelledFacts): string | null {
  const pick = (isSecond: boolean): string => classesOfRule(rule)![Number(isSecond)]
  switch (rule.kind) {
    case 'invalid':
      return pick(step.isInvalid)
    case 'won':
      return step.outcome === 'running' ? null : pick(step.outcome === 'win')
    case 'environment': {
      const value = step.labels[rule.label] ?? null
      return value === null ? null : pick(value === rule.equals)
    }
    case 'text': {
      const text = rule.of === 'prompt' ? (step.prompt ?? '') : step[rule.of]
      return pick(
        rule.ignoreCase
          ? text.toLowerCase().includes(rule.contains.toLowerCase())
          : text.includes(rule.contains),
      )
    }
    case 'hand':
      return step.hand
    case 'classes': {
      const value = step.labels[rule.label] ?? null
      return value === null ? null : String(value)
    }
  }
}

const MOST_CLASSES = 50

/** Classes of a rule that finds them in the steps: numbers by size, else by letters. @throws invalid_input for more than 50 */
export function orderedClasses(names: Iterable<string>): string[] {
  const found = [...new Set(names)]
  if (found.length > MOST_CLASSES)
    throw errors.invalidInput({
      field: 'label',
      reason: `it has ${found.length} different values, at most ${MOST_CLASSES} can be classes`,
    })
  const areNumbers = found.every((name) => Number.isFinite(Number(name)))
  return found.sort((one, other) =>
    areNumbers ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0,
  )
}
