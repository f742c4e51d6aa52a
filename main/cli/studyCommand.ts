// innerview study: the whole case study from one command, and its report.
// Owns: the options, following the stages, pausing on Ctrl-C, writing reports. Not: a stage (jobs/studies/) or what a report says (reports/).
import { Command, Option } from 'commander'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AppError, errors } from '../contract/errors.ts'
import { codeOf } from '../contract/faultCode.ts'
import {
  stageNames,
  studyPlan,
  studyPreset,
  studySwitches,
  type ReportFormat,
  type StageName,
  type StudyRecord,
} from '../contract/studies.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine, withEngineOr, type CommandContext } from './context.ts'
import { decimal, integer, namingOptions } from './options.ts'
import { table } from './output.ts'
import { programName } from './programName.ts'

interface StudyOptions {
  model: string
  preset: string
  name: string
  episodes?: number
  sweepEpisodes?: number
  maxSteps?: number
  temperature?: number
  maxNewTokens?: number
  system?: string
  layer?: number
  seed: number
  switch: Record<string, boolean>
  skip: string[]
  run?: string
  out?: string
}

const optionNames = {
  modelId: '--model',
  preset: '--preset',
  episodes: '--episodes',
  sweepEpisodes: '--sweep-episodes',
  maxSteps: '--max-steps',
  temperature: '--temperature',
  maxNewTokens: '--max-new-tokens',
  layer: '--layer',
  seed: '--seed',
  switches: '--switch',
  skipped: '--skip',
  given: '--run',
}

const switchNames = Object.keys(studySwitches.shape)

function moreSwitches(text: string, before: Record<string, boolean>): Record<string, boolean> {
  const [name, value] = text.split('=')
  if (!switchNames.includes(name) || (value !== 'on' && value !== 'off'))
    throw errors.invalidInput({
      field: '--switch',
      reason: `“${text}” is none of ${switchNames.join(', ')} with =on or =off`,
    })
  return { ...before, [name]: value === 'on' }
}

export function studyCommand(resources: string): Command {
  return new Command('study')
    .description(
      'collect, probe, make a vector, sweep it beside its controls, and report: one plan, each stage stored',
    )
    .option(
      '--model <id or path>',
      'a model of the workspace, or a path; “embedded” ships with the app',
      'embedded',
    )
    .addOption(
      new Option('--preset <preset>', 'settings of all stages').choices(studyPreset.options).default('quick'),
    )
    .option('--name <name>', 'shown in lists', '')
    .option('--episodes <n>', 'episodes to collect', integer)
    .option('--sweep-episodes <n>', 'episodes of each condition', integer)
    .option('--max-steps <n>', 'steps of an episode at most', integer)
    .option('--temperature <t>', '0 is greedy', decimal)
    .option('--max-new-tokens <n>', 'tokens of an answer at most', integer)
    .option('--system <text>', 'system prompt')
    .option('--layer <n>', 'of hook_resid_post; the middle one where left out', integer)
    .option('--seed <n>', 'seed of the episodes; the sweep takes the next', integer, 0)
    .option(
      '--switch <name=on|off>',
      `a switch of the preset otherwise: ${switchNames.join(', ')}`,
      moreSwitches,
      {},
    )
    .addOption(
      new Option('--skip <stage>', 'leave a stage out')
        .choices(['probe', 'sweep'])
        .argParser((stage: string, before: string[] = []) => [...before, stage])
        .default([]),
    )
    .option('--run <id>', 'take this run in place of collecting')
    .option('--out <file or folder>', 'write the report: one page where it ends in .html, else a folder')
    .action((options: StudyOptions, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'create', async (engine) => {
          const { id: modelId } = await engine.models.findOrAdd(options.model, context.tell, context.signal)
          const { system, skip, run, out, switch: switches, ...rest } = options
          const id = await namingOptions(optionNames, async () => {
            const plan = parseSettings(studyPlan, {
              ...rest,
              modelId,
              switches,
              skipped: skip,
              ...(system !== undefined && { systemPrompt: system }),
              ...(run !== undefined && { given: { collect: run } }),
            })
            return engine.studies.start(plan).id
          })
          await follow(context, engine, id, out)
        }),
      ),
    )
}

