// Activations that steps lack, computed with the run's own model and kept.
// Owns: borrowing the model with room for as many episodes at once as memory allows. Not: the replay (replay.ts) or what is lacking (survey.ts).
import type { WorkProgress } from '../../contract/api.ts'
import { parseStoredHook } from '../../model/hookNames.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { replay } from './replay.ts'
import { replayPlan } from './replayGround.ts'
import type { RunNeed } from './survey.ts'

/** Part of the free memory that positions of replayed steps may take. */
const REPLAY_MEMORY = 0.25
const MOST_LANES = 16

export class StepFiller {
  private readonly workspace: Workspace
  private readonly models: ModelLibrary

  constructor(workspace: Workspace, models: ModelLibrary) {
    this.workspace = workspace
    this.models = models
  }

  /** What was computed stays when the signal is aborted. @throws replay_refused, replay_differs; the signal's reason */
  async fill(need: RunNeed, tell: (progress: WorkProgress) => void, signal: AbortSignal): Promise<void> {
    const { run, ground, hooks } = need
    if ('refusal' in ground) throw ground.refusal
    const { shape } = ground.model
    const values = hooks.reduce((sum, hook) => sum + parseStoredHook(hook, shape).width, 0)
    const bytes = values * 4 * Math.min(shape.contextLength, longestStep(this.workspace, need))
    const fitting = Math.floor((REPLAY_MEMORY * process.availableMemory()) / bytes)
    const lanes = Math.max(1, Math.min(MOST_LANES, need.steps.size, fitting))
    const { computeDtype: dtype, device } = run.settings
    const planned = await replayPlan(this.workspace, run, ground.model)
    const want = { rows: lanes, dtype, device, fewerRowsDo: true }
    const { model, release } = await this.models.borrow(ground.model.id, want, tell, signal)
    try {
      const agent = model.withStopTokens(run.settings.sampling.stopTokens)
      await replay(need, { workspace: this.workspace, model: agent, planned, lanes }, tell, signal)
    } finally {
      release()
    }
  }
}

function longestStep(workspace: Workspace, { run, steps }: RunNeed): number {
  const tokens = workspace.stepFacts
    .list(run.id)
    .filter(({ episode }) => steps.has(episode))
    .map(({ promptTokens, completionTokens }) => promptTokens + completionTokens)
  return Math.max(1, ...tokens)
}

/** Upper bound in seconds, from the speed at which the runs were collected. @returns null where nothing was collected yet */
export function replaySeconds(needs: readonly RunNeed[]): number | null {
  if (needs.every(({ run }) => run.progress.steps === 0)) return null
  return needs.reduce(
    (sum, { run, steps }) => sum + (stepsIn(steps) * run.progress.seconds) / Math.max(1, run.progress.steps),
    0,
  )
}

export const stepsIn = (steps: ReadonlyMap<number, ReadonlySet<number>>): number =>
  [...steps.values()].reduce((sum, each) => sum + each.size, 0)
