// One episode, step by step: observe, fit, generate, judge, record.
// Owns: the order of these and what a recorded step holds. Not: which episodes run (collect.ts) or how they are stored (store/).
import type { Environment, EnvironmentState } from '../environments/environment.ts'
import type {
  ChatMessage,
  EpisodeOutcome,
  FinishReason,
  SamplingSettings,
  StepIntervention,
  StepRecord,
} from '../contract/runs.ts'
import type { HookedFunction } from '../inference/hookFunctions.ts'
import type { InterventionCount } from '../inference/interventionBinding.ts'
import type { Intervention } from '../inference/interventions.ts'
import type { CapturedHook, GenerateRequest, GenerateResult, StepCapture } from '../inference/requests.ts'
import { fitPrompt } from './promptFitting.ts'

/** A model as an agent needs it. */
export interface AgentModel {
  /** Tokens a prompt and its answer may have together. */
  readonly contextLength: number
  readonly stopIds: readonly number[]
  /** Ids of the rendered chat, with the header that asks for an answer. */
  encodeChat(messages: readonly ChatMessage[]): Int32Array
  decode(ids: Int32Array): string
  generate(
    request: GenerateRequest,
    signal: AbortSignal,
    functions?: readonly HookedFunction[],
  ): Promise<GenerateResult>
}

/** Where an episode stands: fresh, or after its last stored step. */
export interface EpisodePosition {
  episode: number
  task: string
  state: EnvironmentState
  /** Index of the next step. */
  step: number
  earlierPrompts: readonly Int32Array[]
  /** What was done at each of the earlier steps; left out where that was nothing. */
  earlierInterventions?: readonly (readonly Intervention[])[]
}

/** All that is known when a step is about to be answered. */
export interface StepSituation {
  episode: number
  task: string
  step: number
  /** The environment's own, with whatever history it keeps. */
  state: EnvironmentState
  /** What the model is about to read. */
  messages: readonly ChatMessage[]
  promptIds: Int32Array
  /** Prompts of the steps before. */
  earlierPrompts: readonly Int32Array[]
  /** The step's own, for draws. */
  seed: string
}

/** What is done to the model's activations in one step. */
export interface StepChanges {
  interventions?: readonly Intervention[]
  /** Called at hook points; nothing of them is kept for later steps. */
  functions?: readonly HookedFunction[]
}

/**
 * Names what is done in one step. The same situation must give the same, for an episode that goes on after a stop asks only
 * for the steps that are left.
 */
export type ChooseChanges = (
  situation: StepSituation,
  signal: AbortSignal,
) => StepChanges | Promise<StepChanges>

export interface RecordedStep {
  record: StepRecord
  state: EnvironmentState
  outcome: EpisodeOutcome
  captures: readonly CapturedHook[]
  /** What was done to the model's activations, functions apart. */
  interventions: readonly Intervention[]
}

export interface EpisodeSetting {
  runId: string
  seed: number
  sampling: SamplingSettings
  capture: StepCapture
  environment: Environment
  model: AgentModel
  /** Asked before every step; nothing is done where left out. */
  changes?: ChooseChanges
  /** Called once a step, before the next begins; the step counts as done when it returns. */
  record(step: RecordedStep): void
}

/**
 * Plays from `position` to the episode's end or until the signal is aborted (then the running step is lost and the
 * episode can go on from the one before).
 */
export async function playEpisode(
  position: EpisodePosition,
  setting: EpisodeSetting,
  signal: AbortSignal,
): Promise<EpisodeOutcome> {
  let { state, step } = position
  const earlierPrompts = [...position.earlierPrompts]
  const earlierInterventions = earlierPrompts.map((_, index) => position.earlierInterventions?.[index] ?? [])
  for (;;) {
    signal.throwIfAborted()
    const earlier = {
      earlierPrompts: [...earlierPrompts],
      earlierInterventions: [...earlierInterventions],
    }
    const done = await playStep({ ...position, state, step, ...earlier }, setting, signal)
    setting.record(done)
    if (done.outcome !== 'running') return done.outcome
    earlierPrompts.push(done.record.promptIds)
    earlierInterventions.push(done.interventions)
    state = done.state
    step++
  }
}

