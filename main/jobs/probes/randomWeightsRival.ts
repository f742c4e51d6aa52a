// What the same steps look like in a model of the same build whose weights were drawn anew.
// Owns: reading the stored tokens with such a model, and the file that keeps the vectors. Not: drawing weights (model/randomWeights.ts) or judging (analysis/probes/).
// The model would write other answers: prompt and answer are read as they were stored, without the run's interventions, in float32.
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pointOfPositions, pointsOfPooling, poolingWeights } from '../../analysis/poolings.ts'
import type { PoolingChoice } from '../../analysis/poolings.ts'
import type { WorkProgress } from '../../contract/api.ts'
import type { DataSetRecord, Pooling } from '../../contract/dataSets.ts'
import type { ModelRecord } from '../../contract/models.ts'
import { InferenceClient } from '../../inference/inferenceClient.ts'
import type { CapturedHook } from '../../inference/requests.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import { prepareWeights } from '../../model/prepareWeights.ts'
import { redrawWeights } from '../../model/randomWeights.ts'
import { cachedWeights } from '../../model/weightsCache.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { SizedStep } from '../dataSets/pooledRows.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { choiceOf } from './probeRows.ts'
import type { RivalFile } from './rivalFile.ts'

type Tell = (progress: WorkProgress) => void

export interface RivalRequest {
  dataSet: DataSetRecord
  /** Rows of the data set, with the model of each one's run. */
  steps: readonly SizedStep[]
  models: ReadonlyMap<string, ModelRecord>
  layers: readonly number[]
  poolings: readonly Pooling[]
  seed: number
}

/** Part of the file's name: raised whenever the same request would give other numbers. */
const VERSION = '1'
const LANES = 4

/**
 * The vectors of a data set's rows under random weights, computed where the cache has them not.
 * @throws not_enough_memory, disk_full, file_unwritable, and what reading the model throws; the signal's reason
 */
export async function randomWeightsRival(
  workspace: Workspace,
  cacheFolder: string,
  request: RivalRequest,
  tell: Tell,
  signal: AbortSignal,
): Promise<RivalFile> {
  const { dataSet, steps, layers, poolings, seed } = request
  const cells = layers.flatMap((layer) => poolings.map((pooling) => ({ layer, pooling })))
  const folder = join(cacheFolder, 'rivals')
  await mkdir(folder, { recursive: true })
  const shown = cells.map(({ layer, pooling }) => `${layer}${pooling}`).join('-')
  const source = `${dataSet.hash} ${seed} ${shown}`
  const file = join(folder, `${dataSet.hash.slice(0, 32)}-${seed}-${VERSION}.safetensors`)
  let computed: Promise<Float32Array[]> | null = null
  async function* rowsOf(cell: number): AsyncGenerator<Float32Array> {
    computed ??= computeRows(workspace, cacheFolder, request, tell, signal)
    yield (await computed)[cell]
  }
  const tensors = cells.map(({ layer, pooling }, cell) => ({
    name: `${layer}/${pooling}`,
    dtype: 'F32' as const,
    shape: [steps.length, dataSet.width],
    data: rowsOf(cell),
  }))
  const header = await cachedWeights(file, { source, converter: VERSION }, tensors)
  return {
    file,
    cells: cells.map(({ layer, pooling }) => {
      const { offset, byteLength } = header.tensors.get(`${layer}/${pooling}`)! // made or checked above
      return { layer, pooling, offset, byteLength }
    }),
  }
}

/** N×D for each layer and pooling, layers outermost. */
async function computeRows(
  workspace: Workspace,
  cacheFolder: string,
  { dataSet, steps, models, layers, poolings, seed }: RivalRequest,
  tell: Tell,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const { recipe, width } = dataSet
  const hooks = layers.map((layer) => hookOf(recipe.hook, layer))
  const choices = poolings.map((pooling) => choiceOf(dataSet, pooling))
  const rows = hooks.flatMap(() => choices.map(() => new Float32Array(steps.length * width)))
  let done = 0
  for (const model of new Map([...models.values()].map((each) => [each.hash, each])).values()) {
    const own = steps.flatMap((step, row) =>
      models.get(step.key.runId)!.hash === model.hash ? [{ step, row }] : [],
    )
    const { client, close } = await openRandom(model, cacheFolder, seed, tell, signal)
    const waiting = own.values()
    const lane = async (): Promise<void> => {
      for (const { step, row } of waiting) {
        const captures = await read(client, tokensOf(workspace, step), hooks, signal)
        captures.forEach((captured, layer) =>
          choices.forEach((choice, k) => {
            const vector = pooled(captured, choice, step)
            rows[layer * choices.length + k].set(vector, row * width)
          }),
        )
        tell({ label: 'Reading the steps with random weights', fraction: ++done / steps.length })
      }
    }
    try {
      await Promise.all(Array.from({ length: LANES }, lane))
    } finally {
      await close()
    }
  }
  return rows
}

/** The file with the weights goes when the model is closed. */
async function openRandom(
  { path, hash }: ModelRecord,
  cacheFolder: string,
  seed: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<{ client: InferenceClient; close: () => Promise<void> }> {
  const files = await openModelFiles(path)
  const weights = await prepareWeights(files, {
    cacheFolder,
    hash,
    signal,
    onProgress: (fraction) => tell({ label: 'Preparing the weights', fraction }),
  })
  const file = join(cacheFolder, 'rivals', `${randomUUID()}.weights.safetensors`)
  const remove = (): Promise<void> => rm(file, { force: true })
  try {
    const redrawn = await redrawWeights(weights, file, {
      seed,
      signal,
      onProgress: (fraction) => tell({ label: 'Drawing random weights', fraction }),
    })
    const options = { config: files.config, weights: redrawn, maxRows: LANES }
    const client = await InferenceClient.open(options, signal)
    return { client, close: () => client.close().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

function tokensOf(workspace: Workspace, { key }: SizedStep): Int32Array {
  const { promptIds, completionIds } = workspace.steps
    .list(key.runId, key.episode)
    .find(({ step }) => step === key.step)!
  const whole = new Int32Array(promptIds.length + completionIds.length)
  whole.set(promptIds)
  whole.set(completionIds, promptIds.length)
  return whole
}

/** Every position of a text; of one that fills the context all but the last, since an answer of one token must have room. */
async function read(
  client: InferenceClient,
  tokens: Int32Array,
  hooks: readonly string[],
  signal: AbortSignal,
): Promise<{ data: Float32Array; width: number }[]> {
  const promptIds = tokens.subarray(0, client.config.shape.contextLength - 1)
  const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' }
  const { captures } = await client.generate(
    { promptIds, earlierPrompts: [], sampling, capture: { hooks, positions: 'all' } },
    signal,
  )
  const byName = new Map(captures.map((captured) => [captured.hook, captured]))
  return hooks.map((hook) => {
    const { all, width } = byName.get(hook) as CapturedHook // asked for by name
    return { data: all!.data.subarray(0, promptIds.length * width), width }
  })
}

function pooled(
  { data, width }: { data: Float32Array; width: number },
  choice: PoolingChoice,
  { prompt, generated }: SizedStep,
): Float32Array {
  const weights = poolingWeights(choice, { prompt, generated })!
  const sum = new Float32Array(width)
  pointsOfPooling(choice).forEach((point, k) => {
    if (weights[k] === 0) return
    const vector = pointOfPositions(point, data, { prompt, width })
    vector?.forEach((value, column) => (sum[column] += weights[k] * value))
  })
  return sum
}
