// A sweep as a card to read.
// Owns: its words and tables. Not: the verdict's own sentences (analysis/steering/).
import type { Estimate } from '../contract/estimates.ts'
import type { ConditionVerdict, SideEffectVerdict, VerdictDocument } from '../contract/steering.ts'
import type { SweepEstimate, SweepRecord } from '../contract/sweeps.ts'
import type { SweepTables } from '../contract/sweepTables.ts'
import { duration, megabytes, percent, table } from './output.ts'
import { programName } from './programName.ts'

const points = (value: number | null): string =>
  value === null ? '–' : `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`
const interval = ({ value, low, high }: Estimate): string =>
  low === null || high === null ? points(value) : `${points(value)} [${points(low)}, ${points(high)}]`
const share = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`)
/** Never 0: of so many swaps none may have gone as far, but more could have. */
export const probability = (value: number | null): string =>
  value === null ? '–' : value < 0.001 ? '< .001' : value.toFixed(3)

export function sweepCard(sweep: SweepRecord): string {
  const { id, name, status, conditions, error, verdict, isVerdictOutdated } = sweep
  const failed = conditions.filter((condition) => condition.status === 'failed')
  return [
    `Sweep ${id}  ${name}  ${status}`,
    ...(verdict ? ['', verdictCard(verdict)] : ['', conditionTable(sweep)]),
    ...failed.map(
      ({ title, runId }) => `! ${title} failed and has no part in this: ${programName} runs show ${runId}`,
    ),
    ...(isVerdictOutdated
      ? [`! The verdict is of fewer conditions than the sweep has now: ${programName} sweeps judge ${id}`]
      : []),
    ...(error ? [`! ${error.title}: ${error.message} ${error.cure}`] : []),
  ].join('\n')
}

const conditionTable = ({ conditions, settings }: SweepRecord): string =>
  table([
    [
      'condition',
      'run',
      'status',
      'episodes',
      'steps',
      settings.outcome.kind === 'won' ? 'won' : settings.outcome.kind,
    ],
    ...conditions.map(({ id, runId, status, episodesDone, steps, hits }) => [
      id,
      runId,
      status,
      `${episodesDone}/${settings.episodes}`,
      String(steps),
      hits === null ? '–' : percent(hits, settings.outcome.kind === 'won' ? episodesDone : steps),
    ]),
  ])

function verdictCard({ overall, items, baseline, conditions, settings }: VerdictDocument): string {
  const cells = [...new Set(conditions.map(({ cell }) => cell))]
  return [
    `[${overall.colour}] ${overall.sentence}`,
    ...items.map(({ colour, title, sentence }) => `  [${colour}] ${title}: ${sentence}`),
    '',
    ...cells.flatMap((cell) => [
      cell === '' ? 'without a vector' : cell,
      table([
        ['condition', settings.metric, 'effect', '− random', 'p', 'Holm', 'wrong way', 'colour'],
        ['baseline', share(baseline.rate), '', '', '', '', '', ''],
        ...conditions.filter((each) => each.cell === cell).map(conditionRow),
      ]),
      '',
    ]),
    ...sideEffectTable(conditions),
  ]
    .join('\n')
    .trimEnd()
}

/** Means of each condition with a vector; `!` where a change for the worse is seen, and at `broke` where the model gave no number. */
function sideEffectTable(conditions: readonly ConditionVerdict[]): string[] {
  const shown = conditions.filter(({ alpha }) => alpha !== null)
  if (shown.length === 0) return []
  const [{ sideEffects }] = shown
  const rows = shown.map(({ cell, title, sideEffects: own }) => [
    `${cell} · ${title}`,
    ...own.map((effect) => sideEffectCell(effect)),
  ])
  const start = ['baseline', ...sideEffects.map(({ baseline }) => plainFigure(baseline))]
  return [table([['side effects', ...sideEffects.map(({ name }) => name)], start, ...rows])]
}

function sideEffectCell({ name, steered, effect, colour, notFinite }: SideEffectVerdict): string {
  if (notFinite > 0) return 'broke !'
  const { low, high } = effect
  // The baseline's is 0: the figure's own interval.
  const range =
    name === 'firstTokenKl' && low !== null && high !== null
      ? ` [${plainFigure(low)}, ${plainFigure(high)}]`
      : ''
  return `${plainFigure(steered)}${range}${colour === 'red' ? ' !' : ''}`
}

const plainFigure = (value: number | null): string =>
  value === null ? '–' : value.toFixed(Math.abs(value) >= 10 ? 1 : 3)

const conditionRow = ({
  title,
  rate,
  effect,
  random,
  p,
  holm,
  wrongWay,
  colour,
}: ConditionVerdict): string[] => [
  title,
  share(rate),
  interval(effect),
  random ? interval(random.advantage) : '–',
  probability(p),
  probability(holm),
  wrongWay ? `${wrongWay.wrong}/${wrongWay.moved}` : '–',
  colour,
]

export function estimateText(estimate: SweepEstimate): string {
  return [
    `${estimate.conditions} conditions, ${estimate.episodes} episodes, at most ${estimate.steps} steps`,
    `time    ${estimate.seconds === null ? 'unknown before a first run' : duration(estimate.seconds)}`,
    `disk    ${megabytes(estimate.diskBytes)}`,
    `finds   ${found(estimate)}`,
    ...estimate.warnings,
  ].join('\n')
}

const found = ({ smallestEffect }: SweepEstimate): string =>
  smallestEffect === null
    ? 'no effect, however large: too few episodes or random directions'
    : `effects from ${(100 * smallestEffect).toFixed(1)} points on in 80 of 100 simulated sweeps like this one`

/** Upstream's layout: one column for each condition. */
export function tablesText({ conditions, overall, phases, steps, questionMarks }: SweepTables): string {
  const rate = ({ hits, steps: n }: { hits: number; steps: number }): string => percent(hits, n)
  return table([
    ['', ...conditions],
    ['overall', ...overall.map(rate)],
    ['− baseline', ...overall.map(({ difference }) => points(difference))],
    ...phases.map(({ name, firstStep, lastStep, cells }) => [
      `${name} (${firstStep}–${lastStep})`,
      ...cells.map(rate),
    ]),
    ...steps.map(({ step, cells }) => [`step ${step}`, ...cells.map(rate)]),
    ['“?” in steps 0–9', ...questionMarks.map(rate)],
  ])
}
