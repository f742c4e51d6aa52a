// innerview probe: a data set from runs, a probe trained and judged on it; or foreign features.
// Owns: the order of the two, progress, where results go. Not: their options (probeOptions.ts) or the card (probeText.ts).
import { Command } from 'commander'
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { RivalCosts } from '../contract/dataSets.ts'
import { AppError, errors } from '../contract/errors.ts'
import { perceptronSeconds } from '../contract/probeEstimates.ts'
import type { ProbeSettings } from '../contract/probes.ts'
import { probeExportFormat, type ProbeExport } from '../contract/storedProbes.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { judgeFeatures } from '../jobs/probes/foreignFeatures.ts'
import { runCommand, withEngine, type CommandContext } from './context.ts'
import { namingOptions, writableFile } from './options.ts'
import {
  addProbeOptions,
  judgementOf,
  probeOptionNames,
  probeSettingsOf,
  recipeOf,
  type ProbeOptions,
} from './probeOptions.ts'
import { featuresCard, probeCard } from './probeText.ts'

interface Options extends ProbeOptions {
  features?: string
  labels: string
  groups: string
  x: string
  export?: string
}

export function probeCommand(resources: string): Command {
  const command = new Command('probe').description(
    'train a linear probe on what runs stored, and judge it beside its rivals',
  )
  return addProbeOptions(command)
    .option(
      '--features <file>',
      'foreign features instead of runs: .npz or .safetensors, [N, D]; needs no workspace',
    )
    .option('--x <name>', 'their name in the file', 'X')
    .option('--labels <name>', 'name of the labels in the file, or an .npy file of N', 'y')
    .option('--groups <name>', 'name of the groups in the file, or an .npy file of N', 'groups')
    .option('--export <file>', 'write the probe to .safetensors, .npz or .json')
    .action((options: Options, self: Command) =>
      runCommand(self, resources, (context) =>
        options.features === undefined ? probeRuns(context, options) : probeForeign(context, options),
      ),
    )
}

async function probeRuns(context: CommandContext, options: Options): Promise<void> {
  if (options.run.length === 0)
    throw errors.usageWrong({ reason: 'Name runs with --run, or a file with --features.' })
  const place = options.export === undefined ? null : exportPlace('--export', options.export)
  const recipe = await namingOptions(probeOptionNames, () => recipeOf(options))
  const { output, tell, signal } = context
  await withEngine(context, 'change', async (engine) => {
    const dataSet = await namingOptions(probeOptionNames, () => engine.dataSets.create(recipe, tell, signal))
    output.note(`Data set ${dataSet.id}: ${dataSet.rows} steps, ${dataSet.counts.join(' + ')}`)
    const settings = await namingOptions(probeOptionNames, () => probeSettingsOf(options, dataSet.id))
    if (settings.costlyRivals.length > 0)
      output.note(costNote(settings.costlyRivals, engine.dataSets.preview(recipe).rivals))
    const seconds = perceptronSeconds(settings.estimator, {
      ...{ rows: dataSet.rows, width: dataSet.width, permutations: settings.permutations },
      folds: 'folds' in settings.split ? settings.split.folds : 1,
    })
    if (seconds !== null) output.note(`A perceptron on these rows: about ${Math.ceil(seconds)} s`)
    const { id: begun } = await namingOptions(probeOptionNames, () => engine.probes.train(settings))
    const document = await train(context, engine, begun)
    if (!document) return
    const { id } = document.summary
    if (place) await writeExport(engine.probeReader.export(id, place.format), place.file)
    output.result({ id, dataSetId: dataSet.id, ...document.document }, () =>
      [`Probe ${id} on ${dataSet.id}`, probeCard(document.document!)].join('\n\n'),
    )
  })
}

/** What rivals cost that were asked for, before they are computed. */
function costNote(asked: ProbeSettings['costlyRivals'], costs: RivalCosts): string {
  const parts = asked
    .filter((kind) => costs[kind].steps > 0)
    .map((kind) => {
      const { steps, seconds } = costs[kind]
      const name = kind === 'replayed' ? 'embedding and layer 0' : 'random weights'
      return `${name}: ${steps} steps to read${seconds === null ? '' : `, at most ${Math.ceil(seconds)} s`}`
    })
  return parts.length > 0 ? `Rivals, ${parts.join('; ')}` : 'Rivals: all that they read is stored.'
}

/** Until it is done; null where Ctrl-C ended it. @throws what ended the training */
export async function train({ signal, tell }: CommandContext, engine: EngineService, id: string) {
  const cancel = (): void => {
    const isGoingOn = engine.probes.active().some((probe) => probe.id === id) // it may have ended a moment ago
    if (isGoingOn) engine.probes.cancel(id)
  }
  signal.addEventListener('abort', cancel, { once: true })
  const watching = new AbortController()
  const shown = (async () => {
    for await (const event of engine.events(watching.signal))
      if (event.kind === 'probe' && event.probe.id === id && event.probe.progress) tell(event.probe.progress)
  })()
  const { status, error } = await engine.probes.ended(id)
  signal.removeEventListener('abort', cancel)
  watching.abort()
  await shown
  if (error) throw new AppError(error)
  return status === 'done' ? engine.probes.get(id) : null
}

async function probeForeign(context: CommandContext, options: Options): Promise<void> {
  const { features, x, labels, groups } = options
  if (options.run.length > 0)
    throw errors.usageWrong({ reason: 'Give either --run or --features, not both.' })
  if (options.export !== undefined)
    throw errors.usageWrong({ reason: '--export is for probes of runs; --json has the coefficients.' })
  const judged = await namingOptions(probeOptionNames, () =>
    judgeFeatures({ file: features!, x, labels, groups }, judgementOf(options)),
  )
  context.output.result(judged, () => featuresCard(judged))
}

export function exportPlace(
  option: string,
  path: string,
): { file: string; format: 'safetensors' | 'json' | 'npz' } {
  const format = probeExportFormat.safeParse(extname(path).slice(1))
  if (!format.success)
    throw errors.usageWrong({ reason: `${option} wants a file that ends in .safetensors, .npz or .json.` })
  return { file: writableFile(path), format: format.data }
}

export async function writeExport({ data }: ProbeExport, file: string): Promise<void> {
  await writeFile(file, data).catch((error: Error) => {
    throw errors.fileUnwritable({ path: file, reason: error.message }, error)
  })
}
