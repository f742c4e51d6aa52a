// Vectors between two lists of prompts, read by a model.
// Owns: asking the model for each prompt's activations, many at once. Not: the contrast (analysis/steering/).
import type { ContrastRows } from '../../analysis/steering/contrastRows.ts'
import type { WorkProgress } from '../../contract/api.ts'
import { errors } from '../../contract/errors.ts'
import type { VectorRecipe } from '../../contract/vectors.ts'
import { residualHooks } from '../layers.ts'
import type { LoadedModel } from '../loadedModel.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { runSteeringTask } from './steeringTasks.ts'
import { madeFrom, pooledSettings, type MadeVector } from './vectorMaking.ts'

type PromptRecipe = Extract<VectorRecipe, { kind: 'prompts' }>

/** Prompts read at once. */
const LANES = 16

/**
 * Activations of every prompt at the layers, then their contrast; pair i counts as episode i.
 * @throws not_found, layer_out_of_range, prompt_too_long, vector_refused, what loading throws; the signal's reason
 */
export async function promptVector(
  models: ModelLibrary,
  recipe: PromptRecipe,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<MadeVector> {
  const record = models.get(recipe.modelId)
  const hooks = residualHooks(recipe.layers, record.shape.layers)
  const need = { rows: LANES, dtype: recipe.computeDtype, fewerRowsDo: true }
  const { model, release } = await models.borrow(record.id, need, tell, signal)
  let parts: { hook: string; rows: ContrastRows }[]
  try {
    parts = await readPrompts(model, { recipe, hooks, width: record.shape.residualWidth }, tell, signal)
  } finally {
    release()
  }
  const found = await runSteeringTask(
    { kind: 'rows', parts, settings: pooledSettings(recipe.settings) },
    signal,
  )
  return madeFrom(found, {
    name: recipe.name || `${recipe.pairs.length} pairs of prompts, ${record.name}`,
    origin: { kind: 'prompts', recipe },
    model: { name: record.name, hash: record.hash },
    computeDtype: recipe.computeDtype,
  })
}

async function readPrompts(
  model: LoadedModel,
  { recipe, hooks, width }: { recipe: PromptRecipe; hooks: readonly string[]; width: number },
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<{ hook: string; rows: ContrastRows }[]> {
  const { pairs, form, at } = recipe
  const prompts = pairs.flatMap(({ negative, positive }) => [negative, positive])
  const ids = prompts.map((text) =>
    form === 'text' ? model.encodeText(text) : model.encodeChat([{ role: 'user', content: text }]),
  )
  const limit = model.contextLength - 1
  const long = ids.find(({ length }) => length > limit)
  if (long) throw errors.promptTooLong({ tokens: long.length, limit })
  const row = (): Float32Array => new Float32Array(prompts.length * width)
  const data = new Map(hooks.map((hook) => [hook, row()]))
  let done = 0
  const places = ids.keys()
  async function lane(): Promise<void> {
    for (const place of places) {
      const { captures } = await model.generate(
        {
          promptIds: ids[place],
          earlierPrompts: [],
          sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: model.stopIds, seed: '0' },
          capture: { hooks, positions: 'decision' },
        },
        signal,
      )
      for (const captured of captures)
        data.get(captured.hook)?.set(captured[at] ?? captured.lastPrompt, place * width)
      tell({ label: 'Reading prompts', fraction: ++done / prompts.length })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  const pair = Int32Array.from(prompts, (_, place) => Math.floor(place / 2))
  const facts = {
    width,
    labels: Int32Array.from(prompts, (_, place) => place % 2),
    episodes: pair,
    pairs: pair,
    steps: new Int32Array(prompts.length),
    areMeans: at === 'meanPrompt',
  }
  return hooks.map((hook) => ({ hook, rows: { ...facts, data: data.get(hook)! } })) // set for every hook above
}
