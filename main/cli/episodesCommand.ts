// innerview episodes list|show
// Owns: which episodes are asked for, and episodes and steps as text. Not: the query (store/).
import { Command, Option } from 'commander'
import {
  episodeOutcome,
  episodeQuery,
  episodeSort,
  type EpisodeQuery,
  type StepRecord,
} from '../contract/runs.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine } from './context.ts'
import { decimal, integer, namingOptions, type OptionNames } from './options.ts'
import { percent, table } from './output.ts'

function stepText(step: StepRecord): string {
  const marks = [step.isInvalid ? 'invalid' : step.isWin ? 'win' : 'valid']
  if (step.droppedTurns > 0) marks.push(`${step.droppedTurns} oldest turns left out`)
  return [
    `── step ${step.step} · ${step.promptIds.length} + ${step.completionIds.length} tokens · ${marks.join(', ')}`,
    step.completion,
    `→ ${step.answer}  (${step.reason})`,
  ].join('\n')
}

interface ListOptions {
  task: string
  outcome?: string[]
  minInvalid: number
  maxInvalid: number
  sort: string
  descending: boolean
  offset: number
  limit: number
}

const optionNames: OptionNames = {
  minInvalidRate: '--min-invalid',
  maxInvalidRate: '--max-invalid',
  offset: '--offset',
  limit: '--limit',
}

function queryOf(runId: string, options: ListOptions): Promise<EpisodeQuery> {
  const { outcome: outcomes, minInvalid: minInvalidRate, maxInvalid: maxInvalidRate, ...rest } = options
  return namingOptions(optionNames, () =>
    parseSettings(episodeQuery, { ...rest, runId, outcomes, minInvalidRate, maxInvalidRate }),
  )
}

export function episodesCommand(resources: string): Command {
  const episodes = new Command('episodes').description('episodes of a run')
  episodes
    .command('list')
    .description('list the episodes of a run')
    .argument('<run>')
    .option('--task <text>', 'only tasks whose name has this in it', '')
    .addOption(
      new Option('--outcome <outcomes...>', 'only those that ended so').choices(episodeOutcome.options),
    )
    .option('--min-invalid <rate>', 'only invalid rates from this on, 0 to 1', decimal, 0)
    .option('--max-invalid <rate>', 'only invalid rates up to this', decimal, 1)
    .addOption(
      new Option('--sort <column>', 'in which order').choices(episodeSort.options).default('episode'),
    )
    .option('--descending', 'the largest first', false)
    .option('--offset <n>', 'skip so many', integer, 0)
    .option('--limit <n>', 'show at most so many', integer, 500)
    .action((runId: string, options: ListOptions, command: Command) =>
      runCommand(command, resources, async (context) => {
        const query = await queryOf(runId, options)
        const page = await withEngine(context, 'read', async (engine) => engine.episodes.list(query))
        context.output.result(page, () =>
          table([
            ['episode', 'task', 'outcome', 'steps', 'invalid', 'verdicts'],
            ...page.episodes.map((e) => [
              String(e.episode),
              e.task,
              e.outcome,
              String(e.steps),
              percent(e.invalid, e.steps),
              e.verdicts,
            ]),
          ]),
        )
      }),
    )
  episodes
    .command('show')
    .description('every step of one episode')
    .argument('<run>')
    .argument('<episode>', 'number of the episode', integer)
    .action((runId: string, episode: number, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const { summary, steps } = await withEngine(context, 'read', async (engine) => ({
          summary: engine.episodes.summary(runId, episode),
          steps: engine.episodes.steps(runId, episode),
        }))
        context.output.result({ ...summary, steps }, () =>
          [
            `Episode ${episode} of ${runId}: ${summary.task}, ${summary.outcome}`,
            ...steps.map(stepText),
          ].join('\n\n'),
        )
      }),
    )
  return episodes
}
