// Activations that no run stored, computed again from its stored tokens and kept beside it.
// Owns: asking the model the same once more, proving that it says the same, and what is kept. Not: which steps lack something (survey.ts).
// A step is a function of model and request (docs/decisions/0001.md): asked again with other hook points it gives the same tokens, and
// the bits that a capture would have kept. Where only the prompt's vectors are wanted, one token of the answer is enough to prove it.
import { isOfPrompt, pointOfPositions, type StepPoint } from '../../analysis/poolings.ts'
import type { WorkProgress } from '../../contract/api.ts'
import { errors } from '../../contract/errors.ts'
import type { RunRecord, StepRecord } from '../../contract/runs.ts'
import type { PlannedIntervention } from '../../inference/interventionPlan.ts'
import type { Intervention } from '../../inference/interventions.ts'
import type { CapturedHook, GenerateRequest } from '../../inference/requests.ts'
import { decisionPoints, type ReplayedVector } from '../../store/activations.ts'
import type { Workspace } from '../../store/workspace.ts'
import { drawsAt } from '../forkedRuns.ts'
import type { AgentModel } from '../playEpisode.ts'
import { earlierOf } from '../runInterventions.ts'

export interface ReplayNeed {
  run: RunRecord
  /** Steps by episode. */
  steps: ReadonlyMap<number, ReadonlySet<number>>
  hooks: readonly string[]
  points: readonly StepPoint[]
}

export interface ReplayWorld {
  workspace: Workspace
  model: AgentModel
  /** The run's interventions, read and compared with its manifest. */
  planned: readonly PlannedIntervention[]
  /** Episodes at once. */
  lanes: number
}

/** An episode as it was played. */
export interface PlayedSteps {
  run: RunRecord
  steps: readonly StepRecord[]
  /** What was done to the model's activations in each of the steps. */
  acted: readonly (readonly Intervention[])[]
}

export const playedSteps = (
  workspace: Workspace,
  run: RunRecord,
  episode: number,
  planned: readonly PlannedIntervention[],
): PlayedSteps => {
  const steps = workspace.steps.list(run.id, episode)
  const stored = steps.map((step) => step.interventions)
  return { run, steps, acted: earlierOf(planned, stored, (step) => drawsAt(run, episode, step).seed) }
}

/** What a step was asked, with the chain of prompts that defines its keys and values. */
export function requestOf(
  { run, steps, acted }: PlayedSteps,
  index: number,
  {
    model,
    capture,
    maxNewTokens,
  }: { model: AgentModel; capture: GenerateRequest['capture']; maxNewTokens: number },
): GenerateRequest {
  const { episode, step, promptIds } = steps[index]
  const { seed, sampling } = drawsAt(run, episode, step)
  const { temperature, topK, topP } = sampling
  return {
    promptIds,
    earlierPrompts: steps.slice(0, index).map((earlier) => earlier.promptIds),
    interventions: acted[index],
    earlierInterventions: acted.slice(0, index),
    sampling: {
      temperature,
      topK,
      topP,
      maxNewTokens,
      stopIds: model.stopIds,
      seed,
    },
    capture,
  }
}

/**
 * Computes and stores what is needed, step by step: what is stored when the signal is aborted stays.
 * @throws replay_differs where the model says something else than it said then; what the model throws; the signal's reason
 */
export async function replay(
  need: ReplayNeed,
  world: ReplayWorld,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const { run, points, hooks } = need
  const { workspace, model, planned } = world
  // An intervention may act on the answer alone.
  const needsAnswer =
    planned.length > 0 || points.some((point) => point !== 'firstGenerated' && !isOfPrompt(point))
  const needsPositions = points.some((point) => !(decisionPoints as readonly string[]).includes(point))
  const total = [...need.steps.values()].reduce((sum, steps) => sum + steps.size, 0)
  let done = 0
  const failure = new AbortController()
  const stop = AbortSignal.any([signal, failure.signal])
  const waiting = need.steps.entries()

  async function replayEpisode(episode: number, wanted: ReadonlySet<number>): Promise<void> {
    const played = playedSteps(workspace, run, episode, planned)
    const { steps } = played
    const positions = new EpisodePositions()
    const last = Math.max(...wanted)
    for (let index = 0; index <= last; index++) {
      // Positions of a step may lie in those before it; vectors of a step are its own.
      if (!needsPositions && !wanted.has(index)) continue
      stop.throwIfAborted()
      const { step, completionIds } = steps[index]
      const maxNewTokens = needsAnswer ? run.settings.sampling.maxNewTokens : 1
      const capture = { hooks, positions: needsPositions ? ('all' as const) : ('decision' as const) }
      const request = requestOf(played, index, { model, capture, maxNewTokens })
      const result = await model.generate(request, stop)
      requireSame(steps[index], completionIds.subarray(0, needsAnswer ? undefined : 1), result.completionIds)
      const prompt = request.promptIds.length
      const found = result.captures.flatMap((captured) => {
        const whole = needsPositions ? positions.join(captured) : null
        return points.flatMap((point): ReplayedVector[] => {
          const data = vectorOf(captured, whole, point, prompt)
          return data ? [{ hook: captured.hook, point, data }] : []
        })
      })
      if (!wanted.has(index)) continue
      workspace.activations.addReplayed({ runId: run.id, episode, step }, found)
      done++
      tell({ label: `Replaying ${run.id}`, fraction: done / total })
    }
  }

  async function lane(): Promise<void> {
    try {
      for (const [episode, wanted] of waiting) {
        if (stop.aborted) return
        await replayEpisode(episode, wanted)
      }
    } catch (error) {
      if (stop.aborted) return // this episode stopped because the others did
      failure.abort(error)
      throw error
    }
  }

  const lanes = await Promise.allSettled(Array.from({ length: world.lanes }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  signal.throwIfAborted()
}

/** @throws replay_differs */
export function requireSame(
  { runId, episode, step }: StepRecord,
  stored: Int32Array,
  said: Int32Array,
): void {
  if (stored.length !== said.length || stored.some((id, i) => id !== said[i]))
    throw errors.replayDiffers({ runId, episode, step })
}

function vectorOf(
  captured: CapturedHook,
  whole: Float32Array | null,
  point: StepPoint,
  prompt: number,
): Float32Array | null {
  switch (point) {
    case 'lastPrompt':
    case 'firstGenerated':
    case 'meanPrompt':
    case 'meanGenerated':
      return captured[point]
    default:
      return pointOfPositions(point, whole!, { prompt, width: captured.width })
  }
}

/** All positions of an episode's present step by hook point, each step put together from its own and those of the step before. */
export class EpisodePositions {
  private readonly before = new Map<string, Float32Array>()

  /** @returns [prompt + generated, D] of the step that follows on the one joined last */
  join({ hook, width, all }: CapturedHook): Float32Array {
    if (!all) throw new TypeError('the step was asked without its positions')
    const from = all.firstPosition * width
    const whole = new Float32Array(from + all.data.length)
    whole.set((this.before.get(hook) ?? new Float32Array(0)).subarray(0, from))
    whole.set(all.data, from)
    this.before.set(hook, whole)
    return whole
  }
}