export function studiesCommand(resources: string): Command {
  const studies = new Command('studies').description('studies stored in the workspace')
  studies
    .command('list')
    .description('list the studies, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.studies.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No studies yet. Start one with: ${programName} study --preset quick`
            : table([
                ['id', 'status', 'stages done', 'name'],
                ...list.map(({ id, status, stages, name }) => [
                  id,
                  status,
                  `${stages.filter((stage) => stage.status === 'done').length} of ${stages.length}`,
                  name,
                ]),
              ]),
        )
      }),
    )
  studies
    .command('show')
    .description('a study’s stages and what came of them')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const study = await withEngine(context, 'read', async (engine) => engine.studies.get(id))
        context.output.result(study, () => studyCard(study))
      }),
    )
  studies
    .command('resume')
    .description('go on with a study that rests')
    .argument('<id>')
    .addOption(new Option('--from <stage>', 'do this stage anew, and all after it').choices(stageNames))
    .option('--out <file or folder>', 'write the report when it is done')
    .action((id: string, { from, out }: { from?: StageName; out?: string }, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'change', async (engine) => {
          engine.studies.resume(id, from)
          await follow(context, engine, id, out)
        }),
      ),
    )
  studies
    .command('report')
    .description('write a study’s report')
    .argument('<id>')
    .requiredOption('--out <file or folder>', 'one page where it ends in .html, else a folder with report.md')
    .action((id: string, { out }: { out: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const files = await withEngine(context, 'read', (engine) => writeReport(engine, id, out))
        context.output.result({ id, files }, () => files.join('\n'))
      }),
    )
  studies
    .command('remove')
    .description('forget a study; its runs, probe, vector and sweep stay')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.studies.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return studies
}

/** Shows how far it is until it rests, pauses it on Ctrl-C, prints the card. */
async function follow(
  context: CommandContext,
  engine: EngineService,
  id: string,
  out: string | undefined,
): Promise<void> {
  const { output, signal } = context
  const watching = new AbortController()
  const shown = showProgress(context, engine, id, watching.signal)
  const pause = (): void => void engine.studies.pause(id)
  signal.addEventListener('abort', pause, { once: true })
  if (signal.aborted) pause()
  const study = await engine.studies.ended(id)
  signal.removeEventListener('abort', pause)
  watching.abort()
  await shown
  const failed = study.stages.find(({ status }) => status === 'failed')
  if (failed?.error) throw new AppError(failed.error)
  if (study.status === 'paused') output.note(`Paused. Go on with: ${programName} studies resume ${id}`)
  const files = out !== undefined && study.status === 'done' ? await writeReport(engine, id, out) : []
  output.result({ ...study, files }, () =>
    [studyCard(study), ...files.map((file) => `Report: ${file}`)].join('\n'),
  )
}

async function showProgress(
  { output, tell }: CommandContext,
  engine: EngineService,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  let seen = ''
  for await (const event of engine.events(signal)) {
    if (event.kind === 'study' && event.study.id === id) {
      const now = event.study.stages.find(({ status }) => status === 'running')
      if (now && now.name !== seen) output.note(`Stage ${now.name}${now.id ? ` (${now.id})` : ''}`)
      seen = now?.name ?? seen
    } else if (event.kind === 'probe' && event.probe.progress) tell(event.probe.progress)
    else if (event.kind === 'sweep' && event.sweep.progress) tell(event.sweep.progress)
    else if (event.kind === 'run' && event.run.status === 'running') {
      const { episodesDone, steps, tokensPerSecond, activity } = event.run.progress
      const title = event.run.sweep ? `${event.run.sweep.title}: ` : ''
      output.progress(
        activity ??
          `${title}${episodesDone}/${event.run.settings.episodes} episodes · ${steps} steps · ${(tokensPerSecond ?? 0).toFixed(0)} tokens/s`,
      )
    }
  }
}

const studyCard = ({ id, name, status, stages }: StudyRecord): string =>
  [
    `Study ${id}  ${name}: ${status}`,
    table([
      ['stage', 'status', 'id', 'seconds', 'result'],
      ...stages.map((stage) => [
        stage.name,
        stage.status,
        stage.id ?? '–',
        stage.seconds.toFixed(1),
        stage.error?.message ?? stage.result ?? '',
      ]),
    ]),
  ].join('\n')

/** @throws invalid_input where it cannot be written there */
async function writeReport(engine: EngineService, id: string, out: string): Promise<string[]> {
  const format: ReportFormat = out.endsWith('.html') ? 'html' : 'markdown'
  const { files } = engine.studies.report(id, format)
  const written: string[] = []
  try {
    for (const { path, text } of files) {
      const place = format === 'html' ? resolve(out) : join(resolve(out), path)
      await mkdir(dirname(place), { recursive: true })
      await writeFile(place, text)
      written.push(place)
    }
  } catch (error) {
    if (codeOf(error) === '') throw error
    throw errors.invalidInput({ field: '--out', reason: `${out} cannot be written (${codeOf(error)})` })
  }
  return written
}
