// innerview import: runs out of other tools' files.
// Owns: the options and what is told of the runs. Not: reading or storing them (jobs/imports/).
import { Command, Option } from 'commander'
import { importInput } from '../contract/imports.ts'
import { capturePositions, type RunRecord } from '../contract/runs.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine } from './context.ts'
import { namingOptions } from './options.ts'

export function importCommand(resources: string): Command {
  return new Command('import')
    .description(
      'bring in what ARES’ scripts wrote: a folder of episode_0000.pt …, of step_0000.pt …, or results.json',
    )
    .argument('<path>')
    .option('--name <name>', 'shown in lists; the folder’s name where left out', '')
    .addOption(
      new Option('--positions <which>', 'activations that are kept of each step')
        .choices(capturePositions.options)
        .default('all'),
    )
    .action((path: string, options: { name: string; positions: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const { tell, signal } = context
        const runs = await namingOptions({ path: '<path>', name: '--name' }, () => {
          const input = parseSettings(importInput, { path, ...options })
          return withEngine(context, 'create', (engine) => engine.imports.import(input, { tell, signal }))
        })
        context.output.result(runs, () => runs.map(describe).join('\n'))
      }),
    )
}

function describe({ id, name, manifest, progress }: RunRecord): string {
  const { episodes, steps, invalid } = progress
  return [
    `${id}  ${name}`,
    `  ${episodes} episodes, ${steps} steps, ${invalid} invalid, of ${manifest.modelName}`,
    `  not in the files: ${manifest.imported?.missing.join(', ') ?? 'nothing'}`,
  ].join('\n')
}
