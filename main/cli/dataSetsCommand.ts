// innerview datasets list|show|remove
// Owns: data sets as text. Not: making them (probeCommand.ts, the window).
import { Command } from 'commander'
import type { DataSetRecord } from '../contract/dataSets.ts'
import { runCommand, withEngine, withEngineOr } from './context.ts'
import { megabytes, table } from './output.ts'
import { programName } from './programName.ts'

const describe = (dataSet: DataSetRecord): string => {
  const { recipe, classes, counts } = dataSet
  return [
    `${dataSet.id}  ${dataSet.name}`,
    `  ${dataSet.rows} steps of ${dataSet.episodes} episodes of ${recipe.runIds.join(', ')}: ${classes.map((name, k) => `${counts[k]} ${name}`).join(', ')}`,
    `  ${recipe.hook}, layers ${dataSet.layers.join(', ')}, ${dataSet.poolings.join(', ')}, ${dataSet.width} values, ${megabytes(dataSet.bytes)}`,
    `  hash ${dataSet.hash.slice(0, 12)}, created ${dataSet.createdAt}`,
    ...(dataSet.missingRuns.length > 0 ? [`  deleted since: ${dataSet.missingRuns.join(', ')}`] : []),
  ].join('\n')
}

export function dataSetsCommand(resources: string): Command {
  const dataSets = new Command('datasets').description('labelled activations of stored steps')
  dataSets
    .command('list')
    .description('list the data sets, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.dataSets.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No data sets yet. Make one with: ${programName} probe --run R`
            : table([
                ['id', 'rows', 'classes', 'runs', 'name'],
                ...list.map((each) => [
                  each.id,
                  String(each.rows),
                  each.classes.map((name, k) => `${each.counts[k]} ${name}`).join(', '),
                  each.recipe.runIds.join(', '),
                  each.missingRuns.length > 0
                    ? `${each.name} (${each.missingRuns.join(', ')} deleted)`
                    : each.name,
                ]),
              ]),
        )
      }),
    )
  dataSets
    .command('show')
    .description('recipe, counts and hash of a data set')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const dataSet = await withEngine(context, 'read', async (engine) => engine.dataSets.get(id))
        context.output.result(dataSet, () => describe(dataSet))
      }),
    )
  dataSets
    .command('remove')
    .description('forget a data set; runs and probes stay')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.dataSets.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return dataSets
}
