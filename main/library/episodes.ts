// Episodes in any environment, with interventions that may follow from its state.
// Owns: playing one from its first step to its end. Not: storing it (jobs/collect.ts does that, many at once) or environments' rules.
import type { Environment } from '../environments/environment.ts'
import { samplingSettings, type EpisodeOutcome, type StepRecord } from '../contract/runs.ts'
import { checkEveryStep, interventionsAtStep } from '../inference/interventionPlan.ts'
import {
  playEpisode as playSteps,
  type AgentModel,
  type ChooseChanges,
  type StepSituation,
} from '../jobs/playEpisode.ts'
import { parseSettings } from '../jobs/settings.ts'
import type { InterventionInput } from './interventionInputs.ts'
import { hookedFunctions, type FwdHook } from './fwdHooks.ts'
import { modelInside, type Model } from './model.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { samplingOptions, type SamplingOptions } from './runOptions.ts'
import type { StepMetadata } from './trajectory.ts'
import type { TrajectoryCapture } from './trajectoryCapture.ts'

export interface StepPlan {
  interventions?: readonly InterventionInput[]
  fwdHooks?: readonly FwdHook[]
}

/**
 * Names what is done in one step, knowing all that is known before it: step number, the environment's state, messages, prompt. The same
 * situation must give the same.
 */
export type PlanStep = (
  situation: StepSituation,
  signal: AbortSignal,
) => NoPlan | StepPlan | Promise<NoPlan | StepPlan>

/** Nothing is done in the step. */
type NoPlan = void | undefined | null

export interface EpisodeOptions extends SamplingOptions {
  /** What the episode is about, for instance a hidden object; the environment's choice for `episode` and `seed` where left out. */
  task?: string
  /** Number of the episode, 0 where left out: part of the seed of every draw. */
  episode?: number
  /** 0 where left out. */
  seed?: number
  /** The same in every episode, at the steps that `applyAtSteps` names; or a function that is asked before each step. */
  interventions?: readonly InterventionInput[] | PlanStep
  /** Keeps each step's activations; the step's verdict is recorded with it. */
  capture?: TrajectoryCapture
  /** Called after each step. */
  onStep?: (step: StepRecord) => void
  signal?: AbortSignal
}

const episodeOptions: OptionKinds<EpisodeOptions> = {
  ...samplingOptions,
  task: 'text',
  episode: 'count',
  seed: 'number',
  interventions: 'any',
  capture: 'any',
  onStep: 'function',
  signal: 'signal',
}
const planKinds: OptionKinds<StepPlan> = { interventions: 'any', fwdHooks: 'any' }

export interface PlayedEpisode {
  task: string
  outcome: EpisodeOutcome
  /** Prompt, answer, verdict, timings and token probabilities of each. */
  steps: StepRecord[]
}

/**
 * Plays one episode with a model. The same seed, episode and settings give the same bits, whatever runs beside it; episodes that are played at
 * the same time form one batch.
 * @throws invalid_input, the intervention_… errors, session_lost, and what the environment throws; the signal's reason
 */
export async function playEpisode(
  model: Model,
  environment: Environment,
  options: EpisodeOptions = {},
): Promise<PlayedEpisode> {
  const { episode = 0, seed = 0, capture, onStep } = checkOptions('playEpisode', options, episodeOptions)
  const { maxNewTokens, temperature, topK, topP, stopTokens } = options
  const sampling = parseSettings(samplingSettings, { maxNewTokens, temperature, topK, topP, stopTokens })
  const task = options.task ?? environment.taskOf(episode, seed)
  const steps: StepRecord[] = []
  const changes = await changesOf(model, options.interventions ?? [], environment.maxSteps)
  try {
    const outcome = await playSteps(
      { episode, task, state: environment.reset(task), step: 0, earlierPrompts: [] },
      {
        runId: 'library',
        seed,
        sampling,
        capture: { hooks: [], positions: 'decision' },
        environment,
        model: agentOf(model, sampling.stopTokens, capture),
        changes,
        record({ record }) {
          if (capture) {
            capture.recordStepMetadata(metadataOf(record))
            capture.endStep()
          }
          steps.push(record)
          onStep?.(record)
        },
      },
      options.signal ?? new AbortController().signal,
    )
    return { task, outcome, steps }
  } finally {
    capture?.close()
  }
}

const metadataOf = ({
  step,
  completion,
  answer,
  isInvalid,
  isWin,
  reward,
  labels,
}: StepRecord): StepMetadata => ({
  step,
  completion,
  answer,
  isInvalid,
  isWin,
  reward,
  labels,
})

function agentOf(
  model: Model,
  stopTokens: readonly string[],
  capture: TrajectoryCapture | undefined,
): AgentModel {
  const { parts } = modelInside(model)
  return {
    contextLength: model.shape.contextLength,
    stopIds: parts.stopIds(stopTokens),
    encodeChat: (messages) => model.tokenizer.chatToTokens(messages),
    decode: (ids) => model.tokenizer.toString(ids),
    async generate(request, signal, functions = []) {
      const observer = capture?.begin()
      return (await parts.ask(request, { promptOnly: false, signal, functions, observer })).result
    },
  }
}

async function changesOf(
  model: Model,
  given: readonly InterventionInput[] | PlanStep,
  maxSteps: number,
): Promise<ChooseChanges> {
  const { parts, readRun } = modelInside(model)
  if (typeof given !== 'function') {
    const planned = await parts.plan(given, readRun)
    checkEveryStep(planned, maxSteps)
    return ({ step, seed }) => ({ interventions: interventionsAtStep(planned, step, seed) })
  }
  return async (situation, signal) => {
    const { interventions = [], fwdHooks = [] } = stepPlan(await given(situation, signal))
    const { step, seed } = situation
    return {
      interventions: interventionsAtStep(await parts.plan(interventions, readRun), step, seed),
      functions: hookedFunctions(fwdHooks, model.shape, false),
    }
  }
}

/** @throws TypeError for what is no plan: it would be taken for none */
function stepPlan(plan: NoPlan | StepPlan): StepPlan {
  if (plan === undefined || plan === null) return {}
  return checkOptions('a step’s rule, which gives { interventions, fwdHooks } or nothing,', plan, planKinds)
}
