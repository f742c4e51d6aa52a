// What a run would cost, told before it starts.
// Owns: disk and time from settings and from speed seen on this machine. Not: memory (model/memoryEstimate.ts).
import type { RunEstimate } from '../contract/api.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { CollectSettings, RunRecord } from '../contract/runs.ts'
import { parseStoredHook } from '../model/hookNames.ts'

/** A step's texts and times, and what is stored of each token that it generates: from runs of the case study, without activations. */
const BYTES_PER_STEP = 6000
const BYTES_PER_NEW_TOKEN = 100
/** Tokens of instructions, of a question with its answer, and of what stands around them, as a usual tokeniser has them. */
const FIRST_PROMPT_TOKENS = 200
const NEW_PROMPT_TOKENS = 60
const TURN_TOKENS = 16
/** Few answers are longer, whatever they may be. */
const USUAL_ANSWER_TOKENS = 64

interface EstimateSources {
  model: ModelRecord
  memoryBytes: number
  freeMemoryBytes: number
  freeDiskBytes: number
  /** Earlier runs, for their speed. */
  runs: readonly RunRecord[]
}

/** Tokens that the longest prompt and its answer will have, if no answer is unusually long but the last. */
export function longestSequence({
  environment,
  sampling,
}: Pick<CollectSettings, 'environment' | 'sampling'>): number {
  const answer = Math.min(sampling.maxNewTokens, USUAL_ANSWER_TOKENS)
  return FIRST_PROMPT_TOKENS + environment.maxSteps * (answer + TURN_TOKENS) + sampling.maxNewTokens
}

export function estimateRun(settings: CollectSettings, sources: EstimateSources): RunEstimate {
  const steps = settings.episodes * settings.environment.maxSteps
  const answerTokens = Math.min(settings.sampling.maxNewTokens, 4 * USUAL_ANSWER_TOKENS)
  const stepBytes = BYTES_PER_STEP + BYTES_PER_NEW_TOKEN * answerTokens
  const diskBytes = steps * (stepBytes + activationBytes(settings, sources.model))
  const secondsPerStep = measuredSecondsPerStep(settings, sources.runs)
  const { memoryBytes, freeMemoryBytes, freeDiskBytes } = sources
  const warnings: string[] = []
  if (memoryBytes > freeMemoryBytes)
    warnings.push('More memory is needed than is free: lower the batch size.')
  if (diskBytes > freeDiskBytes) warnings.push('More disk space may be needed than is free.')
  if (2 * settings.sampling.maxNewTokens > sources.model.shape.contextLength)
    warnings.push('Answers may take more than half of the model’s context: old turns will be left out early.')
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
    batch: settings.batch,
    seconds: secondsPerStep === null ? null : steps * secondsPerStep,
    warnings,
  }
}

/** Per step: four decision points, and with `all` every new position, for each hook point. */
function activationBytes(settings: CollectSettings, model: ModelRecord): number {
  const { capture, sampling } = settings
  const positions = 4 + (capture.positions === 'all' ? NEW_PROMPT_TOKENS + sampling.maxNewTokens : 0)
  const bytes = capture.dtype === 'float16' ? 2 : 4
  const values = capture.hooks.reduce((sum, hook) => sum + parseStoredHook(hook, model.shape).width, 0)
  return positions * bytes * values
}

/** From the newest run of the same model in the same dtype with enough steps to tell; null where there is none. */
function measuredSecondsPerStep(settings: CollectSettings, runs: readonly RunRecord[]): number | null {
  const same = runs.filter(
    (run) =>
      run.settings.modelId === settings.modelId &&
      run.settings.computeDtype === settings.computeDtype &&
      !run.manifest.fork && // copied steps took no time
      run.progress.steps >= 20 &&
      run.progress.seconds > 0,
  )
  const alike = same.find((run) => run.settings.batch === settings.batch) ?? same[0]
  return alike ? alike.progress.seconds / alike.progress.steps : null
}
