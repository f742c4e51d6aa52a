// Catches what a model does in the steps of an episode.
// Owns: which run belongs to which step, and putting a step together where its beginning was computed in the step before.
// Not: what is done with it (trajectory.ts) or playing (episodes.ts).
import { joinAxis, padAxis, sliceAxis, type AxedTensor } from '../analysis/axedTensor.ts'
import { chooseHooks, usualHooks, type HookChoice } from './hookChoice.ts'
import { parseSettings } from '../jobs/settings.ts'
import type { ObservedRun, RunObserver } from './loadedParts.ts'
import { modelInside, type Model } from './model.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { stepMetadata, Trajectory, type StepMetadata, type TrajectoryStep } from './trajectory.ts'

export interface CaptureOptions {
  /** Hook points to keep; all but `attn.hook_result` where left out, which are many. */
  names?: HookChoice
}

const captureOptions: OptionKinds<CaptureOptions> = { names: 'any' }

interface OpenStep {
  runs: ObservedRun[]
  metadata: StepMetadata
  stopObserving: () => void
}

/**
 * Keeps the hook points of every step that is begun and ended, for all positions of prompt and answer. The model is observed within steps
 * only, so nothing is left on it; `close`, or `using`, drops a step that was left open.
 */
export class TrajectoryCapture implements Disposable {
  readonly hooks: readonly string[]
  private readonly model: Model
  private readonly done: TrajectoryStep[] = []
  private open: OpenStep | null = null

  /** @throws hook_unknown, layer_out_of_range */
  constructor(model: Model, options: CaptureOptions = {}) {
    checkOptions('TrajectoryCapture', options, captureOptions)
    this.model = model
    this.hooks = chooseHooks(options.names ?? usualHooks, model.shape)
  }

  /** From here on the model's next run is this step's, whoever asks for it. @throws TypeError where a step is open */
  startStep(): void {
    const observer = this.begin()
    this.open!.stopObserving = this.model.observe(observer) // just begun
  }

  /** As `startStep`, for a caller who tells of the step's run by itself, while others use the model too. */
  begin(): RunObserver {
    if (this.open) throw new TypeError('a step is open; end it first')
    const step: OpenStep = { runs: [], metadata: {}, stopObserving: () => {} }
    this.open = step
    return { hooks: this.hooks, receive: (run) => void step.runs.push(run) }
  }

  /** @throws TypeError where no step is open or the model did not run in it exactly once; the step is gone then */
  endStep(): void {
    const step = this.open
    if (!step) throw new TypeError('no step is open')
    this.close()
    const [run] = step.runs
    if (step.runs.length !== 1)
      throw new TypeError(`the model ran ${step.runs.length} times in this step; a step has one run`)
    const { promptIds, completionIds } = run
    this.done.push({ promptIds, completionIds, metadata: step.metadata, tensors: this.whole(run) })
  }

  /**
   * Notes something about the open step, or the last one where none is open. Later values take the place of earlier ones of the same name.
   * @throws invalid_input for what JSON cannot say (NaN, functions, dates), before anything is lost; TypeError where there is no step
   */
  recordStepMetadata(metadata: StepMetadata): void {
    const step = this.open ?? this.done.at(-1)
    if (!step) throw new TypeError('there is no step yet')
    Object.assign(step.metadata, parseSettings(stepMetadata, metadata))
  }

  /** Steps that have ended. */
  get steps(): number {
    return this.done.length
  }

  /** What has been caught so far; later steps are not in it. The first time the weights are read, for their hash. */
  async trajectory(): Promise<Trajectory> {
    const { parts } = modelInside(this.model)
    const [modelHash, tokenizerHash] = await Promise.all([parts.modelHash(), parts.tokenizerHash()])
    const of = { name: this.model.name, modelHash, tokenizerHash, computeDtype: parts.dtype }
    return new Trajectory(of, [...this.done])
  }

  /** Forgets every step. */
  clear(): void {
    this.close()
    this.done.length = 0
  }

  /** Leaves the model alone; a step that is open is dropped. */
  close(): void {
    this.open?.stopObserving()
    this.open = null
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Positions that the run took over from the step before are that step's, bit for bit. */
  private whole({ firstPosition, tensors, promptIds }: ObservedRun): ReadonlyMap<string, AxedTensor> {
    if (firstPosition === 0) return tensors
    const before = this.done.at(-1)
    const isShared =
      before && promptIds.subarray(0, firstPosition).every((id, i) => before.promptIds[i] === id)
    if (!isShared)
      throw new TypeError('the step before was not captured; capture an episode from its first step on')
    return new Map(
      [...tensors].map(([hook, later]) => [
        hook,
        joined(before.tensors.get(hook)!, later, {
          count: firstPosition,
          isScores: hook.endsWith('hook_attn_scores'),
        }), // the same hooks in every step
      ]),
    )
  }
}

/** @param count  positions that are taken from the earlier tensor */
function joined(
  earlier: AxedTensor,
  later: AxedTensor,
  { count, isScores }: { count: number; isScores: boolean },
): AxedTensor {
  const first = sliceAxis(earlier, 'S', 0, count)
  const place = later.axes.split(' ').indexOf('T')
  if (place < 0) return joinAxis(first, later, 'S')
  // Later keys are not seen from there: no weight in a pattern, and no score at all.
  const seen = sliceAxis(first, 'T', 0, count)
  return joinAxis(padAxis(seen, 'T', later.shape[place] - count, isScores ? -Infinity : 0), later, 'S')
}
