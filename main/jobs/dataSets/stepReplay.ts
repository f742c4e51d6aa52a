// Every position of one step or episode, read where it is stored and else computed on demand; nothing is kept.
// Owns: choosing between the two, and putting positions together. Not: replays that are kept (replay.ts).
// Prompt and answer are read in one pass, which differs from the run's own by rounding alone (relative 1e-6); with interventions, which may
// act on the answer otherwise, the step is asked as it was.
import type { WorkProgress } from '../../contract/api.ts'
import { AppError } from '../../contract/errors.ts'
import type { RunRecord, StepRecord } from '../../contract/runs.ts'
import type { CapturedHook } from '../../inference/requests.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import type { AgentModel } from '../playEpisode.ts'
import { EpisodePositions, playedSteps, requestOf, requireSame, type PlayedSteps } from './replay.ts'
import { replayModel, replayPlan } from './replayGround.ts'

type Tell = (progress: WorkProgress) => void

/** Activations of a step by hook point: [prompt + answer, D], row-major. */
export type StepPositions = ReadonlyMap<string, { data: Float32Array; width: number }>

export class StepReplay {
  private readonly workspace: Workspace
  private readonly models: ModelLibrary

  constructor(workspace: Workspace, models: ModelLibrary) {
    this.workspace = workspace
    this.models = models
  }

  /**
   * Positions of an episode's steps up to the last that is wanted, one step after the other.
   * @param wanted  which steps; all where left out
   * @throws not_found, replay_refused, and what the model throws; the signal's reason
   */
  async *positions(
    {
      runId,
      episode,
      hooks,
      wanted,
    }: { runId: string; episode: number; hooks: readonly string[]; wanted?: number },
    tell: Tell,
    signal: AbortSignal,
  ): AsyncGenerator<{ record: StepRecord; positions: StepPositions }> {
    const run = this.workspace.runs.get(runId)
    this.workspace.episodes.get(runId, episode)
    const steps = this.workspace.steps
      .list(runId, episode)
      .slice(0, wanted === undefined ? undefined : wanted + 1)
    const asked = steps.filter(({ step }) => wanted === undefined || step === wanted)
    const stored = asked.map((record) => ({ record, positions: this.stored(record, hooks) }))
    if (stored.every(({ positions }) => positions !== null)) {
      for (const { record, positions } of stored) yield { record, positions: positions! }
      return
    }
    const last = steps.length - 1
    for await (const found of this.replayed(run, episode, last, { hooks, tell, signal }))
      if (wanted === undefined || found.record.step === wanted) yield found
  }

  private stored(record: StepRecord, hooks: readonly string[]): StepPositions | null {
    const { runId, episode, step } = record
    const found = new Map<string, { data: Float32Array; width: number }>()
    for (const hook of hooks) {
      try {
        const { data, shape } = this.workspace.activations.positions({ runId, episode, step, hook })
        found.set(hook, { data, width: shape[1] })
      } catch (error) {
        if (error instanceof AppError && error.code === 'not_captured') return null
        throw error
      }
    }
    return found
  }

  private async *replayed(
    run: RunRecord,
    episode: number,
    last: number,
    { hooks, tell, signal }: { hooks: readonly string[]; tell: Tell; signal: AbortSignal },
  ): AsyncGenerator<{ record: StepRecord; positions: StepPositions }> {
    const ground = replayModel(run, this.workspace.models.list())
    if ('refusal' in ground) throw ground.refusal
    const planned = await replayPlan(this.workspace, run, ground.model)
    const played = playedSteps(this.workspace, run, episode, planned)
    const need = { rows: 1, dtype: run.settings.computeDtype, device: run.settings.device, fewerRowsDo: true }
    const { model, release } = await this.models.borrow(ground.model.id, need, tell, signal)
    try {
      const agent = model.withStopTokens(run.settings.sampling.stopTokens)
      const before = new EpisodePositions()
      for (let index = 0; index <= last; index++) {
        tell({ label: 'Reading the episode again', fraction: index / (last + 1) })
        const captures = await ask(agent, played, index, { hooks, isChanged: planned.length > 0, signal })
        const record = played.steps[index]
        const length = record.promptIds.length + record.completionIds.length
        const positions = new Map(
          captures.map((captured) => {
            const { hook, width } = captured
            return [hook, { data: before.join(captured).slice(0, length * width), width }]
          }),
        )
        yield { record, positions }
      }
    } finally {
      release()
    }
  }
}

/** Every position of a step that is new since the one before. */
async function ask(
  model: AgentModel,
  played: PlayedSteps,
  index: number,
  { hooks, isChanged, signal }: { hooks: readonly string[]; isChanged: boolean; signal: AbortSignal },
): Promise<CapturedHook[]> {
  const { promptIds, completionIds } = played.steps[index]
  const capture = { hooks, positions: 'all' as const }
  const whole = new Int32Array(promptIds.length + completionIds.length)
  whole.set(promptIds)
  whole.set(completionIds, promptIds.length)
  // An answer that filled the context leaves no room for the one token that a request asks for at least.
  if (isChanged || whole.length >= model.contextLength) {
    const { maxNewTokens } = played.run.settings.sampling
    const result = await model.generate(requestOf(played, index, { model, capture, maxNewTokens }), signal)
    requireSame(played.steps[index], completionIds, result.completionIds)
    return result.captures
  }
  const request = requestOf(played, index, { model, capture, maxNewTokens: 1 })
  return (await model.generate({ ...request, promptIds: whole }, signal)).captures
}
