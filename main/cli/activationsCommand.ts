// innerview activations: what a run captured, as a safetensors file.
// Owns: which hook points, at which decision point, into which file. Not: reading and writing them (jobs/exportActivations.ts).
import { Command, Option } from 'commander'
import { exportActivations } from '../jobs/exportActivations.ts'
import { runCommand } from './context.ts'
import { moreHooks, writableFile } from './options.ts'

const points = ['lastPrompt', 'firstGenerated', 'meanPrompt', 'meanGenerated'] as const

interface ActivationOptions {
  hook: string[]
  at: (typeof points)[number]
  out: string
}

export function activationsCommand(resources: string): Command {
  return new Command('activations')
    .description('write what a run captured to a safetensors file: [N, D] a hook point, one row a step')
    .argument('<run>')
    .option(
      '--hook <hooks...>',
      'hook points; * stands for any layer (all that were captured)',
      moreHooks,
      [],
    )
    .addOption(new Option('--at <point>', 'decision point of a step').choices(points).default('lastPrompt'))
    .requiredOption('--out <file>', 'the file to write')
    .action((runId: string, { hook: hooks, at, out }: ActivationOptions, command: Command) =>
      runCommand(command, resources, async (context) => {
        const exported = await exportActivations(
          { workspaceFolder: context.options.workspace, runId, hooks, at, out: writableFile(out) },
          context.tell,
          context.signal,
        )
        context.output.result(exported, () =>
          [
            `${exported.steps} steps at ${at} in ${exported.out}`,
            ...exported.tensors.map(({ name, shape }) => `  ${name} [${shape.join(', ')}]`),
          ].join('\n'),
        )
      }),
    )
}
