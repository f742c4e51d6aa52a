// innerview runs list|show|statistics|resume|fork|rename|cancel|remove
// Owns: what is asked of the runs, and their records as text. Not: what happens while one runs (followRun.ts).
import { Command } from 'commander'
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import type { StepKey } from '../contract/dataSets.ts'
import { forkSettings, type ForkSettings, type RunRecord, type StepStatistics } from '../contract/runs.ts'
import { readInterventions } from '../jobs/interventions.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine, withEngineOr } from './context.ts'
import { followRun } from './followRun.ts'
import { interventionLines } from './interventionLines.ts'
import { decimal, integer, namingOptions, type OptionNames } from './options.ts'
import { duration, percent, table } from './output.ts'
import { programName } from './programName.ts'

function describe(run: RunRecord): string {
  const { progress: p, settings: s } = run
  return [
    `${run.id}  ${run.name}  ${run.status}`,
    `  model ${s.modelId} (${run.manifest.modelHash.slice(0, 12)}), ${s.environment.name}, oracle ${run.manifest.oracle}`,
    `  ${p.episodesDone} of ${p.episodes} episodes, ${p.steps} steps, invalid ${percent(p.invalid, p.steps)}, ${p.wins} wins`,
    `  temperature ${s.sampling.temperature}, seed ${s.seed}, at most ${s.sampling.maxNewTokens} new tokens, captures ${s.capture.hooks.join(' ') || 'nothing'}, computed with ${s.computeDtype}`,
    ...(run.manifest.fork
      ? [
          `  goes on from step ${run.manifest.fork.step} of episode ${run.manifest.fork.episode} of ${run.manifest.fork.runId}; the steps before are copies`,
        ]
      : []),
    ...interventionLines(run).map((line) => `  ${line}`),
    `  ${duration(p.seconds)} of work, created ${run.createdAt}`,
    ...(run.error ? [`  ${run.error.title}: ${run.error.message} ${run.error.cure}`] : []),
  ].join('\n')
}

const runName = z.object({ name: z.string().trim().min(1).max(200) })

function byStep(s: StepStatistics): string {
  return table([
    ['step', 'n', 'invalid', '95 % interval', 'prompt tokens', 'reused', 'new tokens'],
    ...s.step.map((step, i) => [
      String(step),
      String(s.n[i]),
      percent(s.invalid[i], s.n[i]),
      `${percent(s.invalidLow[i], 1)} … ${percent(s.invalidHigh[i], 1)}`,
      s.meanPromptTokens[i].toFixed(1),
      s.meanReusedTokens[i].toFixed(1),
      s.meanNewTokens[i].toFixed(1),
    ]),
  ])
}

interface ForkOptions {
  temperature?: number
  seed?: number
  system?: string
  intervene?: string
  name: string
}

const forkOptionNames: OptionNames = {
  episode: '<episode>',
  step: '<step>',
  'changes.temperature': '--temperature',
  'changes.seed': '--seed',
  'changes.interventions': '--intervene',
  name: '--name',
}

/** What was left out stays as it was. */
async function forkSettingsOf(
  place: StepKey,
  { temperature, seed, system: systemPrompt, intervene, name }: ForkOptions,
): Promise<ForkSettings> {
  const interventions =
    intervene === undefined ? undefined : await readInterventions(intervene, '--intervene')
  return parseSettings(forkSettings, {
    ...place,
    name,
    changes: { temperature, seed, systemPrompt, interventions },
  })
}

export function runsCommand(resources: string): Command {
  const runs = new Command('runs').description('runs stored in the workspace')
  runs
    .command('list')
    .description('list the runs, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.runs.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No runs yet. Start one with: ${programName} collect --model M`
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
    .command('statistics')
    .description('invalid rate and tokens by step, over all episodes of a run')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const statistics = await withEngine(context, 'read', async (engine) => engine.episodes.statistics(id))
        context.output.result(statistics, () => byStep(statistics))
      }),
    )
  runs
    .command('resume')
    .description('go on with a paused, interrupted, cancelled or failed run')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'change', async (engine) =>
          followRun(context, engine, await engine.runs.resume(id)),
        ),
      ),
    )
  runs
    .command('fork')
    .description('continue an episode from one of its steps with other settings, as a run of its own')
    .argument('<run>')
    .argument('<episode>', 'its number', integer)
    .argument('<step>', 'the first step that is played anew', integer)
    .option('--temperature <t>', 'another temperature', decimal)
    .option('--seed <n>', 'another seed', integer)
    .option('--system <text>', 'another system prompt')
    .option('--intervene <file>', 'JSON file with interventions in place of the run’s own')
    .option('--name <text>', 'shown in lists', '')
    .action((id: string, episode: number, step: number, options: ForkOptions, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'change', async (engine) => {
          const run = await namingOptions(forkOptionNames, async () =>
            engine.runs.fork(await forkSettingsOf({ runId: id, episode, step }, options)),
          )
          await followRun(context, engine, run)
        }),
      ),
    )
  runs
    .command('rename')
    .description('give a run another name')
    .argument('<run>')
    .argument('<name>')
    .action((id: string, text: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        if (text.trim() === '') throw errors.invalidInput({ field: '<name>', reason: 'it cannot be empty' })
        const { name } = parseSettings(runName, { name: text })
        const run = await withEngine(context, 'change', async (engine) => engine.runs.rename(id, name))
        context.output.result(run, () => `${run.id} is now called ${run.name}.`)
      }),
    )
  runs
    .command('cancel')
    .description('give up a paused or interrupted run; what it stored stays')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const run = await withEngine(context, 'change', async (engine) => engine.runs.cancel(id))
        context.output.result(run, () => `${run.id} is ${run.status}.`)
      }),
    )
  runs
    .command('remove')
    .description('delete a run with its episodes and activations')
    .argument('<run>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.runs.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return runs
}
