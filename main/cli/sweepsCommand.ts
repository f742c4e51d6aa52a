// innerview sweeps list|show|tables|resume|extend|cancel|judge|rename|remove
// Owns: what is asked of stored sweeps. Not: starting one (sweepCommand.ts) or its card (sweepText.ts).
import { Command } from 'commander'
import { errors } from '../contract/errors.ts'
import { namingOptions } from './options.ts'
import { runCommand, withEngine, withEngineOr } from './context.ts'
import { table } from './output.ts'
import { programName } from './programName.ts'
import { followSweep, showProgress } from './sweepCommand.ts'
import { addExtendOptions, sweepChangesOf, sweepOptionNames, type ExtendOptions } from './sweepOptions.ts'
import { sweepCard, tablesText } from './sweepText.ts'

export function sweepsCommand(resources: string): Command {
  const sweeps = new Command('sweeps').description('steering sweeps stored in the workspace')
  sweeps
    .command('list')
    .description('list the sweeps, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.sweeps.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No sweeps yet. Start one with: ${programName} sweep --model M --vector V`
            : table([
                ['id', 'status', 'conditions', 'name', 'verdict'],
                ...list.map(({ id, status, conditions, name, overall }) => [
                  id,
                  status,
                  String(conditions.length),
                  name,
                  overall ? `[${overall.colour}] ${overall.sentence}` : '–',
                ]),
              ]),
        )
      }),
    )
  sweeps
    .command('show')
    .description('a sweep’s conditions and verdict')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const sweep = await withEngine(context, 'read', async (engine) => engine.sweeps.get(id))
        context.output.result(sweep, () => sweepCard(sweep))
      }),
    )
  sweeps
    .command('tables')
    .description('the case study’s tables: overall, by phase, by step, question marks')
    .argument('<id>')
    .option('--cell <words>', 'vector, layer and place as “sweeps show” names them (the headline’s)')
    .action((id: string, { cell }: { cell?: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const tables = await withEngine(context, 'read', (engine) =>
          engine.sweeps.tables(id, cell, context.signal),
        )
        context.output.result(tables, () => tablesText(tables))
      }),
    )
  sweeps
    .command('resume')
    .description('go on with a sweep that rests, and judge it')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, (context) =>
        withEngine(context, 'change', async (engine) => {
          await engine.sweeps.resume(id)
          await followSweep(context, engine, id)
        }),
      ),
    )
  addExtendOptions(
    sweeps
      .command('extend')
      .description('add conditions to a sweep: doses, vectors, layers, places, a gate, controls')
      .argument('<id>'),
  ).action((id: string, options: ExtendOptions, command: Command) =>
    runCommand(command, resources, (context) =>
      withEngine(context, 'change', async (engine) => {
        await namingOptions(sweepOptionNames, async () =>
          engine.sweeps.extend(id, sweepChangesOf(options, engine.sweeps.get(id).settings)),
        )
        await followSweep(context, engine, id)
      }),
    ),
  )
  sweeps
    .command('cancel')
    .description('give up a sweep that rests; what it has played stays')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const sweep = await withEngine(context, 'change', async (engine) => engine.sweeps.cancel(id))
        context.output.result(sweep, () => `${sweep.id} is ${sweep.status}.`)
      }),
    )
  sweeps
    .command('judge')
    .description('judge a sweep anew')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const sweep = await withEngine(context, 'change', async (engine) => {
          const watching = new AbortController()
          const shown = showProgress(context, engine, id, watching.signal)
          try {
            return await engine.sweeps.judge(id)
          } finally {
            watching.abort()
            await shown
          }
        })
        context.output.result(sweep, () => sweepCard(sweep))
      }),
    )
  sweeps
    .command('rename')
    .description('give a sweep another name')
    .argument('<id>')
    .argument('<name>')
    .action((id: string, name: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        if (name.trim() === '') throw errors.invalidInput({ field: '<name>', reason: 'it cannot be empty' })
        const sweep = await withEngine(context, 'change', async (engine) =>
          engine.sweeps.rename(id, name.trim().slice(0, 200)),
        )
        context.output.result(sweep, () => `${sweep.id} is now called ${sweep.name}.`)
      }),
    )
  sweeps
    .command('remove')
    .description('delete a sweep with its runs')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.sweeps.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return sweeps
}
