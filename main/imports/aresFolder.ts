// Folders that the ARES project's scripts leave behind.
// Owns: what their files hold, checked: episodes of the 20Q case study, trajectories of its toolkit, steering results. Not: torch's container
// (torchFile.ts) or what becomes of the episodes (jobs/imports/).
// Source: withmartian/ares, examples/20q_case_study/collect_20q_data.py and phase2_steer.py, src/ares/contrib/mech_interp/activation_capture.py.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { readTorchFile, type TorchTensor } from './torchFile.ts'

/** `metadata.json` beside `episode_0000.pt`, `episode_0001.pt`, … */
const collectionMetadata = z.object({
  model_name: z.string().min(1).max(500),
  n_layers: z.number().int().min(1).max(1000),
  d_model: z.number().int().min(1).max(1_000_000),
  middle_layer: z.number().int().min(0).max(999),
  max_steps_per_episode: z.number().int().min(1).max(200).default(20),
})
export type CollectionMetadata = z.infer<typeof collectionMetadata>

/** `metadata.json` beside `step_0000.pt`, `step_0001.pt`, … */
const trajectoryMetadata = z.object({
  model_name: z.string().min(1).max(500),
  num_steps: z.number().int().min(0).max(200),
  step_metadata: z.array(z.record(z.string(), z.unknown())).default([]),
})
export type TrajectoryMetadata = z.infer<typeof trajectoryMetadata>

const steeringStep = z.object({
  step_idx: z.number().int().min(0).max(199),
  model_question: z.string(),
  oracle_answer: z.string(),
  steered: z.boolean(),
  is_invalid: z.boolean(),
})
/** `results.json` of a sweep. */
const steeringResults = z.object({
  model_name: z.string().min(1).max(500),
  middle_layer: z.number().int().min(0).max(999),
  secret_words: z.record(z.string(), z.string()).or(z.array(z.string())).default({}),
  episodes: z
    .array(
      z.object({
        pooling: z.string(),
        alpha: z.number().nullable(),
        episode_idx: z.number().int().min(0).max(99_999),
        steps: z.array(steeringStep).min(1).max(200),
      }),
    )
    .min(1),
})
export type SteeringResults = z.infer<typeof steeringResults>

/** The hook points of one step, each [S, width], row-major. */
export interface ImportedHook {
  hook: string
  width: number
  data: Float32Array
}

/** One step as a file tells it. */
export interface ImportedStep {
  isInvalid: boolean
  isWin: boolean
  /** The oracle's, without its “A: ”. */
  answer: string
  /** Tokens of the prompt, and of the answer as far as they were run through the model; 0 and 0 without activations. */
  prompt: number
  generated: number
  hooks: ImportedHook[]
}

/** What a step may be: more positions or hook points no agent's step has. */
const limits = { positions: 1_000_000, hooks: 10_000 }

export const readCollectionMetadata = (text: string, path: string): CollectionMetadata =>
  checked(collectionMetadata, jsonOf(text, path), path)
export const readTrajectoryMetadata = (text: string, path: string): TrajectoryMetadata =>
  checked(trajectoryMetadata, jsonOf(text, path), path)
export const readSteeringResults = (text: string, path: string): SteeringResults =>
  checked(steeringResults, jsonOf(text, path), path)

/**
 * One `episode_NNNN.pt`: `{episode_idx, steps: [{step_idx, is_invalid, oracle_response, activation [1, S, D], prompt_len}]}`.
 * @throws import_unreadable where it is something else, as readTorchFile
 */
