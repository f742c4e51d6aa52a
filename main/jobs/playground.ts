// A chat with a model under interventions, beside the same chat without them.
// Owns: the requests of one answer, and their tokens as events. Not: batching (inference/), the model's loading (modelLibrary.ts).
// Three requests run in one batch: the steered answer, the plain answer with the same draws, and the plain model reading the steered answer along,
// which gives both models' distributions after the same tokens.
import type { StepKey } from '../contract/dataSets.ts'
import { errors } from '../contract/errors.ts'
import type { PlaygroundAnswer, PlaygroundItem, PlaygroundSettings } from '../contract/playground.ts'
import { checkSteps, interventionsAtStep } from '../inference/interventionPlan.ts'
import type { Intervention } from '../inference/interventions.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from '../inference/requests.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { checkDtype } from '../model/prepareWeights.ts'
import type { Workspace } from '../store/workspace.ts'
import { replayModel } from './dataSets/replayGround.ts'
import { drawsAt } from './forkedRuns.ts'
import { planForModel, requireFullPaths, runReader } from './interventions.ts'
import type { LoadedModel } from './loadedModel.ts'
import type { ModelLibrary } from './modelLibrary.ts'
import { splitStop } from './playEpisode.ts'
import type { TokenProbe } from './probes/tokenProbe.ts'

/** Those of one answer and its reading. */
const ROWS = 3

export interface PlaygroundWorld {
  workspace: Workspace
  models: ModelLibrary
  /** A trained probe by its id, for a model by its hash. */
  probeOf(id: string, modelHash: string): TokenProbe
}

type Tell = (item: PlaygroundItem) => void

/**
 * Plays both answers, or the plain one alone where nothing is changed.
 * @throws before anything is loaded: not_found, dtype_unavailable, hook_unknown, the intervention_… errors, probe_…; then prompt_too_long,
 *   intervention_nowhere, logits_not_finite, and what loading throws; the signal's reason
 */
export async function playground(
  settings: PlaygroundSettings,
  { workspace, models, probeOf }: PlaygroundWorld,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { modelId, computeDtype: dtype, step, seed, probeId } = settings
  const record = models.get(modelId)
  checkDtype(record, dtype)
  requireFullPaths(settings.interventions)
  const planned = await planForModel(settings.interventions, await openModelFiles(record.path), {
    modelHash: record.hash,
    computeDtype: dtype,
    readRun: runReader(workspace),
  })
  checkSteps(planned, step + 1)
  const probe = probeId === undefined ? null : probeOf(probeId, record.hash)
  const interventions = interventionsAtStep(planned, step, seed)
  const onProgress = (progress: { label: string; fraction: number }): void =>
    tell({ kind: 'progress', ...progress })
  const { model, release } = await models.borrow(modelId, { rows: ROWS, dtype }, onProgress, signal)
  try {
    const stopping = model.withStopTokens(settings.sampling.stopTokens)
    await answers({ model: stopping, settings, interventions, probe }, tell, signal)
  } finally {
    release()
  }
}

interface Play {
  model: LoadedModel
  settings: PlaygroundSettings
  interventions: readonly Intervention[]
  probe: TokenProbe | null
}

async function answers(play: Play, tell: Tell, signal: AbortSignal): Promise<void> {
  const { model, settings, interventions } = play
  const promptIds = model.encodeChat(settings.messages)
  tell({ kind: 'prompt', tokens: model.tokenViews(promptIds) })
  const plain = requestOf(play, promptIds)
  const asked = [answer({ play, name: 'plain', request: plain }, tell, signal)]
  if (interventions.length > 0) {
    const leads = 'steered'
    const steered = { play, name: 'steered' as const, request: { ...plain, interventions, leads } }
    asked.push(answer(steered, tell, signal), readAlong({ ...plain, follows: leads }, model, tell, signal))
  }
  const ended = await Promise.allSettled(asked)
  const failed = ended.find((each) => each.status === 'rejected')
  if (failed) throw failed.reason
}

