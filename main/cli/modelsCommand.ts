// innerview models add|list|remove|check
// Owns: what is asked of the model library, and its records and checks as text. Not: reading or checking models (jobs/, model/).
import { Command } from 'commander'
import type { ComputeDevice } from '../contract/devices.ts'
import { AppError } from '../contract/errors.ts'
import type { ComputeDtype, ModelCheck, ModelRecord } from '../contract/models.ts'
import { trustOf } from '../contract/modelTrust.ts'
import { defaultCache } from '../folders.ts'
import { checkModel } from '../jobs/checkModel.ts'
import { deviceName } from '../jobs/device.ts'
import { checkDevice } from '../jobs/devices/deviceCheck.ts'
import { deviceChoices } from '../jobs/devices/deviceChecks.ts'
import { hashConfig, hashModel } from '../model/hashModel.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { runtimeVersion, version } from '../version.ts'
import { runCommand, withEngine, withEngineOr, type CommandContext } from './context.ts'
import { modelPath } from './modelPath.ts'
import { checkTable, deviceCheckText, deviceTable } from './deviceText.ts'
import { deviceOption, dtypeOption } from './options.ts'
import { megabytes, table, shortCount } from './output.ts'
import { programName } from './programName.ts'

/** The record's memory estimate is for so many sequences at once, of so many tokens (contract/models.ts). */
const ESTIMATE_ROWS = 16
const ESTIMATE_TOKENS = 2048

const estimateTokens = ({ shape }: ModelRecord): number => Math.min(ESTIMATE_TOKENS, shape.contextLength)

function describe(model: ModelRecord): string {
  const { shape } = model
  const lines = [
    `${model.id}  ${model.name}`,
    `  ${model.architecture}, ${shape.layers} layers × ${shape.residualWidth}, ${shortCount(model.parameters)} parameters, context ${shape.contextLength}`,
    `  ${model.format} ${model.dtype}, ${megabytes(model.sizeBytes)}, needs about ${megabytes(model.memoryBytes)} of memory for ${ESTIMATE_ROWS} rows of ${estimateTokens(model)} tokens`,
    `  sha256 ${model.hash}`,
    `  ${model.path}`,
    ...model.notes.map((note) => `  note: ${note}`),
  ]
  return lines.join('\n')
}

/** One line: what the last check in each dtype found, and whether it still holds. */
function describeTrust(model: ModelRecord): string {
  const ground = { innerview: version, onnxruntime: runtimeVersion, device: deviceName() }
  const dtypes: ComputeDtype[] = ['float32', ...model.otherChecks.map(({ dtype }) => dtype)]
  return dtypes
    .map((dtype) => {
      const { text, changes } = trustOf(model, ground, dtype)
      const found = changes.length === 0 ? text : `${text} (${changes.join('; ')})`
      return dtype === 'float32' ? found : `${dtype}: ${found}`
    })
    .join('; ')
}

/**
 * With the model in the workspace, where there is one; a check is of use without that too.
 * @returns whether the workspace has the model and keeps it
 */
async function keepCheck(context: CommandContext, path: string, check: ModelCheck): Promise<boolean> {
  try {
    return await withEngine(context, 'change', (engine) => engine.models.keepCheck(path, check))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code !== 'workspace_missing')
      context.output.note(`What was found is not kept in the workspace: ${error.message}`)
    return false
  }
}

interface Computing {
  dtype: ComputeDtype
  device: ComputeDevice
}

/** What is found is kept in the cache, for every workspace. */
async function tryDevice(context: CommandContext, path: string, use: Computing): Promise<void> {
  const check = await checkDevice({ ...use, path, cacheFolder: defaultCache() }, context.tell, context.signal)
  const passed = check.results.every((result) => result.passed)
  context.output.result({ passed, ...check }, () => deviceCheckText(check))
  if (!passed) process.exitCode = 1
}

export function modelsCommand(resources: string): Command {
  const models = new Command('models').description('models known to the workspace')
  models
    .command('add')
    .description('add a Hugging Face model folder or a .gguf file')
    .argument('<path>')
    .action((path: string, _options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const record = await withEngine(context, 'create', (engine) =>
          engine.models.add(path, context.tell, context.signal),
        )
        context.output.result(record, () => describe(record))
      }),
    )
  models
    .command('list')
    .description('list the models')
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const list = await withEngineOr(context, [], async (engine) => engine.models.list())
        context.output.result(list, () =>
          list.length === 0
            ? `No models yet. Add one with: ${programName} models add PATH, or use the one that ships with the app: --model embedded`
            : table([
                [
                  'id',
                  'architecture',
                  'layers',
                  'parameters',
                  'dtype',
                  'size',
                  'context',
                  'memory (rows × tokens)',
                  'sha256',
                  'check',
                  'path',
                ],
                ...list.map((m) => [
                  m.id,
                  m.architecture,
                  String(m.shape.layers),
                  shortCount(m.parameters),
                  m.dtype,
                  megabytes(m.sizeBytes),
                  String(m.shape.contextLength),
                  `${megabytes(m.memoryBytes)} (${ESTIMATE_ROWS} × ${estimateTokens(m)})`,
                  m.hash.slice(0, 12),
                  describeTrust(m),
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
        await withEngine(context, 'change', async (engine) => engine.models.remove(id))
        context.output.result({ removed: id }, () => `Removed ${id}.`)
      }),
    )
  models
    .command('check')
    .description('check a model: files, tokeniser, template, and that it computes the same however it is run')
    .argument('<path>', 'path or id')
    .addOption(dtypeOption())
    .addOption(deviceOption('instead, check a device: every hook point against cpu, and how fast it is'))
    .action((path: string, { dtype, device }: Computing, command: Command) =>
      runCommand(command, resources, async (context) => {
        const full = await modelPath(context, path)
        if (device !== 'cpu') return tryDevice(context, full, { dtype, device })
        const options = { cacheFolder: defaultCache(), dtype }
        const check = await checkModel(full, options, context.tell, context.signal)
        const stored = await keepCheck(context, full, check)
        const { results, ...about } = check
        const passed = results.every((r) => r.passed)
        context.output.result({ passed, stored, ...about, checks: results }, () => checkTable(results))
        if (!passed) process.exitCode = 1
      }),
    )
  models
    .command('devices')
    .description('what a model can be computed on here')
    .argument('<path>', 'path or id')
    .addOption(dtypeOption())
    .action((path: string, { dtype }: Pick<Computing, 'dtype'>, command: Command) =>
      runCommand(command, resources, async (context) => {
        const files = await openModelFiles(await modelPath(context, path))
        const hash = await hashModel(files, { signal: context.signal })
        const use = { hash, configHash: hashConfig(files.config), dtype }
        const choices = await deviceChoices(defaultCache(), use)
        context.output.result(choices, () => deviceTable(choices))
      }),
    )
  return models
}
