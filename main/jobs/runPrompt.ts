// One prompt through a model, with what it did inside.
// Owns: from a prompt in any form to ids, text and a safetensors file. Not: episodes (playEpisode.ts) or loading (loadedModel.ts).
import type { WorkProgress } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import type { ComputeDevice } from '../contract/devices.ts'
import type { ChatMessage, FinishReason } from '../contract/runs.ts'
import type { InterventionSetting } from '../contract/interventions.ts'
import type { InterventionCount } from '../inference/interventionBinding.ts'
import { checkSteps, interventionsAtStep } from '../inference/interventionPlan.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import type { GenerateResult } from '../inference/requests.ts'
import { hashModel, hashTokenizer } from '../model/hashModel.ts'
import { expandHooks } from '../model/hookGlobs.ts'
import type { ComputeDtype, ModelShape } from '../contract/models.ts'
import { writeSafetensors, type TensorToWrite } from '../model/safetensors.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { planForModel } from './interventions.ts'
import { LoadedModel } from './loadedModel.ts'
import { splitStop } from './playEpisode.ts'

export type PromptInput =
  | { kind: 'text'; text: string }
  | { kind: 'ids'; ids: Int32Array }
  | { kind: 'chat'; messages: ChatMessage[] }

export interface PromptRun {
  path: string
  input: PromptInput
  maxNewTokens: number
  temperature: number
  topK: number
  topP: number
  seed: number
  /** Names and patterns of hook points (model/hookGlobs.ts). */
  hooks: readonly string[]
  wantLogits: boolean
  /** File for logits and activations; null writes none. */
  out: string | null
  cacheFolder: string
  /** What is computed with. */
  dtype: ComputeDtype
  /** What it is computed on; the processor where left out. */
  device?: ComputeDevice
  /** What is changed on the way, in order. */
  interventions: readonly InterventionSetting[]
  /** Reads what interventions take from runs; null without a workspace. */
  readRun: ReadRun | null
}

export interface PromptResult {
  promptIds: Int32Array
  /** The stop token included where `finish` is `stop`. */
  completionIds: Int32Array
  completion: string
  finish: FinishReason
  logProbabilities: Float32Array
  /** Tensors written to `out`, with their shapes. */
  tensors: { name: string; shape: number[] }[]
  /** How often each intervention was met. */
  interventions: InterventionCount[]
}

/**
 * Runs one prompt. The file at `out` holds `logits` [1, positions, V] and every captured hook, [1, positions, D] for instance, under its own
 * name, for all prompt and generated positions, float32.
 * @throws hook_unknown, token_out_of_range, prompt_too_long, intervention_…, and whatever opening the model throws.
 */
export async function runPrompt(
  run: PromptRun,
  onProgress: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<PromptResult> {
  const files = await openModelFiles(run.path)
  // Before the weights are loaded: it is soon done, and often wrong.
  const { cacheFolder, dtype, device, readRun } = run
  const planned = await planForModel(run.interventions, files, { computeDtype: dtype, readRun })
  checkSteps(planned, 1)
  const model = await LoadedModel.open(files, { cacheFolder, dtype, device, rows: 1 }, onProgress, signal)
  try {
    const hooks = expandHooks(run.hooks, model.shape)
    const promptIds = encode(run.input, model)
    checkPrompt(promptIds, run.maxNewTokens, model)
    const result = await model.generate(
      {
        promptIds,
        earlierPrompts: [],
        sampling: {
          temperature: run.temperature,
          topK: run.topK,
          topP: run.topP,
          maxNewTokens: run.maxNewTokens,
          stopIds: model.stopIds,
          seed: String(run.seed),
        },
        capture: { hooks, positions: 'all' },
        wantLogits: run.wantLogits,
        interventions: interventionsAtStep(planned, 0, String(run.seed)),
      },
      signal,
    )
    const tensors = run.out === null ? [] : tensorsOf(result, promptIds.length, model.shape)
    if (run.out !== null) await writeSafetensors(run.out, tensors, await metadataOf(files, dtype, result))
    const { completionIds, finish, logProbabilities } = result
    return {
      promptIds,
      completionIds,
      completion: model.decode(splitStop(completionIds, finish).text),
      finish,
      logProbabilities,
      tensors: tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
      interventions: result.interventions ?? [],
    }
  } finally {
    await model.close()
  }
}

/** What each tensor's axes are, and what an intervention that takes these activations compares. */
async function metadataOf(
  files: ModelFiles,
  computeDtype: ComputeDtype,
  { captures }: GenerateResult,
): Promise<Record<string, string>> {
  const axes = Object.fromEntries(captures.map(({ hook, all }) => [hook, all?.axes]))
  return {
    model: files.name,
    compute_dtype: computeDtype,
    tokenizer_hash: await hashTokenizer(files.tokenizer),
    model_hash: await hashModel(files),
    axes: JSON.stringify({ logits: 'B S V', ...axes }),
  }
}

function encode(input: PromptInput, model: LoadedModel): Int32Array {
  if (input.kind === 'ids') return input.ids
  return input.kind === 'text' ? model.encodeText(input.text) : model.encodeChat(input.messages)
}

function checkPrompt(ids: Int32Array, maxNewTokens: number, model: LoadedModel): void {
  if (ids.length === 0) throw errors.invalidInput({ field: 'prompt', reason: 'it has no tokens' })
  const { vocabulary } = model.shape
  for (const id of ids) if (id < 0 || id >= vocabulary) throw errors.tokenOutOfRange({ id, vocabulary })
  const limit = model.contextLength - maxNewTokens
  if (ids.length > limit) throw errors.promptTooLong({ tokens: ids.length, limit })
}

function tensorsOf(result: GenerateResult, promptLength: number, shape: ModelShape): TensorToWrite[] {
  const positions = promptLength + result.completionIds.length
  const tensors: TensorToWrite[] = []
  if (result.logits) {
    const sizes = [1, positions, shape.vocabulary]
    tensors.push({ name: 'logits', dtype: 'F32', shape: sizes, data: result.logits })
  }
  for (const { hook, all } of result.captures)
    if (all) tensors.push({ name: hook, dtype: 'F32', shape: all.shape, data: all.data })
  return tensors
}
