// Activations that interventions name, read into tables of rows.
// Owns: safetensors files and inline numbers, shapes, and refusing what another model or tokeniser made. Not: a workspace's runs
// (whoever has one passes a reader in) or what the rows are used for (interventionPlan.ts).
import { AppError, errors } from '../contract/errors.ts'
import type { ActivationSource } from '../contract/interventions.ts'
import type { ComputeDtype } from '../contract/models.ts'
import { nearestNames } from '../contract/nearestNames.ts'
import type { HookPoint } from '../model/hookNames.ts'
import { readSafetensorsHeader } from '../model/safetensors.ts'
import { readFloats } from '../model/safetensorsNumbers.ts'
import type { RowTable } from './interventions.ts'

/** What only a workspace has: activations of its runs, data sets of them, vectors of its library, its probes. */
export type WorkspaceSource = Extract<
  ActivationSource,
  { run: string } | { dataSet: string } | { vector: string } | { probe: string }
>

/** First and last step of an episode that a row is for, both included; no last one where it is for all that follow. */
export type StepRange = readonly [first: number, last: number | null]

/** Activations as somebody stored them. */
export interface StoredTensor {
  data: Float32Array
  shape: readonly number[]
  /** Hashes of the model that made them, where they are known. */
  modelHash?: string
  tokenizerHash?: string
  /** What it computed with. */
  computeDtype?: string
  /** For results: which file, or which run. */
  provenance: string
  /** Rows are the positions of a sequence, position 0 the first; else each is one of a set. */
  isSequence: boolean
  /** Where each row is for some steps of an episode only. */
  steps?: readonly StepRange[]
}

/** A source's rows at a hook point. */
export interface SourceRows {
  table: RowTable
  provenance: string
  isSequence: boolean
  steps?: readonly StepRange[]
}

/** What a source must agree with. */
export interface SourceModel {
  /** Asked only where a source says what made it: hashing takes a while. */
  modelHash: () => Promise<string>
  tokenizerHash: string
  computeDtype: ComputeDtype
}

/** Reads what only a workspace has. @throws not_found, not_captured, data_set_lacks, data_set_run_gone, vector_lacks, probe_lacks */
export type ReadRun = (source: WorkspaceSource, hook: string) => Promise<StoredTensor>

export interface SourceReader {
  model: SourceModel
  /** Null where there is no workspace. */
  readRun: ReadRun | null
}

/** Where a table is for. */
export interface SourcePlace {
  /** The intervention's name. */
  intervention: string
  point: HookPoint
  /** `vector`, `source` or `gate`, for messages. */
  what: string
}

const describe = (source: ActivationSource): string =>
  'file' in source
    ? `${source.tensor} of ${source.file}`
    : 'run' in source
      ? `run ${source.run}`
      : 'vector' in source
        ? `vector ${source.vector}`
        : 'dataSet' in source
          ? `data set ${source.dataSet}`
          : 'probe' in source
            ? `probe ${source.probe}`
            : 'values'

/**
 * The rows of a source at a hook point, with where they come from.
 * @throws intervention_source_missing, intervention_foreign, intervention_width
 */
export async function readSource(
  source: ActivationSource,
  reader: SourceReader,
  place: SourcePlace,
): Promise<SourceRows> {
  const missing = (reason: string, cause?: unknown): Error =>
    errors.interventionSourceMissing(
      { intervention: place.intervention, source: describe(source), reason },
      cause,
    )
  if ('values' in source) {
    const data = Float32Array.from(source.values)
    return { table: asTable({ data, shape: [data.length] }, place), provenance: 'values', isSequence: false }
  }
  const stored =
    'file' in source ? await readFile(source, missing) : await readRun(source, reader, place, missing)
  await checkOrigin(stored, reader.model, place.intervention)
  const { provenance, isSequence, steps } = stored
  return { table: asTable(stored, place), provenance, isSequence, ...(steps && { steps }) }
}

