// One step of an episode in several runs, side by side.
// Owns: which steps are set beside one another, and what the model makes of each answer without interventions. Not: whole runs (compareRuns.ts).
// An answer that no intervention could reach was drawn by the plain model itself: its stored log-probabilities are both.
import type { WorkProgress } from '../contract/api.ts'
import { AppError, reportOf } from '../contract/errors.ts'
import type {
  InspectedMessage,
  InspectedRun,
  InspectionQuery,
  StepInspection,
} from '../contract/inspection.ts'
import type { RunRecord, StepRecord } from '../contract/runs.ts'
import { commonPrefix } from '../inference/prefixChain.ts'
import type { Workspace } from '../store/workspace.ts'
import { replayModel } from './dataSets/replayGround.ts'
import type { ModelLibrary } from './modelLibrary.ts'
import type { TokenReader } from './tokenReaders.ts'

interface InspectWorld {
  workspace: Workspace
  models: ModelLibrary
  readerOf: (run: RunRecord) => Promise<TokenReader>
}

/** A run's step, and what became of the question for it. */
interface Found {
  run: RunRecord
  step: StepRecord | null
  task: string | null
  missing: string | null
  plain: Float32Array | null
  refusal: AppError | null
}

/**
 * @throws not_found for a run that is not there; not_enough_memory, session_lost and what else a present model throws; the signal's
 *   reason. A model that is gone or has changed is a refusal of that run alone.
 */
export async function inspectStep(
  query: InspectionQuery,
  { workspace, models, readerOf }: InspectWorld,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<StepInspection> {
  const found = query.runIds.map((id) => stepOf(workspace, workspace.runs.get(id), query))
  for (const [index, each] of found.entries()) {
    tell({ label: 'Asking the model without interventions', fraction: index / found.length })
    await askPlainly(each, { workspace, models }, query.episode, signal)
  }
  const [first] = found
  const runs: InspectedRun[] = []
  for (const each of found) {
    const { run, step, task, missing } = each
    const title = run.sweep?.title ?? run.name
    const read = await readerOf(run)
    const message = step && messageOf(step, each, read, run.id === first.run.id ? null : first.step)
    runs.push({ runId: run.id, title, task, message, missing })
  }
  return { runs }
}

function stepOf(workspace: Workspace, run: RunRecord, { episode, step }: InspectionQuery): Found {
  const none = { run, step: null, plain: null, refusal: null }
  let task: string
  try {
    task = workspace.episodes.get(run.id, episode).task
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found')
      return { ...none, task: null, missing: `${run.id} has no episode ${episode} yet.` }
    throw error
  }
  const steps = workspace.steps.list(run.id, episode)
  if (step < steps.length) return { ...none, step: steps[step], task, missing: null }
  const { outcome } = workspace.episodes.get(run.id, episode)
  const why = outcome === 'running' ? 'has not come so far' : outcome === 'win' ? 'was won before' : 'is over'
  return { ...none, task, missing: `Episode ${episode} of ${run.id} ${why}: it has ${steps.length} steps.` }
}

/** Fills in `plain`, or why there is none. */
async function askPlainly(
  found: Found,
  { workspace, models }: Pick<InspectWorld, 'workspace' | 'models'>,
  episode: number,
  signal: AbortSignal,
): Promise<void> {
  const { run, step } = found
  if (!step) return
  const before = workspace.steps.list(run.id, episode).slice(0, step.step + 1)
  if (before.every(({ interventions }) => interventions.length === 0)) {
    found.plain = step.logProbabilities
    return
  }
  const ground = replayModel(run, models.list())
  if ('refusal' in ground) {
    found.refusal = ground.refusal
    return
  }
  try {
    found.plain = await plainScores(step, run, { models, id: ground.model.id }, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof AppError) || !isGone.has(error.code)) throw error
    found.refusal = error
  }
}

/** Files that are not there any more, or are others. */
const isGone: ReadonlySet<string> = new Set([
  ...['model_changed', 'model_path_missing', 'model_file_missing', 'model_truncated', 'model_malformed'],
])

async function plainScores(
  { promptIds, completionIds }: StepRecord,
  { settings: { computeDtype: dtype, device } }: RunRecord,
  { models, id }: { models: ModelLibrary; id: string },
  signal: AbortSignal,
): Promise<Float32Array> {
  const need = { rows: 1, dtype, device, fewerRowsDo: true }
  const { model, release } = await models.borrow(id, need, () => {}, signal)
  try {
    // The model must have room for the token that a request asks for: of an answer that filled the context the last is not scored.
    const answer = completionIds.subarray(0, model.contextLength - 1 - promptIds.length)
    const whole = new Int32Array(promptIds.length + answer.length)
    whole.set(promptIds)
    whole.set(answer, promptIds.length)
    const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: model.stopIds, seed: '0' }
    const capture = { hooks: [], positions: 'decision' as const }
    const { scores } = await model.generate(
      { promptIds: whole, earlierPrompts: [], sampling, capture, scoreFrom: promptIds.length },
      signal,
    )
    const padded = new Float32Array(completionIds.length).fill(NaN)
    padded.set(scores!) // asked for
    return padded
  } finally {
    release()
  }
}

function messageOf(
  step: StepRecord,
  { plain, refusal }: Found,
  read: TokenReader,
  first: StepRecord | null,
): InspectedMessage {
  const { messages, completionIds, logProbabilities, completion, finish, answer, isInvalid, isWin } = step
  return {
    messages,
    isPromptSame: first && isSame(step.promptIds, first.promptIds),
    tokens: read(completionIds),
    logProbabilities,
    plain,
    firstDifference:
      first && !isSame(completionIds, first.completionIds)
        ? commonPrefix(completionIds, first.completionIds)
        : null,
    completion,
    finish,
    answer,
    isInvalid,
    isWin,
    isSteered: step.interventions.some(({ tokens }) => tokens > 0),
    refusal: refusal && reportOf(refusal),
  }
}

const isSame = (one: Int32Array, other: Int32Array): boolean =>
  one.length === other.length && commonPrefix(one, other) === one.length
