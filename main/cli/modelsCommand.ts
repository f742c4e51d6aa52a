// innerview models add|list|remove|check
import { Command } from 'commander'
import type { ModelRecord } from '../contract/models.ts'
import { runCommand, withEngine } from './context.ts'
import { megabytes, table } from './output.ts'

function describe(model: ModelRecord): string {
  const { shape } = model
  const lines = [
    `${model.id}  ${model.name}`,
    `  ${model.architecture}, ${shape.layers} layers × ${shape.residualWidth}, ${(model.parameters / 1e6).toFixed(0)} M parameters, context ${shape.contextLength}`,
    `  ${model.format} ${model.dtype}, ${megabytes(model.sizeBytes)}, needs about ${megabytes(model.memoryBytes)} of memory`,
    `  sha256 ${model.hash}`,
    `  ${model.path}`,
    ...model.notes.map((note) => `  note: ${note}`),
  ]
  return lines.join('\n')
}

export function modelsCommand(resources: string): Command {
  const models = new Command('models').description('models known to the workspace')
  models
    .command('add')
    .description('add a Hugging Face model folder or a .gguf file')
    .argument('<path>')
    .action((path: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const record = await withEngine(context, 'write', (engine) =>
          engine.models.add(
            path,
            (p) => context.output.progress(`${p.label} ${(100 * p.fraction).toFixed(0)} %`),
            context.signal,
          ),
        )
        context.output.result(record, () => describe(record))
      }),
    )
  models
    .command('list')
    .description('list the models')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngine(context, 'read', async (engine) => engine.models.list())
        context.output.result(list, () =>
          list.length === 0
            ? 'No models yet. Add one with: innerview models add PATH'
            : table([
                ['id', 'architecture', 'layers', 'parameters', 'dtype', 'size', 'context', 'path'],
                ...list.map((m) => [
                  m.id,
                  m.architecture,
                  String(m.shape.layers),
                  `${(m.parameters / 1e6).toFixed(0)} M`,
                  m.dtype,
                  megabytes(m.sizeBytes),
                  String(m.shape.contextLength),
                  m.path,
                ]),
              ]),
        )
      }),
    )
  models
    .command('remove')
    .description('forget a model; its files and the runs made with it stay')
    .argument('<id>')
    .action((id: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        await withEngine(context, 'write', async (engine) => engine.models.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  models
    .command('check')
    .description('check a model: files, tokeniser, template, and that it computes the same however it is run')
    .argument('<path>', 'path or id')
    .action((path: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const results = await withEngine(context, 'read', (engine) =>
          engine.models.check(
            path,
            (p) => context.output.progress(`${p.label} ${(100 * p.fraction).toFixed(0)} %`),
            context.signal,
          ),
        )
        const passed = results.every((r) => r.passed)
        context.output.result({ passed, checks: results }, () =>
          table([
            ['', 'check', 'largest error', ''],
            ...results.map((r) => [
              r.passed ? 'ok' : 'FAILED',
              r.name,
              r.largestError === null ? '–' : r.largestError.toExponential(1),
              r.detail,
            ]),
          ]),
        )
        if (!passed) process.exitCode = 1
      }),
    )
  return models
}
