// A sweep in words.
import type { Estimate } from '../../main/contract/estimates.ts'
import type { SteeringPlace, SweepEstimate, SweepSummary } from '../../main/contract/sweeps.ts'
import type { ConditionVerdict, VerdictColour, VerdictDocument } from '../../main/contract/steering.ts'
import { isUnjudged } from './sweepProgress.ts'

export const statusNames: Record<SweepSummary['status'], string> = {
  queued: 'Queued',
  running: 'Playing',
  paused: 'Paused',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  failed: 'Failed',
  done: 'Done',
  judging: 'Judging',
}

/** What a colour of the verdict says; the shape beside it says the same without colour. */
export const colourWords: Record<VerdictColour, string> = {
  green: 'holds against its controls',
  amber: 'in doubt',
  red: 'speaks against it',
  grey: 'not measured',
}

export const roleNames: Record<ConditionVerdict['role'], string> = {
  baseline: 'baseline',
  steered: 'steered',
  random: 'random direction',
  shuffled: 'shuffled labels',
  orthogonal: 'orthogonalised',
  negated: 'opposite sign',
  prompt: 'told in words',
}

/** A difference of rates in points, signed: +4.2, −11.3. */
export function points(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(100 * value).toFixed(1)
  return Number(size) === 0 ? size : `${value < 0 ? '−' : '+'}${size}`
}

export const pointsWithInterval = ({ value, low, high }: Estimate): string =>
  low === null || high === null ? points(value) : `${points(value)} [${points(low)}, ${points(high)}]`

export function placeWords(place: SteeringPlace): string {
  switch (place.kind) {
    case 'lastPrompt':
      return 'last prompt token'
    case 'allPrompt':
      return 'every prompt token'
    case 'everyGenerated':
      return 'every generated token'
    case 'all':
      return 'every token'
    case 'firstGenerated':
      return `first ${place.count} generated tokens`
    case 'decaying':
      return `generated tokens, half after ${place.halfLife}`
  }
}

/** What a list shows of a sweep: how it stands, or the verdict in a few words. */
export function shortVerdict(sweep: SweepSummary): string {
  if (isUnjudged(sweep)) return sweep.overall ? 'Verdict of fewer conditions' : 'Played, not judged'
  if (sweep.overall === null) return statusNames[sweep.status]
  const [head = ''] = sweep.overall.sentence.split(/[;:]/, 1)
  return head.trim()
}

/** Whether what is worth having would mostly be missed. @param worthwhile  in the outcome's units, as the estimate's */
export const isMostlyMissed = (
  { smallestEffect }: Pick<SweepEstimate, 'smallestEffect'>,
  worthwhile: number,
): boolean => smallestEffect !== null && smallestEffect > worthwhile

/** Under upstream's tables of a sweep whose verdict counts something else; null where both count the same. */
export const tablesNote = ({ outcome }: Pick<SweepSummary['settings'], 'outcome'>): string | null =>
  outcome.kind === 'invalid'
    ? null
    : 'Upstream’s tables count invalid answers. The verdict of this sweep counts something else, so the two may point different ways.'

/** Cells in the order of the verdict; one without a vector is none. */
export const cellsOf = ({ conditions }: Pick<VerdictDocument, 'conditions'>): string[] => [
  ...new Set(conditions.flatMap(({ cell, role }) => (cell !== '' && role === 'steered' ? [cell] : []))),
]

/** What tells cells apart: parts that all of them share are left out; empty for one alone. */
export function cellNames(cells: readonly string[]): Map<string, string> {
  const all = [...new Set(cells)].filter((cell) => cell !== '')
  const parts = all.map((cell) => cell.split(' · '))
  const own = (of: readonly string[]): string =>
    of.filter((part) => !parts.every((others) => others.includes(part))).join(', ')
  return new Map(all.map((cell, i) => [cell, own(parts[i] ?? [])]))
}

/** A condition’s title among those of other cells, whose doses have the same titles. */
export const titleIn = (
  names: ReadonlyMap<string, string>,
  condition: { cell: string; title: string },
): string => [names.get(condition.cell) ?? '', condition.title].filter(Boolean).join(', ')
