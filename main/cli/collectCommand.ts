// innerview collect
// Owns: from options to a run that is followed, or to its estimate. Not: the options (collectOptions.ts) or the run's course.
import { Command } from 'commander'
import type { RunEstimate } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import type { EngineService } from '../jobs/engineService.ts'
import {
  addCollectOptions,
  collectOptionNames,
  collectSettingsOf,
  type CollectOptions,
} from './collectOptions.ts'
import { runCommand, withEngine } from './context.ts'
import { followRun } from './followRun.ts'
import { namingOptions } from './options.ts'
import { duration, megabytes } from './output.ts'

export function collectCommand(resources: string): Command {
  const collect = new Command('collect').description(
    'play episodes with a model and store every step with its activations',
  )
  return addCollectOptions(collect)
    .option(
      '--probe <id>',
      'read each step with this probe while it is played; its hook point is captured too',
    )
    .action((options: CollectOptions & { probe?: string }, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'create', async (engine) => {
          const { id, shape, hash } = await engine.models.findOrAdd(
            options.model,
            context.tell,
            context.signal,
          )
          const watched =
            options.probe === undefined ? options : withProbe(engine, options, options.probe, hash)
          await namingOptions(collectOptionNames, async () => {
            const settings = await collectSettingsOf(watched, id, shape.layers)
            if (options.estimate) {
              const estimate = engine.runs.estimate(settings)
              context.output.result(estimate, () => describe(estimate))
            } else await followRun(context, engine, await engine.runs.start(settings), options.probe)
          })
        }),
      ),
    )
}

/** With what the probe reads among what is captured. @throws not_found, probe_not_done, probe_not_linear, usage_wrong */
function withProbe(
  engine: EngineService,
  options: CollectOptions,
  probe: string,
  modelHash: string,
): CollectOptions {
  const { hook, positions, modelHashes } = engine.probeReader.liveNeeds(probe)
  if (!modelHashes.includes(modelHash))
    throw errors.usageWrong({ reason: `Probe ${probe} learnt from another model than ${options.model}.` })
  if (positions === 'all' && options.capture !== 'all')
    throw errors.usageWrong({ reason: `What probe ${probe} pools needs every position: add --capture all.` })
  return { ...options, hooks: [...options.hooks, hook] }
}

function describe(estimate: RunEstimate): string {
  const time = estimate.seconds === null ? 'unknown before a first run' : duration(estimate.seconds)
  return [
    `At most ${estimate.steps} steps`,
    `memory  ${megabytes(estimate.memoryBytes)} of ${megabytes(estimate.freeMemoryBytes)} free`,
    `disk    ${megabytes(estimate.diskBytes)}`,
    `time    ${time}`,
    ...estimate.warnings,
  ].join('\n')
}
