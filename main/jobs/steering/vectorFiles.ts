// Vectors as files: safetensors, NumPy arrays, GGUF control vectors.
// Owns: names of tensors and what a file says of itself, both ways. Not: the formats (model/, probes/npy.ts) or the library.
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import * as z from 'zod'
import { computeDtype } from '../../contract/models.ts'
import { AppError, errors } from '../../contract/errors.ts'
import {
  vectorRow,
  type VectorExport,
  type VectorFormat,
  type VectorImport,
  type VectorRecord,
} from '../../contract/vectors.ts'
import { controlVectorBytes, readControlVector } from '../../model/controlVectorFile.ts'
import { readSafetensorsHeader, safetensorsBytes } from '../../model/safetensors.ts'
import { readFloats } from '../../model/safetensorsNumbers.ts'
import { version } from '../../version.ts'
import { npyBytes, readNpy } from '../probes/npy.ts'

/** What was found in a file; `hook` is null where it does not say. */
export interface FileVector {
  format: VectorFormat
  rows: { hook: string | null; steps: [number, number | null] | null; values: Float32Array }[]
  metadata: Record<string, string>
  modelHash: string | null
  modelName: string | null
  computeDtype: z.infer<typeof computeDtype> | null
}

/** Of an episode in any environment: a file with more rows holds something else. */
const MOST_STEPS = 200

const unsaid = { modelHash: null, modelName: null, computeDtype: null }
const residual = /^blocks\.\d+\.\S+$/

/**
 * Reads a file that nobody vouches for.
 * @throws array_unreadable, and what reading safetensors or GGUF throws
 */
export async function readVectorFile({
  fileName,
  data,
}: Pick<VectorImport, 'fileName' | 'data'>): Promise<FileVector> {
  const ending = extname(fileName).toLowerCase()
  if (ending === '.npy') return fromNpy(fileName, data)
  if (ending !== '.safetensors' && ending !== '.gguf')
    throw errors.arrayUnreadable({
      path: fileName,
      reason: 'it ends in none of .safetensors, .npy and .gguf',
    })
  const path = join(tmpdir(), `innerview-${randomUUID()}${ending}`)
  try {
    await writeFile(path, data)
    return ending === '.gguf' ? fromGguf(path) : await fromSafetensors(path, fileName)
  } catch (error) {
    // The name that a person knows, not that of our copy.
    if (!(error instanceof AppError)) throw error
    throw errors.arrayUnreadable({ path: fileName, reason: error.message.replaceAll(path, fileName) }, error)
  } finally {
    await rm(path, { force: true })
  }
}

function fromNpy(fileName: string, bytes: Uint8Array): FileVector {
  const { data, shape } = readNpy(bytes, fileName)
  if (shape.length < 1 || shape.length > 2)
    throw errors.arrayUnreadable({
      path: fileName,
      reason: `its shape is [${shape.join(', ')}]; [D] or [steps, D] is wanted`,
    })
  const values = Float32Array.from(data)
  const width = shape[shape.length - 1]
  if (values.length === 0) throw errors.arrayUnreadable({ path: fileName, reason: 'it holds no number' })
  if (shape.length === 2) requireSteps(fileName, shape[0])
  return {
    format: 'npy',
    rows: rowsOf(values, width, shape.length === 2).map((row) => ({ hook: null, ...row })),
    metadata: {},
    ...unsaid,
  }
}

/** @throws array_unreadable */
function requireSteps(path: string, rows: number): void {
  if (rows > MOST_STEPS)
    throw errors.arrayUnreadable({
      path,
      reason: `it has ${rows} rows; row i of a vector is for step i of an episode, which has at most ${MOST_STEPS}`,
    })
}

/** One row for each step, or one for all. */
function rowsOf(
  values: Float32Array,
  width: number,
  isByStep: boolean,
): { steps: [number, number] | null; values: Float32Array }[] {
  return Array.from({ length: width === 0 ? 0 : values.length / width }, (_, row) => ({
    steps: isByStep ? [row, row] : null,
    values: values.slice(row * width, (row + 1) * width),
  }))
}

function fromGguf(path: string): FileVector {
  const { directions, metadata } = readControlVector(path)
  return {
    format: 'gguf',
    rows: directions.map(({ layer, values }) => ({
      hook: `blocks.${layer}.hook_resid_post`,
      steps: null,
      values,
    })),
    metadata: Object.fromEntries(
      [...metadata].filter(([, value]) => !Array.isArray(value)).map(([key, value]) => [key, String(value)]),
    ),
    ...unsaid,
  }
}

