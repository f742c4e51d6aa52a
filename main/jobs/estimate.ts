// What a run would cost, told before it starts.
// Owns: disk and time from settings and from speed seen on this machine. Not: memory (model/memoryEstimate.ts).
import type { RunEstimate } from '../contract/api.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { CollectSettings, RunRecord } from '../contract/runs.ts'

/** Tokens, texts and times of a step: measured on runs of the case study, without activations. */
const BYTES_PER_STEP = 9000
/** Tokens that are new in a step whose prompt grows by one question and its answer. */
const NEW_PROMPT_TOKENS = 60

interface EstimateSources {
  model: ModelRecord
  memoryBytes: number
  freeMemoryBytes: number
  freeDiskBytes: number
  /** Earlier runs, for their speed. */
  runs: readonly RunRecord[]
}

export function estimateRun(settings: CollectSettings, sources: EstimateSources): RunEstimate {
  const steps = settings.episodes * settings.environment.maxSteps
  const diskBytes = steps * (BYTES_PER_STEP + activationBytes(settings, sources.model))
  const secondsPerStep = measuredSecondsPerStep(settings, sources.runs)
  const { memoryBytes, freeMemoryBytes, freeDiskBytes } = sources
  const warnings: string[] = []
  if (memoryBytes > freeMemoryBytes)
    warnings.push('More memory is needed than is free: lower the batch size.')
  if (diskBytes > freeDiskBytes) warnings.push('More disk space may be needed than is free.')
  const { computeDtype } = settings
  if (computeDtype !== 'float32')
    warnings.push(
      `Computed with ${computeDtype}: not for measurement unless “models check --dtype ${computeDtype}” passes.`,
    )
  if (!sources.model.hasChatTemplate)
    warnings.push('The model has no chat template: a plain one is used, and it may not follow it well.')
  return {
    memoryBytes,
    freeMemoryBytes,
    diskBytes,
    steps,
    seconds: secondsPerStep === null ? null : steps * secondsPerStep,
    warnings,
  }
}

/** Per step: four decision points, and with `all` every new position, for each hook point. */
function activationBytes(settings: CollectSettings, model: ModelRecord): number {
  const { capture, sampling } = settings
  const positions = 4 + (capture.positions === 'all' ? NEW_PROMPT_TOKENS + sampling.maxNewTokens : 0)
  const bytes = capture.dtype === 'float16' ? 2 : 4
  return capture.hooks.length * positions * bytes * model.shape.residualWidth
}

/** From the newest run of the same model in the same dtype with enough steps to tell; null where there is none. */
function measuredSecondsPerStep(settings: CollectSettings, runs: readonly RunRecord[]): number | null {
  const same = runs.filter(
    (run) =>
      run.settings.modelId === settings.modelId &&
      run.settings.computeDtype === settings.computeDtype &&
      run.progress.steps >= 20 &&
      run.progress.seconds > 0,
  )
  const alike = same.find((run) => run.settings.batch === settings.batch) ?? same[0]
  return alike ? alike.progress.seconds / alike.progress.steps : null
}