function requestOf({ model, settings, probe }: Play, promptIds: Int32Array): GenerateRequest {
  const { temperature, topK, topP, maxNewTokens } = settings.sampling
  return {
    promptIds,
    earlierPrompts: [],
    sampling: { temperature, topK, topP, maxNewTokens, stopIds: model.stopIds, seed: settings.seed },
    capture: { hooks: probe ? [probe.hook] : [], positions: 'all' },
  }
}

async function answer(
  { play, name, request }: { play: Play; name: PlaygroundAnswer; request: GenerateRequest },
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { model, probe } = play
  const ids: number[] = []
  const tellProbe = (index: number, values: Float32Array): void => {
    if (probe) tell({ kind: 'probe', answer: name, index, probability: probe.read(values) })
  }
  const onToken = (drawn: ToldToken): void => {
    ids.push(drawn.id)
    tell(tokenItem(model, name, ids, drawn))
    for (const { data } of drawn.activations) tellProbe(drawn.index - 1, data)
  }
  const result = await model.generate(request, signal, [], onToken)
  for (const { all, width } of result.captures)
    if (all) tellProbe(ids.length - 1, all.data.subarray(all.data.length - width))
  tell(endItem(model, name, result))
}

function tokenItem(
  model: LoadedModel,
  answer: PlaygroundAnswer,
  ids: readonly number[],
  { index, logProbability, rank, entropy, topIds, topLogProbabilities }: ToldToken,
): PlaygroundItem {
  const before = ids.slice(0, index)
  const viewOf = (id: number) => model.tokenViews([...before, id])[index]
  return {
    kind: 'token',
    answer,
    index,
    token: viewOf(ids[index]),
    logProbability,
    rank,
    entropy,
    top: Array.from(topIds, (id, place) => ({
      token: viewOf(id),
      logProbability: topLogProbabilities[place],
    })),
  }
}

function endItem(
  model: LoadedModel,
  answer: PlaygroundAnswer,
  { completionIds, finish, interventions = [] }: GenerateResult,
): PlaygroundItem {
  const completion = model.decode(splitStop(completionIds, finish).text)
  const met = interventions.map(({ name, tokens, open }) => ({ name, tokens, open }))
  return { kind: 'end', answer, finish, completion, interventions: met }
}

/** The model without interventions on the steered answer's tokens. */
async function readAlong(
  request: GenerateRequest,
  model: LoadedModel,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const own = { ...request, capture: { hooks: [], positions: 'decision' as const } }
  await model.generate(own, signal, [], ({ index, divergence, logProbability }) => {
    if (divergence !== null) tell({ kind: 'compared', index, divergence, logProbability })
  })
}

/**
 * A stored step as the playground takes it. The prompt is read in one go there, not on top of the step before: the same but for rounding.
 * @throws not_found, replay_refused where the run's model is gone
 */
export function playgroundOf(
  { runId, episode, step }: StepKey,
  { workspace, models }: Pick<PlaygroundWorld, 'workspace' | 'models'>,
): PlaygroundSettings {
  const run = workspace.runs.get(runId)
  workspace.episodes.get(runId, episode)
  const record = workspace.steps.list(runId, episode).find((each) => each.step === step)
  if (!record) throw errors.notFound({ kind: 'step', id: `${runId} ${episode} ${step}` })
  const ground = replayModel(run, models.list())
  if ('refusal' in ground) throw ground.refusal
  const { interventions, computeDtype } = run.settings
  const acted = new Set(record.interventions.map(({ index }) => index))
  const { seed, sampling } = drawsAt(run, episode, step)
  return {
    modelId: ground.model.id,
    computeDtype,
    messages: record.messages,
    // That these act in this step is known, whoever chose them.
    interventions: interventions.flatMap((setting, index) =>
      acted.has(index) ? [{ ...setting, applyAtSteps: [step] }] : [],
    ),
    step,
    sampling,
    seed,
  }
}
