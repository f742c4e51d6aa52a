// What an environment is: reset, observe, step. Twenty Questions is one; others join by the same contract.
// Owns: the interface between an episode and its world. Not: the model (inference/) or what is stored (store/).
import type { ChatMessage, EpisodeOutcome } from '../contract/runs.ts'

/** Plain JSON: it is stored with every step, and a resumed episode goes on from it. */
export type EnvironmentState = { readonly [key: string]: unknown }

export type Labels = Record<string, string | number | boolean | null>

export interface Judgement {
  verdict: 'yes' | 'no' | 'invalid'
  /** 0 … 1; null where the oracle gives none. */
  confidence: number | null
  /** How it came to that, in words. */
  reason: string
}

export interface JudgeQuestion {
  runId: string
  episode: number
  step: number
  /** The hidden object. */
  task: string
  message: string
  history: readonly { question: string; answer: string }[]
}

/** Answers yes/no questions about a hidden object. */
export interface Oracle {
  /** For the manifest, for instance `knowledge base 1 (lenient)`. */
  readonly description: string
  /** Those of the tasks that it can never answer for, so that a run fails before it starts; absent where it takes any. */
  unknownTasks?(tasks: readonly string[]): string[]
  judge(question: JudgeQuestion, signal: AbortSignal): Promise<Judgement>
}

/** What the model said in one step. */
export interface AgentMessage {
  /** Text without the stop token. */
  text: string
  /** The stop token's text, or empty where the answer ended by length. */
  stopText: string
}

export interface StepContext {
  runId: string
  episode: number
  step: number
  signal: AbortSignal
}

export interface Transition {
  state: EnvironmentState
  /** The environment's answer as the model will read it. */
  answer: string
  isInvalid: boolean
  isWin: boolean
  reward: number
  /** `running` while the episode goes on. */
  outcome: EpisodeOutcome
  labels: Labels
  judgement: Judgement
}

export interface Environment {
  readonly name: string
  /** Changes whenever the same messages could get another answer. */
  readonly version: string
  readonly maxSteps: number
  /** Task of an episode: the selected tasks in an order fixed by the seed, round and round. */
  taskOf(episode: number, seed: number): string
  reset(task: string): EnvironmentState
  /** Whole turns of history that can be left out. */
  turns(state: EnvironmentState): number
  /** The chat the model sees, without its `dropTurns` oldest turns of history. */
  observe(state: EnvironmentState, dropTurns: number): ChatMessage[]
  step(state: EnvironmentState, message: AgentMessage, context: StepContext): Promise<Transition>
}
