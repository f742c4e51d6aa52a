// One episode, step by step: observe, fit, generate, judge, record.
// Owns: the order of these and what a recorded step holds. Not: which episodes run (collect.ts) or how they are stored (store/).
import type { Environment, EnvironmentState } from '../environments/environment.ts'
import type {
  ChatMessage,
  EpisodeOutcome,
  FinishReason,
  SamplingSettings,
  StepRecord,
} from '../contract/runs.ts'
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
  generate(request: GenerateRequest, signal: AbortSignal): Promise<GenerateResult>
}

/** Where an episode stands: fresh, or after its last stored step. */
export interface EpisodePosition {
  episode: number
  task: string
  state: EnvironmentState
  /** Index of the next step. */
  step: number
  earlierPrompts: readonly Int32Array[]
}

export interface RecordedStep {
  record: StepRecord
  state: EnvironmentState
  outcome: EpisodeOutcome
  captures: readonly CapturedHook[]
}

export interface EpisodeSetting {
  runId: string
  seed: number
  sampling: SamplingSettings
  capture: StepCapture
  environment: Environment
  model: AgentModel
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
  for (;;) {
    signal.throwIfAborted()
    const done = await playStep({ ...position, state, step, earlierPrompts }, setting, signal)
    setting.record(done)
    if (done.outcome !== 'running') return done.outcome
    earlierPrompts.push(done.record.promptIds)
    state = done.state
    step++
  }
}

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
  const result = await model.generate(
    {
      promptIds: prompt.promptIds,
      earlierPrompts: position.earlierPrompts,
      sampling: {
        temperature,
        topK,
        topP,
        maxNewTokens,
        stopIds: model.stopIds,
        seed: `${setting.seed}/${episode}/${step}`,
      },
      capture: setting.capture,
    },
    signal,
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
    record: {
      runId,
      episode,
      step,
      messages: prompt.messages,
      promptIds: prompt.promptIds,
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
    },
  }
}

/** The answer's ids without the stop token, and the stop token's alone. */
export function splitStop(ids: Int32Array, finish: FinishReason): { text: Int32Array; stop: Int32Array } {
  const end = finish === 'stop' ? ids.length - 1 : ids.length
  return { text: ids.subarray(0, end), stop: ids.subarray(end) }
}
