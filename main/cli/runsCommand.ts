// innerview runs list|show|resume|remove and episodes list|show
import { Command } from 'commander'
import { episodeQuery, type RunRecord, type StepRecord } from '../contract/runs.ts'
import { parseSettings } from '../jobs/settings.ts'
import { followRun } from './collectCommand.ts'
import { runCommand, withEngine } from './context.ts'
import { integer } from './options.ts'
import { duration, percent, table } from './output.ts'

function describe(run: RunRecord): string {
  const { progress: p, settings: s } = run
  return [
    `${run.id}  ${run.name}  ${run.status}`,
    `  model ${s.modelId} (${run.manifest.modelHash.slice(0, 12)}), ${s.environment.name}, oracle ${run.manifest.oracle}`,
    `  ${p.episodesDone} of ${p.episodes} episodes, ${p.steps} steps, invalid ${percent(p.invalid, p.steps)}, ${p.wins} wins`,
    `  temperature ${s.sampling.temperature}, seed ${s.seed}, at most ${s.sampling.maxNewTokens} new tokens, captures ${s.capture.hooks.join(' ') || 'nothing'}`,
    `  ${duration(p.seconds)} of work, created ${run.createdAt}`,
    ...(run.error ? [`  ${run.error.title}: ${run.error.message} ${run.error.cure}`] : []),
  ].join('\n')
}

export function runsCommand(resources: string): Command {
  const runs = new Command('runs').description('runs stored in the workspace')
  runs
    .command('list')
    .description('list the runs, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngine(context, 'read', async (engine) => engine.runs.list())
        context.output.result(list, () =>
          list.length === 0
            ? 'No runs yet. Start one with: innerview collect --model M'
            : table([
                ['id', 'status', 'model', 'episodes', 'steps', 'invalid', 'wins', 'name'],
                ...list.map((r) => [
                  r.id,
                  r.status,
                  r.settings.modelId,
                  `${r.progress.episodesDone}/${r.progress.episodes}`,
                  String(r.progress.steps),
                  percent(r.progress.invalid, r.progress.steps),
                  String(r.progress.wins),
                  r.name,
                ]),
              ]),
        )
      }),
    )
  runs
    .command('show')
    .description('settings, manifest and progress of a run')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const run = await withEngine(context, 'read', async (engine) => engine.runs.get(id))
        context.output.result(run, () => describe(run))
      }),
    )
  runs
    .command('resume')
    .description('go on with a paused, interrupted, cancelled or failed run')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'write', (engine) => followRun(context, engine, engine.runs.resume(id))),
      ),
    )
  runs
    .command('remove')
    .description('delete a run with its episodes and activations')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'write', async (engine) => engine.runs.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return runs
}

function stepText(step: StepRecord): string {
  const marks = [step.isInvalid ? 'invalid' : step.isWin ? 'win' : 'valid']
  if (step.droppedTurns > 0) marks.push(`${step.droppedTurns} oldest turns left out`)
  return [
    `── step ${step.step} · ${step.promptIds.length} + ${step.completionIds.length} tokens · ${marks.join(', ')}`,
    step.completion,
    `→ ${step.answer}  (${step.reason})`,
  ].join('\n')
}

export function episodesCommand(resources: string): Command {
  const episodes = new Command('episodes').description('episodes of a run')
  episodes
    .command('list')
    .description('list the episodes of a run')
    .argument('<run>')
    .option('--task <text>', 'only tasks whose name has this in it', '')
    .option('--offset <n>', 'skip so many', integer, 0)
    .option('--limit <n>', 'show at most so many', integer, 500)
    .action((runId: string, options: { task: string; offset: number; limit: number }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const page = await withEngine(context, 'read', async (engine) =>
          engine.episodes.list(parseSettings(episodeQuery, { runId, ...options })),
        )
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
