// innerview probes list|show|export|resume|remove
// Owns: what is asked of stored probes. Not: training a new one (probeCommand.ts) or its card (probeText.ts).
import { Command } from 'commander'
import { runCommand, withEngine, withEngineOr } from './context.ts'
import { table } from './output.ts'
import { exportPlace, train, writeExport } from './probeCommand.ts'
import { estimateText, probeCard } from './probeText.ts'
import { programName } from './programName.ts'

export function probesCommand(resources: string): Command {
  const probes = new Command('probes').description('probes stored in the workspace')
  probes
    .command('list')
    .description('list the probes, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.probes.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No probes yet. Train one with: ${programName} probe --run R`
            : table([
                ['id', 'status', 'data set', 'layer', 'pooling', 'AUROC', 'probe − best rival', 'name'],
                ...list.map((each) => [
                  each.id,
                  each.status,
                  each.dataSetId,
                  each.layer === null ? '–' : String(each.layer),
                  each.pooling ?? '–',
                  each.auroc ? estimateText(each.auroc) : '–',
                  each.advantage ? estimateText(each.advantage) : '–',
                  each.name,
                ]),
              ]),
        )
      }),
    )
  probes
    .command('show')
    .description('a probe’s figures, rivals, controls and warnings')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const { summary, document } = await withEngine(context, 'read', async (engine) =>
          engine.probes.get(id),
        )
        context.output.result({ ...summary, document }, () =>
          [
            `${summary.id}  ${summary.name}  ${summary.status}`,
            document
              ? probeCard(document)
              : summary.error
                ? `${summary.error.title}: ${summary.error.message} ${summary.error.cure}`
                : '',
          ]
            .join('\n\n')
            .trim(),
        )
      }),
    )
  probes
    .command('export')
    .description('write a probe to .safetensors (interventions can name it), .npz or .json')
    .argument('<id>')
    .requiredOption('--out <file>', 'the file to write')
    .action((id: string, { out }: { out: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const { file, format } = exportPlace('--out', out)
        const written = await withEngine(context, 'read', async (engine) =>
          engine.probeReader.export(id, format),
        )
        await writeExport(written, file)
        context.output.result({ id, out: file }, () => `${id} in ${file}`)
      }),
    )
  probes
    .command('resume')
    .description('go on with an interrupted, cancelled or failed training')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'change', async (engine) => {
          engine.probes.resume(id)
          const done = await train(context, engine, id)
          if (done) context.output.result({ id, ...done.document }, () => probeCard(done.document!))
        }),
      ),
    )
  probes
    .command('remove')
    .description('delete a probe')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.probes.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return probes
}