export function readEpisode(
  bytes: Uint8Array,
  path: string,
  { middle_layer, d_model }: CollectionMetadata,
): { episode: number; steps: ImportedStep[] } {
  const wrong = (reason: string): Error => errors.importUnreadable({ path, reason })
  const saved = readTorchFile(bytes, path)
  if (!(saved instanceof Map)) throw wrong('it holds no dictionary')
  const steps: unknown = saved.get('steps')
  const episode: unknown = saved.get('episode_idx')
  if (!isIndex(episode)) throw wrong('episode_idx is no number of an episode')
  if (!Array.isArray(steps) || steps.length > 200) throw wrong('steps is no list of at most 200')
  return {
    episode,
    steps: steps.map((step: unknown, index) => {
      if (!(step instanceof Map)) throw wrong(`step ${index} is no dictionary`)
      if (step.get('step_idx') !== index) throw wrong(`step ${index} says that it is another`)
      const invalid: unknown = step.get('is_invalid')
      const response: unknown = step.get('oracle_response')
      if (![0, 1, true, false].includes(invalid as never))
        throw wrong(`is_invalid of step ${index} is neither 0 nor 1`)
      if (typeof response !== 'string') throw wrong(`oracle_response of step ${index} is no text`)
      const answer = response.replace(/^A:\s*/, '')
      const said = { isInvalid: Boolean(invalid), isWin: answer.includes('You guessed correctly'), answer }
      const activation: unknown = step.get('activation')
      if (activation === undefined) return { ...said, prompt: 0, generated: 0, hooks: [] }
      const prompt: unknown = step.get('prompt_len')
      const { data, positions, width } = positionsOf(activation, `activation of step ${index}`, wrong)
      if (width !== d_model)
        throw wrong(`activation of step ${index} is ${width} wide, metadata.json says ${d_model}`)
      if (!isIndex(prompt) || prompt < 1 || prompt > positions)
        throw wrong(`prompt_len of step ${index} is not within its ${positions} positions`)
      const hooks = [{ hook: `blocks.${middle_layer}.hook_resid_post`, width, data }]
      return { ...said, prompt, generated: positions - prompt, hooks }
    }),
  }
}

/**
 * One `step_NNNN.pt` of a trajectory: a dictionary of hook points by name. Those of [1, S, D] are taken, what has other axes is left out.
 * @returns with the names left out
 * @throws import_unreadable where it is something else or positions differ between hook points, as readTorchFile
 */
export function readTrajectoryStep(
  bytes: Uint8Array,
  path: string,
): { step: ImportedStep; leftOut: string[] } {
  const wrong = (reason: string): Error => errors.importUnreadable({ path, reason })
  const saved = readTorchFile(bytes, path)
  if (!(saved instanceof Map) || saved.size > limits.hooks)
    throw wrong('it holds no dictionary of hook points')
  const named = [...(saved as Map<string, unknown>)]
  const isTaken = ([, tensor]: (typeof named)[number]): boolean =>
    isTensor(tensor) && tensor.shape.length === 3
  const hooks = named.filter(isTaken).map(([hook, tensor]) => {
    const { data, width } = positionsOf(tensor, hook, wrong)
    return { hook, width, data }
  })
  const lengths = new Set(hooks.map(({ data, width }) => data.length / width))
  if (lengths.size > 1) throw wrong(`its hook points have ${[...lengths].join(' and ')} positions`)
  const [prompt = 0] = lengths
  const leftOut = named.filter((each) => !isTaken(each)).map(([hook]) => hook)
  return { step: { isInvalid: false, isWin: false, answer: '', prompt, generated: 0, hooks }, leftOut }
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isTensor = (value: unknown): value is TorchTensor =>
  typeof value === 'object' && value !== null && 'shape' in value && 'data' in value

/** [1, S, D] as [S, D]; numbers that are none would spoil every mean. */
function positionsOf(
  value: unknown,
  name: string,
  wrong: (reason: string) => Error,
): { data: Float32Array; positions: number; width: number } {
  if (!isTensor(value) || value.shape.length !== 3 || value.shape[0] !== 1)
    throw wrong(`${name} is no tensor of [1, positions, width]`)
  const [, positions, width] = value.shape
  if (positions < 1 || positions > limits.positions || width < 1)
    throw wrong(`${name} has ${positions} positions of ${width} values`)
  if (!value.data.every(Number.isFinite)) throw wrong(`${name} has values that are no finite numbers`)
  return { data: value.data, positions, width }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw errors.importUnreadable({ path, reason: 'it is no JSON' })
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const [{ path: place, message }] = read.error.issues
  throw errors.importUnreadable({ path, reason: `${place.join('.') || 'it'}: ${message}` })
}
