// Interventions for a model: from a file or a setting to what a step is asked with.
// Owns: reading such files, the model's side of the check, activations out of a workspace's runs. Not: what interventions mean (inference/).
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { errors, type AppError } from '../contract/errors.ts'
import {
  interventionFile,
  interventionList,
  type ActivationSource,
  type InterventionSetting,
} from '../contract/interventions.ts'
import type { ComputeDtype } from '../contract/models.ts'
import { planInterventions, type PlannedIntervention } from '../inference/interventionPlan.ts'
import type { ReadRun, StoredTensor } from '../inference/interventionSources.ts'
import { hashModel, hashTokenizer } from '../model/hashModel.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { readTokenizer, type Tokenizer } from '../model/tokenizer.ts'
import type { Workspace } from '../store/workspace.ts'
import { readDataSet } from './probes/dataSetSource.ts'
import { readProbeDirection } from './probes/probeSource.ts'
import { parseSettings } from './settings.ts'
import { readVector } from './steering/vectorRows.ts'

/**
 * The interventions of a JSON file; paths in it are relative to the file.
 * @param field  for messages: what named the file
 * @throws invalid_input
 */
export async function readInterventions(file: string, field: string): Promise<InterventionSetting[]> {
  const wrong = (reason: string, cause: unknown) => errors.invalidInput({ field, reason }, cause)
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw wrong(cause.message, cause)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong(`${file} is not JSON: ${(cause as Error).message}`, cause)
  }
  const folder = dirname(resolve(file))
  if (typeof value !== 'object' || value === null)
    throw wrong(`${file} holds no list of interventions, nor an object that has one`, undefined)
  const list = parseFile(value, (reason, cause) => wrong(`${file}: ${reason}`, cause))
  return list.map((setting) => withPaths(setting, folder))
}

function parseFile(value: object, wrong: (reason: string, cause: unknown) => Error): InterventionSetting[] {
  try {
    return Array.isArray(value)
      ? parseSettings(interventionList, value)
      : parseSettings(interventionFile, value).interventions
  } catch (cause) {
    throw wrong((cause as AppError).message, cause) // all that it throws
  }
}

function withPaths(setting: InterventionSetting, folder: string): InterventionSetting {
  const absolute = (source: ActivationSource): ActivationSource =>
    'file' in source ? { ...source, file: resolve(folder, source.file) } : source
  return {
    ...setting,
    ...('source' in setting && { source: absolute(setting.source) }),
    ...('vector' in setting && { vector: absolute(setting.vector) }),
    ...(setting.gate && { gate: { ...setting.gate, vector: absolute(setting.gate.vector) } }),
  } as InterventionSetting // only sources were exchanged, each for one of its own kind
}

/** What a setting takes its numbers from, by the key that names it. */
function sourcesOf(setting: InterventionSetting): [key: string, source: ActivationSource][] {
  const found: [string, ActivationSource | undefined][] = [
    ['source', 'source' in setting ? setting.source : undefined],
    ['vector', 'vector' in setting ? setting.vector : undefined],
    ['gate.vector', setting.gate?.vector],
  ]
  return found.filter((each): each is [string, ActivationSource] => each[1] !== undefined)
}

/** Whether something is named that only a workspace has. */
export const namesRuns = (settings: readonly InterventionSetting[]): boolean =>
  settings.some((setting) =>
    sourcesOf(setting).some(([, source]) => !('file' in source || 'values' in source)),
  )

/** A setting that is stored must not depend on the folder that a process was started in. @throws invalid_input */
export function requireFullPaths(settings: readonly InterventionSetting[]): void {
  for (const [index, setting] of settings.entries())
    for (const [key, source] of sourcesOf(setting))
      if ('file' in source && !isAbsolute(source.file))
        throw errors.invalidInput({
          field: `interventions.${index}.${key}.file`,
          reason: `“${source.file}” is no full path`,
        })
}

/**
 * Everything about interventions that can be wrong before a prompt is there.
 * @param known  the weights' hash, where somebody has it; `readRun` is null without a workspace
 * @throws hook_unknown, layer_out_of_range, the intervention_… errors, not_found, not_captured
 */
export async function planForModel(
  settings: readonly InterventionSetting[],
  files: ModelFiles,
  known: { modelHash?: string; computeDtype: ComputeDtype; readRun: ReadRun | null },
): Promise<PlannedIntervention[]> {
  if (settings.length === 0) return []
  const { tokenizer, tokenizerHash } = await readingOf(files)
  let hash: Promise<string> | undefined
  return planInterventions(settings, {
    shape: files.config.shape,
    model: {
      modelHash: () => (hash ??= known.modelHash ? Promise.resolve(known.modelHash) : hashModel(files)),
      tokenizerHash,
      computeDtype: known.computeDtype,
    },
    readRun: known.readRun,
    encode: (text) => tokenizer.encode(text, { special: false }),
  })
}

const readings = new WeakMap<ModelFiles, Promise<{ tokenizer: Tokenizer; tokenizerHash: string }>>()

/** The files' tokeniser, read once and kept as long as they are: a sweep plans dozens of conditions of one model. */
export function readingOf(files: ModelFiles): Promise<{ tokenizer: Tokenizer; tokenizerHash: string }> {
  const known = readings.get(files)
  if (known) return known
  const reading = Promise.all([readTokenizer(files), hashTokenizer(files.tokenizer)]).then(
    ([tokenizer, tokenizerHash]) => ({ tokenizer, tokenizerHash }),
  )
  readings.set(files, reading)
  return reading
}

/** Reads what a workspace's runs captured, one step's or a row for every step; its data sets; vectors of its library; its probes. */
export const runReader =
  (workspace: Workspace): ReadRun =>
  (source, hook) => {
    if ('vector' in source) return Promise.resolve(readVector(workspace, source, hook))
    if ('probe' in source) return Promise.resolve(readProbeDirection(workspace, source, hook))
    if ('dataSet' in source) return Promise.resolve(readDataSet(workspace, source, hook))
    const { run: runId, episode, step, at } = source
    const { manifest } = workspace.runs.get(runId)
    const found = (tensor: { data: Float32Array; shape: readonly number[] }, what: string): StoredTensor => ({
      data: tensor.data,
      shape: tensor.shape,
      modelHash: manifest.modelHash,
      tokenizerHash: manifest.tokenizerHash,
      computeDtype: manifest.computeDtype,
      provenance: `run ${runId}, ${hook}, ${what}`,
      isSequence: at === 'all',
    })
    if (episode !== undefined && step !== undefined) {
      const address = { runId, episode, step, hook }
      const what = `${at} of episode ${episode}, step ${step}`
      const { activations } = workspace
      return Promise.resolve(
        found(at === 'all' ? activations.positions(address) : activations.get({ ...address, at }), what),
      )
    }
    if (at === 'all')
      throw errors.invalidInput({ field: 'source.at', reason: '“all” needs an episode and a step' })
    const matrix = workspace.activations.matrix({ runId, hook, at })
    const rows = matrix.keys.flatMap((key, row) =>
      (episode === undefined || key.episode === episode) && (step === undefined || key.step === step)
        ? [row]
        : [],
    )
    if (rows.length === 0)
      throw errors.notCaptured({ runId, episode: episode ?? 0, step: step ?? 0, hook, what: at })
    const [, width] = matrix.shape
    const data = new Float32Array(rows.length * width)
    rows.forEach((row, index) =>
      data.set(matrix.data.subarray(row * width, (row + 1) * width), index * width),
    )
    return Promise.resolve(found({ data, shape: [rows.length, width] }, `${at} of ${rows.length} steps`))
  }
