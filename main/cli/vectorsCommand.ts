// innerview vectors list|show|import|export|rename|remove
// Owns: what is asked of the library of vectors. Not: making one from runs (vectorCommand.ts) or its card (vectorText.ts).
import { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { errors } from '../contract/errors.ts'
import { runCommand, withEngine, withEngineOr } from './context.ts'
import { namingOptions } from './options.ts'
import { table } from './output.ts'
import { programName } from './programName.ts'
import { vectorPlace, writeVector } from './vectorCommand.ts'
import { originWords, vectorCard } from './vectorText.ts'

export function vectorsCommand(resources: string): Command {
  const vectors = new Command('vectors').description('steering vectors stored in the workspace')
  vectors
    .command('list')
    .description('list the vectors, newest first')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.vectors.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No vectors yet. Make one with: ${programName} vector --run R --label invalid`
            : table([
                ['id', 'rows', 'width', 'model', 'made from', 'name'],
                ...list.map((each) => [
                  each.id,
                  String(each.rows.length),
                  String(each.width),
                  each.model?.name ?? '–',
                  originWords(each.origin),
                  each.name,
                ]),
              ]),
        )
      }),
    )
  vectors
    .command('show')
    .description('a vector’s figures and flags')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const record = await withEngine(context, 'read', async (engine) => engine.vectors.get(id))
        context.output.result(record, () => vectorCard(record))
      }),
    )
  vectors
    .command('import')
    .description('take a .safetensors, .npy or GGUF control vector into the library')
    .argument('<file>')
    .option('--name <text>', 'its name', '')
    .option('--model <model>', 'model that it is for, where the file does not say')
    .option('--hook <name>', 'hook point of its rows, where the file does not say')
    .action((file: string, options: { name: string; model?: string; hook?: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const data = await readFile(file).catch((cause: Error) => {
          throw errors.invalidInput({ field: '<file>', reason: cause.message })
        })
        const record = await withEngine(context, 'create', async (engine) => {
          const { name, hook } = options
          const model =
            options.model && (await engine.models.findOrAdd(options.model, context.tell, context.signal))
          return namingOptions({ hook: '--hook', modelId: '--model' }, () =>
            engine.vectors.import({
              fileName: basename(file),
              data,
              name,
              ...(model && { modelId: model.id }),
              ...(hook !== undefined && { hook }),
            }),
          )
        })
        context.output.result(record, () => vectorCard(record))
      }),
    )
  vectors
    .command('export')
    .description('write a vector to .safetensors, .npy or .gguf (for llama.cpp)')
    .argument('<id>')
    .requiredOption('--out <file>', 'the file to write')
    .action((id: string, { out }: { out: string }, command: Command) =>
      runCommand(command, resources, async (context) => {
        const { file, format } = vectorPlace('--out', out)
        const written = await withEngine(context, 'read', async (engine) => engine.vectors.export(id, format))
        await writeVector(written, file)
        context.output.result({ id, out: file }, () => `${id} in ${file}`)
      }),
    )
  vectors
    .command('rename')
    .description('give a vector another name')
    .argument('<id>')
    .argument('<name>')
    .action((id: string, name: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        if (name.trim() === '') throw errors.invalidInput({ field: '<name>', reason: 'it cannot be empty' })
        const renamed = await withEngine(context, 'change', async (engine) =>
          engine.vectors.rename(id, name.trim().slice(0, 200)),
        )
        context.output.result(renamed, () => `${renamed.id} is now called ${renamed.name}.`)
      }),
    )
  vectors
    .command('remove')
    .description('delete a vector')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'change', async (engine) => engine.vectors.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  return vectors
}
