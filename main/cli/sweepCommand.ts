// innerview sweep: all conditions of a steering sweep, played together and judged.
// Owns: following a sweep, pausing it on Ctrl-C, the card. Not: its options (sweepOptions.ts) or the sweep (jobs/steering/).
import { Command } from 'commander'
import { AppError } from '../contract/errors.ts'
import type { SweepRecord } from '../contract/sweeps.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { runCommand, withEngine, type CommandContext } from './context.ts'
import { namingOptions } from './options.ts'
import { duration } from './output.ts'
import { programName } from './programName.ts'
import { addSweepOptions, sweepOptionNames, sweepSettingsOf, type SweepOptions } from './sweepOptions.ts'
import { estimateText, sweepCard } from './sweepText.ts'

export function sweepCommand(resources: string): Command {
  const command = new Command('sweep').description(
    'steer with vectors at several doses beside their controls, and judge what it does',
  )
  return addSweepOptions(command).action((options: SweepOptions, self: Command) =>
    runCommand(self, resources, (context) =>
      withEngine(context, 'change', async (engine) => {
        const model = await engine.models.findOrAdd(options.model, context.tell, context.signal)
        const isGiven = (option: string): boolean => self.getOptionValueSource(option) === 'cli'
        await namingOptions(sweepOptionNames, async () => {
          const settings = await sweepSettingsOf(options, model, isGiven)
          if (options.estimate) {
            const estimate = await engine.sweeps.estimate(settings, context.signal)
            context.output.result(estimate, () => estimateText(estimate))
          } else {
            for (const warning of engine.sweeps.warnings(settings)) context.output.note(`! ${warning}`)
            await followSweep(context, engine, (await engine.sweeps.start(settings)).id)
          }
        })
      }),
    ),
  )
}

/** Shows a sweep's progress until it is judged, pauses it on Ctrl-C, prints the card. */
export async function followSweep(context: CommandContext, engine: EngineService, id: string): Promise<void> {
  const { output, signal } = context
  output.note(`Sweep ${id}: ${engine.sweeps.get(id).conditions.length} conditions`)
  const watching = new AbortController()
  const shown = showProgress(context, engine, id, watching.signal)
  const pause = (): void => {
    if (engine.sweeps.active().some((sweep) => sweep.id === id)) engine.sweeps.pause(id)
  }
  signal.addEventListener('abort', pause, { once: true })
  if (signal.aborted) pause()
  const ended = await engine.sweeps.ended(id)
  signal.removeEventListener('abort', pause)
  watching.abort()
  await shown
  printSweep(context, engine, ended)
}

function printSweep({ output }: CommandContext, engine: EngineService, sweep: SweepRecord): void {
  const { id, status, error, conditions } = sweep
  const runError = conditions
    .filter((condition) => condition.status === 'failed')
    .map(({ runId }) => engine.runs.get(runId).error)
    .find((found) => found !== null)
  if (status === 'failed' && runError) throw new AppError(runError)
  if (error) throw new AppError(error)
  if (sweep.verdict === null) output.note(`Not judged yet. Go on with: ${programName} sweeps resume ${id}`)
  output.result(sweep, () => sweepCard(sweep))
}

/** A line now and then on how far a sweep is, until the signal is aborted. */
export async function showProgress(
  { output, tell }: CommandContext,
  engine: EngineService,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  let seen = 0
  for await (const event of engine.events(signal)) {
    if (event.kind === 'sweep' && event.sweep.id === id && event.sweep.progress) tell(event.sweep.progress)
    if (event.kind !== 'run' || event.run.sweep?.id !== id || event.run.status !== 'running') continue
    const now = performance.now()
    if (now - seen < 200) continue
    seen = now
    const { activity } = event.run.progress
    output.progress(activity ? `${activity} …` : progressLine(engine, id))
  }
}

function progressLine(engine: EngineService, id: string): string {
  const { conditions, settings } = engine.sweeps.get(id)
  const runs = conditions.map(({ runId }) => engine.runs.get(runId).progress)
  const sum = (of: (progress: (typeof runs)[number]) => number): number =>
    runs.reduce((total, progress) => total + of(progress), 0)
  const speed = sum((progress) => progress.tokensPerSecond ?? 0)
  const left = Math.max(...runs.map(({ secondsLeft }) => secondsLeft ?? 0))
  return [
    `${sum(({ episodesDone }) => episodesDone)}/${conditions.length * settings.episodes} episodes`,
    `${sum(({ steps }) => steps)} steps`,
    `${speed.toFixed(0)} tokens/s`,
    ...(left > 0 ? [`at most ${duration(left)} left`] : []),
  ].join(' · ')
}