const rowTable = z.array(
  vectorRow.omit({ norm: true }).extend({ tensor: z.string(), row: z.number().int().min(0) }),
)

async function fromSafetensors(path: string, fileName: string): Promise<FileVector> {
  const { tensors, metadata } = await readSafetensorsHeader(path)
  if (tensors.has('episode') && tensors.has('step'))
    throw errors.arrayUnreadable({
      path: fileName,
      reason: 'it holds activations of a run’s steps; make a vector of them with a data set',
    })
  const said = metadata.rows === undefined ? null : rowTable.safeParse(jsonOf(metadata.rows))
  const rows: FileVector['rows'] = []
  for (const [name, entry] of tensors) {
    const values = entry.shape.length === 1 || entry.shape.length === 2 ? await readFloats(path, entry) : null
    if (!values) continue
    const width = entry.shape[entry.shape.length - 1]
    if (entry.shape.length === 2) requireSteps(fileName, entry.shape[0])
    rowsOf(values, width, entry.shape.length === 2).forEach((row, index) => {
      const known = said?.data?.find((each) => each.tensor === name && each.row === index)
      const hook = known?.hook ?? (residual.test(name) ? name : null)
      rows.push({ hook, steps: known ? known.steps : row.steps, values: row.values })
    })
  }
  if (rows.length === 0)
    throw errors.arrayUnreadable({ path: fileName, reason: 'it has no tensor of shape [D] or [steps, D]' })
  const dtype = computeDtype.safeParse(metadata.compute_dtype)
  return {
    format: 'safetensors',
    rows,
    metadata,
    modelHash: metadata.model_hash ?? null,
    modelName: metadata.model ?? null,
    computeDtype: dtype.data ?? null,
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * `safetensors`: a float32 tensor [rows, D] for each hook point, or [D] where it has one row for all steps, named like the hook point.
 * `npy`: float64 [D] or [steps, D] of one hook point. `gguf`: `direction.N`, for llama.cpp.
 * @throws vector_format where the format has no place for this vector
 */
export function vectorFile(
  { id, name, rows, width, model, computeDtype: dtype, origin, hash }: VectorRecord,
  data: Float32Array,
  format: VectorFormat,
): VectorExport {
  const fileName = `${id}.${format}`
  const valuesOf = (place: number): Float32Array => data.slice(place * width, (place + 1) * width)
  const hooks = [...new Set(rows.map(({ hook }) => hook))]
  const refuse = (reason: string): Error => errors.vectorFormat({ id, format, reason })
  if (format === 'npy') {
    if (hooks.length > 1) throw refuse(`an array has one hook point, and this vector ${hooks.length}`)
    const isPlain = rows.length === 1 && rows[0].steps === null
    // Row i of an array is read as step i again.
    if (!isPlain && rows.some(({ steps }, row) => steps?.[0] !== row || steps[1] !== row))
      throw refuse('row i of an array is for step i, and this vector’s rows are for other steps')
    const shape = isPlain ? [width] : [rows.length, width]
    return { fileName, data: npyBytes(Float64Array.from(data), shape) }
  }
  if (format === 'gguf') {
    const directions = rows.map(({ hook, steps }, place) => {
      const layer = Number(/^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1] ?? NaN)
      if (!(layer >= 1))
        throw refuse(`it has directions for blocks.1.hook_resid_post and later ones, not for ${hook}`)
      if (steps)
        throw refuse('it has one direction for all steps of an episode, and this vector one for each')
      return { layer, values: valuesOf(place) }
    })
    return { fileName, data: controlVectorBytes(directions, model?.name ?? '') }
  }
  const tensors = hooks.map((hook) => {
    const places = rows.flatMap((row, place) => (row.hook === hook ? [place] : []))
    const values = new Float32Array(places.length * width)
    places.forEach((place, index) => values.set(valuesOf(place), index * width))
    const isPlain = places.length === 1 && rows[places[0]].steps === null
    return {
      name: hook,
      dtype: 'F32' as const,
      shape: isPlain ? [width] : [places.length, width],
      data: values,
    }
  })
  const table = hooks.flatMap((hook) =>
    rows.filter((row) => row.hook === hook).map(({ steps }, row) => ({ tensor: hook, row, hook, steps })),
  )
  return {
    fileName,
    data: safetensorsBytes(tensors, {
      vector: id,
      vector_name: name,
      vector_hash: hash,
      rows: JSON.stringify(table),
      origin: JSON.stringify(origin),
      ...(model && { model: model.name, model_hash: model.hash }),
      ...(dtype && { compute_dtype: dtype }),
      innerview: version,
    }),
  }
}
