// Upstream's tables of a sweep, counted as upstream counts them.
// Owns: overall, by phase, by step and question marks. Not: examples (sweepExamples.ts), or intervals and controls (verdictCard.ts).
// Source: ARES, examples/20q_case_study/analyse_steering.py.
import type { SweepTables, TableCondition, TableShare } from '../../contract/sweepTables.ts'
import { sweepExamples } from './sweepExamples.ts'

type TableStep = TableCondition['episodes'][number]['steps'][number]

const PHASES = [
  { name: 'Early', firstStep: 0, lastStep: 4 },
  { name: 'Mid', firstStep: 5, lastStep: 9 },
  { name: 'Late', firstStep: 10, lastStep: 14 },
  { name: 'End', firstStep: 15, lastStep: 19 },
]
const LAST_QUESTION_STEP = 9

/**
 * All tables and examples.
 * @param conditions  in any order; the one whose α is null is the baseline
 * @throws TypeError unless there is one baseline and every α comes once
 */
export function upstreamTables(conditions: readonly TableCondition[]): SweepTables {
  const sorted = conditions.toSorted((a, b) => (a.alpha ?? -Infinity) - (b.alpha ?? -Infinity))
  if (new Set(sorted.map(({ alpha }) => alpha)).size !== sorted.length || sorted[0]?.alpha !== null)
    throw new TypeError('a table has one baseline (α null) and each α once')
  const steps = sorted.map(({ episodes }) => episodes.flatMap((episode) => episode.steps))
  const cells = (holds: (step: TableStep) => boolean): TableShare[] =>
    steps.map((each) => shareOf(each.filter(holds), ({ isInvalid }) => isInvalid))
  const overall = cells(() => true)
  const last = Math.max(-1, ...steps.flat().map(({ step }) => step))
  return {
    conditions: sorted.map(({ id }) => id),
    overall: overall.map((share, index) => ({
      ...share,
      episodes: sorted[index].episodes.length,
      difference:
        index === 0 || share.rate === null || overall[0].rate === null ? null : share.rate - overall[0].rate,
    })),
    phases: PHASES.map((phase) => ({
      ...phase,
      cells: cells(({ step }) => step >= phase.firstStep && step <= phase.lastStep),
    })),
    steps: Array.from({ length: last + 1 }, (_, step) => ({
      step,
      cells: cells((each) => each.step === step),
    })),
    questionMarks: steps.map((each) =>
      shareOf(
        each.filter(({ step }) => step <= LAST_QUESTION_STEP),
        ({ completion }) => completion.includes('?'),
      ),
    ),
    examples: sweepExamples(sorted),
  }
}

export function shareOf(steps: readonly TableStep[], holds: (step: TableStep) => boolean): TableShare {
  const hits = steps.filter(holds).length
  return { hits, steps: steps.length, rate: steps.length === 0 ? null : hits / steps.length }
}
