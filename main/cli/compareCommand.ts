// innerview compare: runs beside the first of them.
// Owns: the options and the tables. Not: the comparison (jobs/compareRuns.ts).
import { Command } from 'commander'
import {
  comparisonQuery,
  type ComparedMetric,
  type ComparedRun,
  type RunComparison,
} from '../contract/comparison.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine } from './context.ts'
import { integer, namingOptions } from './options.ts'
import { table } from './output.ts'

export function compareCommand(resources: string): Command {
  return new Command('compare')
    .description(
      'settings and figures of runs beside the first of them, episode by episode where these are alike',
    )
    .argument('<runs...>')
    .option('--bootstraps <n>', 'resamples of episodes behind each interval', integer, 2000)
    .option('--seed <n>', 'seed of the resamples', integer, 42)
    .action((runIds: string[], options: { bootstraps: number; seed: number }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const names = { runIds: '<runs...>', bootstraps: '--bootstraps', seed: '--seed' }
        const comparison = await namingOptions(names, () => {
          const query = parseSettings(comparisonQuery, { runIds, ...options })
          return withEngine(context, 'read', async (engine) => engine.episodes.compare(query))
        })
        context.output.result(comparison, () => comparisonText(comparison))
      }),
    )
}

const titles: Record<ComparedMetric, { title: string; isShare: boolean }> = {
  invalidRate: { title: 'invalid', isShare: true },
  winRate: { title: 'wins', isShare: true },
  steps: { title: 'steps', isShare: false },
  newTokens: { title: 'new tokens', isShare: false },
  promptTokens: { title: 'prompt tokens', isShare: false },
}

function comparisonText({ runs, differences }: RunComparison): string {
  const order = runs[0].metrics.map(({ metric }) => metric)
  return [
    table([
      ['run', 'episodes', 'pairs', ...order.map((metric) => titles[metric].title), 'name'],
      ...runs.map((run) => [
        run.runId,
        String(run.episodes),
        String(run.pairs),
        ...run.metrics.map((_, index) => cell(run, index)),
        run.name,
      ]),
    ]),
    ...(runs.slice(1).some(({ metrics }) => metrics.some(({ isPaired }) => !isPaired))
      ? ['', '~ all episodes of both runs as independent ones: fewer than two have the same object and seed']
      : []),
    '',
    differences.length === 0
      ? 'The settings are the same.'
      : table([
          ['setting', ...runs.map(({ runId }) => runId)],
          ...differences.map(({ setting, values }) => [setting, ...values.map(valueText)]),
        ]),
  ].join('\n')
}

/** The figure, and for all but the first run its difference. */
function cell({ metrics }: ComparedRun, index: number): string {
  const { metric, value, difference, isPaired } = metrics[index]
  const { isShare } = titles[metric]
  const figure = (number: number | null): string =>
    number === null ? '–' : (isShare ? 100 * number : number).toFixed(1)
  const own = `${figure(value)}${isShare && value !== null ? ' %' : ''}`
  if (!difference) return own
  const signed = (number: number | null): string => `${(number ?? 0) > 0 ? '+' : ''}${figure(number)}`
  const { value: change, low, high } = difference
  return `${own} (${isPaired ? '' : '~ '}${signed(change)} [${signed(low)}, ${signed(high)}])`
}

const LONGEST_VALUE = 40

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text
}
