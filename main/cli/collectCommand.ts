// innerview collect
// Owns: from options to a run that is followed, or to its estimate. Not: the options (collectOptions.ts) or the run's course.
import { Command } from 'commander'
import type { RunEstimate } from '../contract/api.ts'
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
  return addCollectOptions(collect).action((options: CollectOptions, command: Command) =>
    runCommand(command, resources, (context) =>
      withEngine(context, 'create', async (engine) => {
        const { id, shape } = await engine.models.findOrAdd(options.model, context.tell, context.signal)
        await namingOptions(collectOptionNames, async () => {
          const settings = await collectSettingsOf(options, id, shape.layers)
          if (options.estimate) {
            const estimate = engine.runs.estimate(settings)
            context.output.result(estimate, () => describe(estimate))
          } else await followRun(context, engine, await engine.runs.start(settings))
        })
      }),
    ),
  )
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
