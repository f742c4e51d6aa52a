// Which number of a verdict stands in which figure.
import type { ConditionVerdict, SideEffectVerdict, VerdictDocument } from '../../main/contract/steering.ts'
import type { SweepSettings, SweepSummary } from '../../main/contract/sweeps.ts'
import type { DosePlot, DosePoint, DoseRole } from '../charts/doseFigure.ts'
import type { RateRow, SideEffectRow } from '../charts/sweepFigures.ts'
import { labelText } from '../dataSets/recipeText.ts'
import { cellNames, titleIn } from './sweepText.ts'

const doseRoles: readonly string[] = ['steered', 'negated', 'shuffled', 'orthogonal', 'random']
const isDoseRole = (role: string): role is DoseRole => doseRoles.includes(role)
const within = (value: number): number => Math.min(1, Math.max(0, value))

/** The interval of the difference, laid around the condition's own rate. */
function pointOf({ title, role, alpha, rate, effect, pairs }: ConditionVerdict): DosePoint[] {
  if (alpha === null || !isDoseRole(role)) return []
  const { value, low, high } = effect
  const isWhole = rate !== null && value !== null && low !== null && high !== null
  return [
    {
      ...{ title, role, alpha, rate, pairs },
      low: isWhole ? within(rate - (value - low)) : null,
      high: isWhole ? within(rate + (high - value)) : null,
    },
  ]
}

/** The doses of one cell: one vector at one place. */
export const dosesOf = (verdict: VerdictDocument, cell: string, unit: SweepSettings['unit']): DosePlot => ({
  metric: verdict.settings.metric,
  baseline: verdict.baseline.rate,
  points: verdict.conditions.filter((condition) => condition.cell === cell).flatMap(pointOf),
  prompt: verdict.conditions.find(({ role }) => role === 'prompt')?.rate ?? null,
  isNormUnit: unit === 'valueNorm',
})

/** Baseline first, then the conditions of the cell by dose, random directions after the others, words last. */
export function conditionsOf(verdict: VerdictDocument, cell: string): ConditionVerdict[] {
  const order = ['steered', 'negated', 'shuffled', 'orthogonal', 'random', 'prompt']
  return verdict.conditions
    .filter((condition) => condition.cell === cell || condition.role === 'prompt')
    .toSorted(
      (a, b) =>
        order.indexOf(a.role) - order.indexOf(b.role) ||
        Math.abs(a.alpha ?? 0) - Math.abs(b.alpha ?? 0) ||
        a.title.localeCompare(b.title, 'en', { numeric: true }),
    )
}

/** Those that can be harm: what is told for information has no place on a scale of harm. */
export const sideEffectRows = (
  verdict: VerdictDocument,
  sideEffects: readonly SideEffectVerdict[],
): SideEffectRow[] =>
  sideEffects.flatMap(({ name, title, baseline, steered, effect, tolerance, colour }) => {
    const settings = verdict.settings.sideEffects.find((one) => one.name === name)
    const isRatio = settings?.scale === 'ratio'
    const harm = settings?.harm ?? 'either'
    return harm === 'none' ? [] : [{ title, baseline, steered, effect, isRatio, tolerance, harm, colour }]
  })

/** Null where nothing can be counted before the end: a run's progress knows invalid answers and wins alone. */
export function ratesOf(sweep: SweepSummary): { metric: string; rows: RateRow[] } | null {
  const { outcome, episodes } = sweep.settings
  if (outcome.kind !== 'invalid' && outcome.kind !== 'won') return null
  const isWon = outcome.kind === 'won'
  const names = cellNames(sweep.conditions.map(({ cell }) => cell))
  return {
    metric: isWon ? 'win rate' : labelText(outcome).replace('answer', 'rate'),
    rows: sweep.conditions.map(({ cell, title, role, alpha, hits, steps, episodesDone }) => ({
      ...{ title: titleIn(names, { cell, title }), alpha },
      hits: hits ?? 0, // known of these outcomes
      steps: isWon ? episodesDone : steps,
      isBaseline: role === 'baseline',
      isSteered: role === 'steered',
      done: episodesDone / episodes,
    })),
  }
}