async function readFile(
  { file, tensor }: Extract<ActivationSource, { file: string }>,
  missing: (reason: string, cause?: unknown) => Error,
): Promise<StoredTensor> {
  const header = await readSafetensorsHeader(file).catch((error: unknown) => {
    throw missing(error instanceof AppError ? error.message : String(error), error)
  })
  const entry = header.tensors.get(tensor)
  if (!entry) {
    const near = nearestNames(tensor, [...header.tensors.keys()])
    throw missing(`the file has no such tensor; it has ${near.join(', ') || 'none'}`)
  }
  const data = await readFloats(file, entry)
  if (!data) throw missing(`the tensor is ${entry.dtype}, which holds no activations`)
  const {
    model_hash: modelHash,
    tokenizer_hash: tokenizerHash,
    compute_dtype: computeDtype,
  } = header.metadata
  return {
    data,
    shape: entry.shape,
    modelHash,
    tokenizerHash,
    computeDtype,
    provenance: `${file} ${tensor}`,
    isSequence: entry.shape.length > 2 && entry.shape[0] === 1,
  }
}

function readRun(
  source: WorkspaceSource,
  { readRun: read }: SourceReader,
  { point }: SourcePlace,
  missing: (reason: string) => Error,
): Promise<StoredTensor> {
  if (!read) throw missing('no workspace is open here')
  return read(source, point.name)
}

async function checkOrigin(stored: StoredTensor, model: SourceModel, intervention: string): Promise<void> {
  const compare = (what: string, actual: string, expected: string): void => {
    if (actual === expected) return
    const short = (hash: string): string => hash.slice(0, 12)
    throw errors.interventionForeign({ intervention, what, expected: short(expected), actual: short(actual) })
  }
  const { tokenizerHash, modelHash, computeDtype } = stored
  if (tokenizerHash !== undefined) compare('the tokeniser', tokenizerHash, model.tokenizerHash)
  if (modelHash !== undefined) compare('the weights', modelHash, await model.modelHash())
  if (computeDtype !== undefined) compare('the compute dtype', computeDtype, model.computeDtype)
}

/**
 * A tensor as rows: […, N, sizes of the hook point], heads together or apart, or one head's row for all of them.
 * At a keyed hook point [H, S, T] becomes [S, H, T].
 */
function asTable({ data, shape }: Pick<StoredTensor, 'data' | 'shape'>, place: SourcePlace): RowTable {
  const { point, intervention, what } = place
  const { sizes, width, isKeyed } = point
  const wrong = (expected: number, actual: number): Error =>
    errors.interventionWidth({ intervention, what, hook: point.name, expected, actual })
  if (isKeyed) {
    const [heads, positions, keys] = shape.slice(-3)
    if (shape.length < 3 || heads !== sizes[0]) throw wrong(sizes[0], shape.length < 3 ? 0 : heads)
    requireOneSequence(shape, 3, intervention)
    return { data: positionsFirst(data, heads, positions, keys), rows: positions, units: heads }
  }
  const last = shape[shape.length - 1] ?? 0
  const own = sizes[sizes.length - 1]
  const hasHeads = sizes.length > 1
  const isApart = hasHeads && last === own && shape[shape.length - 2] === sizes[0]
  if (!isApart && !(hasHeads && last === width) && last !== own) throw wrong(own, last)
  requireOneSequence(shape, isApart ? 3 : 2, intervention)
  if (isApart || (hasHeads && last === width)) return { data, rows: data.length / width, units: sizes[0] }
  return { data, rows: data.length / own, units: 1 }
}

/** Rows of several sequences would be taken for positions of the first. @param own  axes of one sequence */
function requireOneSequence(shape: readonly number[], own: number, intervention: string): void {
  const sequences = shape.slice(0, -own).reduce((product, size) => product * size, 1)
  if (sequences > 1)
    throw errors.interventionInvalid({
      intervention,
      reason: `its source is [${shape.join(', ')}]; name one sequence [1, S, …], or rows without the axis before them`,
    })
}

/** [H, S, T] → [S, H, T] */
function positionsFirst(data: Float32Array, heads: number, positions: number, keys: number): Float32Array {
  const turned = new Float32Array(data.length)
  for (let head = 0; head < heads; head++)
    for (let position = 0; position < positions; position++) {
      const from = (head * positions + position) * keys
      turned.set(data.subarray(from, from + keys), (position * heads + head) * keys)
    }
  return turned
}
