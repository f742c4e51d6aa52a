// Which number of a comparison stands in which figure.
// Owns: rows and curves in the order of the runs. Not: the figures (charts/comparisonFigures.ts).
import type { ComparedMetric, RunComparison } from '../../main/contract/comparison.ts'
import type { RunRecord, StepStatistics } from '../../main/contract/runs.ts'
import type { ComparedDifference, RateCurve } from '../charts/comparisonFigures.ts'
import { metricWords } from './comparedText.ts'
import { shownNames } from './shortNames.ts'

/** Of every run but the first, in points where the metric is a share. */
export function differenceRows(
  runs: readonly RunRecord[],
  result: RunComparison | null,
  metric: ComparedMetric,
  focused: string | null,
): ComparedDifference[] {
  const scale = metricWords[metric].isShare ? 100 : 1
  const scaled = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : value * scale
  const names = shownNames(runs)
  return runs.slice(1).map((run) => {
    const compared = result?.runs.find(({ runId }) => runId === run.id)
    const found = compared?.metrics.find((one) => one.metric === metric)
    const { value, low, high } = found?.difference ?? {}
    const isPaired = found?.isPaired ?? true
    return {
      name: names.get(run.id) ?? run.name,
      difference: { value: scaled(value), low: scaled(low), high: scaled(high) },
      isPaired,
      n: (isPaired ? compared?.pairs : compared?.episodes) ?? 0,
      isFocused: run.id === focused,
    }
  })
}

/** Of the runs that are read already. */
export function rateCurves(
  runs: readonly RunRecord[],
  read: ReadonlyMap<string, StepStatistics>,
  focused: string | null,
): RateCurve[] {
  const names = shownNames(runs)
  return runs.flatMap((run, index): RateCurve[] => {
    const counts = read.get(run.id)
    if (!counts) return []
    const steps = Math.max(-1, ...counts.step) + 1
    const rates = Array.from({ length: steps }, () => ({
      value: null as number | null,
      low: null as number | null,
      high: null as number | null,
    }))
    const played = Array<number>(steps).fill(0)
    counts.step.forEach((step, i) => {
      const n = counts.n[i] ?? 0
      played[step] = n
      if (n > 0)
        rates[step] = {
          value: (counts.invalid[i] ?? 0) / n,
          low: counts.invalidLow[i] ?? null,
          high: counts.invalidHigh[i] ?? null,
        }
    })
    const role = index === 0 ? 'base' : run.id === focused ? 'focus' : 'other'
    return [{ name: names.get(run.id) ?? run.name, rates, n: played, role }]
  })
}
