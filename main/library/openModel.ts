// From a path or a name to a model at work.
// Owns: what a caller may name, where caches lie, the workspace behind it. Not: reading files (model/) or what a model can do (model.ts).
import { existsSync } from 'node:fs'
import { computeDevice, type ComputeDevice } from '../contract/devices.ts'
import { AppError, errors } from '../contract/errors.ts'
import { nearestNames } from '../contract/nearestNames.ts'
import { computeDtype, type ComputeDtype } from '../contract/models.ts'
import { defaultCache, defaultWorkspace } from '../folders.ts'
import { embeddedModelFolder, embeddedModelId } from '../jobs/embeddedModel.ts'
import { runReader } from '../jobs/interventions.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { Workspace } from '../store/workspace.ts'
import { LoadedParts } from './loadedParts.ts'
import { createModel, type Model } from './model.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'

export interface OpenOptions {
  /**
   * A workspace's folder, read only: its models can be named, and interventions may take activations of its runs. Where left out, the
   * usual one is looked into for a name that is no path.
   */
  workspace?: string
  /** For what is made of GGUF files, once; the usual one where left out. */
  cacheFolder?: string
  /**
   * What is computed with (docs/models.md): `float32` where left out, the only one for measurement. `int8` and `int4` round floats, `gguf` takes a
   * GGUF file's own blocks.
   */
  dtype?: ComputeDtype
  /** What it is computed on: `cpu` where left out, any other once its check has passed (docs/models.md). */
  device?: ComputeDevice
  /** Runs at once; further ones wait. 16 where left out. */
  rows?: number
  /** Threads of the computation; the machine's cores where left out. Results do not depend on it. */
  threads?: number
  signal?: AbortSignal
  /** Told what it does, fraction 0 … 1. */
  onProgress?: (progress: { label: string; fraction: number }) => void
}

const openOptions: OptionKinds<OpenOptions> = {
  workspace: 'text',
  cacheFolder: 'text',
  dtype: computeDtype.options,
  device: computeDevice.options,
  rows: 'number',
  threads: 'number',
  signal: 'signal',
  onProgress: 'function',
}

const nothing = (): void => {}
/** What ids are made of (jobs/modelLibrary.ts); anything else is a path. */
const idForm = /^[a-z0-9-]+$/

/**
 * Loads a model in a worker of its own. Close it when done, or declare it with `await using`.
 * @param pathOrId  a Hugging Face folder, a GGUF file, `embedded` for the model that ships with Innerview, or a workspace's model
 * @throws model_…, dtype_unavailable, device_unavailable, device_unchecked, architecture_unsupported, tokenizer_invalid, not_enough_memory, model_unknown, workspace_…; the signal's reason
 */
export async function openModel(pathOrId: string, options: OpenOptions = {}): Promise<Model> {
  checkOptions('openModel', options, openOptions)
  if (typeof pathOrId !== 'string')
    throw new TypeError(`openModel takes a path or a name, not ${typeof pathOrId}`)
  const { rows = 16, signal = new AbortController().signal, onProgress = nothing } = options
  signal.throwIfAborted()
  const isId = idForm.test(pathOrId) && pathOrId !== embeddedModelId && !existsSync(pathOrId)
  const folder = options.workspace ?? (isId ? defaultWorkspace() : null)
  const workspace =
    folder === null ? null : openWorkspace(folder, { pathOrId, isNamed: options.workspace !== undefined })
  const leave = (): void => workspace?.close()
  try {
    const files = await openModelFiles(pathOf(pathOrId, workspace))
    const parts = await LoadedParts.load(files, {
      cacheFolder: options.cacheFolder ?? defaultCache(),
      dtype: options.dtype ?? 'float32',
      device: options.device ?? 'cpu',
      rows,
      threads: options.threads,
      signal,
      onProgress,
    })
    return createModel({ parts, readRun: workspace && runReader(workspace) }, leave)
  } catch (error) {
    leave()
    throw error
  }
}

/** The usual workspace need not be there: then nothing has that name. */
function openWorkspace(folder: string, asked: { pathOrId: string; isNamed: boolean }): Workspace {
  try {
    return Workspace.open(folder, { readOnly: true })
  } catch (error) {
    const isAbsent = error instanceof AppError && error.code === 'workspace_missing'
    throw isAbsent && !asked.isNamed ? unknown(asked.pathOrId, []) : error
  }
}

const unknown = (name: string, ids: readonly string[]): AppError =>
  errors.modelUnknown({ name, near: nearestNames(name, [embeddedModelId, ...ids]) })

function pathOf(pathOrId: string, workspace: Workspace | null): string {
  if (pathOrId === embeddedModelId) return embeddedModelFolder(resourcesFolder())
  const models = workspace?.models.list() ?? []
  const record = models.find(({ id }) => id === pathOrId)
  if (record) return record.path
  if (idForm.test(pathOrId) && !existsSync(pathOrId))
    throw unknown(
      pathOrId,
      models.map(({ id }) => id),
    )
  return pathOrId
}