/** Seed of all that is drawn in a step. */
export const stepSeed = (runSeed: number, episode: number, step: number): string =>
  `${runSeed}/${episode}/${step}`

async function playStep(
  position: EpisodePosition,
  setting: EpisodeSetting,
  signal: AbortSignal,
): Promise<RecordedStep> {
  const { environment, model, sampling, runId } = setting
  const { episode, step, state } = position
  const prompt = fitPrompt(
    {
      turns: environment.turns(state),
      observe: (drop) => environment.observe(state, drop),
      encode: (messages) => model.encodeChat(messages),
    },
    model.contextLength - sampling.maxNewTokens,
  )
  const { temperature, topK, topP, maxNewTokens } = sampling
  const seed = stepSeed(setting.seed, episode, step)
  const { messages, promptIds } = prompt
  const { task, earlierPrompts, earlierInterventions } = position
  const situation: StepSituation = { episode, task, step, state, messages, promptIds, earlierPrompts, seed }
  const { interventions = [], functions } = (await setting.changes?.(situation, signal)) ?? {}
  const result = await model.generate(
    {
      promptIds,
      earlierPrompts,
      interventions,
      earlierInterventions,
      sampling: {
        temperature,
        topK,
        topP,
        maxNewTokens,
        stopIds: model.stopIds,
        seed,
      },
      capture: setting.capture,
    },
    signal,
    functions,
  )
  const answer = splitStop(result.completionIds, result.finish)
  const message = { text: model.decode(answer.text), stopText: model.decode(answer.stop) }
  const asked = performance.now()
  const transition = await environment.step(state, message, { runId, episode, step, signal })
  const oracleMs = performance.now() - asked
  return {
    state: transition.state,
    outcome: transition.outcome,
    captures: result.captures,
    interventions,
    record: {
      runId,
      episode,
      step,
      messages,
      promptIds,
      completionIds: result.completionIds,
      logProbabilities: result.logProbabilities,
      ranks: result.ranks,
      entropies: result.entropies,
      topIds: result.topIds,
      topLogProbabilities: result.topLogProbabilities,
      completion: message.text,
      finish: result.finish,
      answer: transition.answer,
      isInvalid: transition.isInvalid,
      isWin: transition.isWin,
      reward: transition.reward,
      labels: transition.labels,
      confidence: transition.judgement.confidence,
      reason: transition.judgement.reason,
      droppedTurns: prompt.droppedTurns,
      reusedTokens: result.reusedTokens,
      prefillMs: result.prefillMs,
      decodeMs: result.decodeMs,
      oracleMs,
      capturedHooks: result.captures.map((capture) => capture.hook),
      interventions: countsByPlace(result.interventions ?? []),
    },
  }
}

/** What each intervention of a list met in a step; the hook points of one meet the same tokens. */
function countsByPlace(counts: readonly InterventionCount[]): StepIntervention[] {
  const met = new Map<number, StepIntervention>()
  for (const { index, tokens, open } of counts) {
    if (index === undefined) continue // a function: nothing of it is stored
    const before = met.get(index)
    const openBefore = before?.open ?? 0
    met.set(index, {
      index,
      tokens: Math.max(tokens, before?.tokens ?? 0),
      open: open === null ? null : openBefore + open,
    })
  }
  return [...met.values()]
}

/** The answer's ids without the stop token, and the stop token's alone. */
export function splitStop(ids: Int32Array, finish: FinishReason): { text: Int32Array; stop: Int32Array } {
  const end = finish === 'stop' ? ids.length - 1 : ids.length
  return { text: ids.subarray(0, end), stop: ids.subarray(end) }
}
