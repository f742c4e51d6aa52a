// What the model without interventions makes of the answers of a sweep: perplexity, and how far the first token is moved.
// Owns: which steps and prompts are asked about, asking the model, storing each as it is known. Not: what follows from it (sweepVerdict.ts).
// Answers of the baseline and of a condition in words were written by the unsteered model: their stored log-probabilities are its own.
import { divergence } from '../../analysis/divergence.ts'
import { errors } from '../../contract/errors.ts'
import { phaseOf } from '../../contract/interventions.ts'
import type { ChatMessage, RunRecord, StepRecord } from '../../contract/runs.ts'
import { interventionsAtStep, type PlannedIntervention } from '../../inference/interventionPlan.ts'
import { commonPrefix } from '../../inference/prefixChain.ts'
import type { GenerateRequest } from '../../inference/requests.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import type { Workspace } from '../../store/workspace.ts'
import { neutralPrompts } from './neutralPrompts.ts'
import { planForModel, runReader } from '../interventions.ts'
import type { LoadedModel } from '../loadedModel.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { stepSeed } from '../playEpisode.ts'

type Tell = (progress: { label: string; fraction: number }) => void

/** One question to the model, and what it answers is stored. */
type Question = (signal: AbortSignal) => Promise<void>

/**
 * Scores what has not been scored of every condition that was steered. What is stored stays when the signal is aborted.
 * @throws model_changed and what loading throws; the signal's reason
 */
export async function scoreSweep(
  id: string,
  { workspace, models }: { workspace: Workspace; models: ModelLibrary },
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = workspace.sweeps.get(id)
  const members = workspace.sweeps.conditions(id)
  const baseline = members.find(({ role }) => role === 'baseline')
  const steered = members
    .filter(({ role }) => role !== 'baseline')
    .map(({ runId }) => workspace.runs.get(runId))
    .filter((run) => run.status === 'done' && !isScored(workspace, run, settings.scoredSteps))
  if (settings.scoredSteps === 0 || steered.length === 0) return
  const known = new Set(
    steered.flatMap(({ id: run }) =>
      workspace.sweeps.scores(run).map(({ episode, step, kind }) => `${run}/${episode}/${step}/${kind}`),
    ),
  )
  const isKnown = (key: string): boolean => known.has(key)
  const { modelId, batch, computeDtype: dtype, device } = settings
  const files = await openModelFiles(models.get(modelId).path)
  const need = { rows: batch, dtype, device, fewerRowsDo: true }
  const { model, release } = await models.borrow(modelId, need, tell, signal)
  try {
    const first = new FirstTokens(workspace, model, baseline?.runId)
    const questions: Question[] = []
    for (const run of steered) {
      const planned = await planForModel(run.settings.interventions, files, {
        modelHash: models.get(modelId).hash,
        computeDtype: dtype,
        readRun: runReader(workspace),
      })
      const told = run.settings.interventions.length === 0 ? run.settings.environment.systemPrompt : null
      const plain = { systemPrompt: told === null ? null : settings.environment.systemPrompt, isKnown }
      questions.push(...perplexities(workspace, model, run, settings.scoredSteps, plain))
      if (told !== null) {
        questions.push(
          ...first.toldQuestions(run, settings.controls.prompt),
          ...first.toldDecisions(run, isKnown),
        )
        continue
      }
      questions.push(...first.questions(run, planned), ...first.decisions(run, planned, isKnown))
    }
    await askAll(questions, batch, tell, signal)
  } finally {
    release()
  }
}

/** Whether nothing is left to ask: then neither the model nor its vectors need be there any more. */
function isScored(workspace: Workspace, { id, settings }: RunRecord, count: number): boolean {
  const { episodes, interventions } = settings
  const known = new Set(
    workspace.sweeps.scores(id).map(({ episode, step, kind }) => `${kind}/${episode}/${step}`),
  )
  const prompts = workspace.sweeps.promptScores(id, 'firstTokenKl')
  // A condition without interventions is told in words, which every prompt has.
  const reaches = interventions.length === 0 || interventions.some((setting) => phaseOf(setting) !== 'decode')
  return (
    (!reaches || neutralPrompts.every((prompt) => prompts.has(prompt))) &&
    Array.from({ length: episodes }, (_, episode) => episode).every(
      (episode) =>
        known.has(`decisionKl/${episode}/0`) &&
        evenlySpread(workspace.episodes.get(id, episode).steps, count).every((step) =>
          known.has(`perplexity/${episode}/${step}`),
        ),
    )
  )
}

async function askAll(
  questions: readonly Question[],
  lanes: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const waiting = questions.values()
  let done = 0
  async function lane(): Promise<void> {
    for (const ask of waiting) {
      signal.throwIfAborted()
      await ask(signal)
      tell({ label: 'Scoring answers', fraction: ++done / questions.length })
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane))
  for (const each of ended) if (each.status === 'rejected') throw each.reason
}

/** Indices of so many of n, evenly spread, first and last among them. */
export const evenlySpread = (n: number, count: number): number[] => [
  ...new Set(
    Array.from({ length: Math.min(n, count) }, (_, i) =>
      count === 1 ? n - 1 : Math.round((i * (n - 1)) / (Math.min(n, count) - 1 || 1)),
    ),
  ),
]

/** An episode's steps are asked one on top of the other, as they share their beginnings. */
function perplexities(
  workspace: Workspace,
  model: LoadedModel,
  run: RunRecord,
  count: number,
  { systemPrompt, isKnown }: { systemPrompt: string | null; isKnown: (key: string) => boolean },
): Question[] {
  // What was told in words is no part of what the plain model reads.
  const asPlain = (step: StepRecord): StepRecord =>
    systemPrompt === null
      ? step
      : { ...step, promptIds: model.encodeChat(withSystem(step.messages, systemPrompt)) }
  return Array.from({ length: run.settings.episodes }, (_, episode): Question => async (signal) => {
    const steps = workspace.steps.list(run.id, episode)
    const asked = evenlySpread(steps.length, count).map((index) => asPlain(steps[index]))
    const before: Int32Array[] = []
    for (const step of asked) {
      if (!isKnown(`${run.id}/${episode}/${step.step}/perplexity`)) {
        const value = await perplexityOf(model, step, before, signal)
        workspace.sweeps.addScore(run.id, { episode, step: step.step, kind: 'perplexity', value })
      }
      before.push(step.promptIds)
    }
  })
}

/** A chat with another system prompt; with none where that is empty. */
function withSystem(messages: readonly ChatMessage[], content: string): ChatMessage[] {
  const rest = messages.filter(({ role }) => role !== 'system')
  return content === '' ? rest : [{ role: 'system', content }, ...rest]
}

const greedy = (model: LoadedModel): GenerateRequest['sampling'] => ({
  temperature: 0,
  topK: 0,
  topP: 1,
  maxNewTokens: 1,
  stopIds: model.stopIds,
  seed: '0',
})
const captureNothing = { hooks: [], positions: 'decision' as const }

/** exp of the mean negative log-probability of the answer's tokens. */
async function perplexityOf(
  model: LoadedModel,
  { promptIds, completionIds }: StepRecord,
  before: readonly Int32Array[],
  signal: AbortSignal,
): Promise<number> {
  // The model must have room for the token that a request asks for.
  const answer = completionIds.subarray(0, model.contextLength - 1 - promptIds.length)
  const whole = new Int32Array(promptIds.length + answer.length)
  whole.set(promptIds)
  whole.set(answer, promptIds.length)
  const last = before[before.length - 1]
  const reaches = last !== undefined && commonPrefix(last, whole) >= promptIds.length
  const { scores } = await model.generate(
    {
      promptIds: whole,
      earlierPrompts: reaches ? [] : before,
      sampling: greedy(model),
      capture: captureNothing,
      scoreFrom: promptIds.length,
    },
    signal,
  )
  return perplexity(scores ?? new Float32Array(0))
}

/** Undefined, NaN, for no token. */
export const perplexity = (logProbabilities: Float32Array): number =>
  Math.exp(-logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length)

/** How far a condition moves the first token: after prompts that have nothing to do with its episodes, and at decision points of the baseline. */
class FirstTokens {
  private readonly workspace: Workspace
  private readonly model: LoadedModel
  private readonly baseline: string | undefined
  /** Without interventions, by what is asked. */
  private readonly plain = new Map<string, Promise<Float32Array>>()

  constructor(workspace: Workspace, model: LoadedModel, baseline: string | undefined) {
    this.workspace = workspace
    this.model = model
    this.baseline = baseline
  }

  /** Another step for each episode, so that early and late ones are among them. */
  decisions(
    run: RunRecord,
    planned: readonly PlannedIntervention[],
    isKnown: (key: string) => boolean,
  ): Question[] {
    const { baseline } = this
    if (baseline === undefined) return []
    const { seed, episodes } = run.settings
    return Array.from({ length: episodes }, (_, episode) => episode)
      .filter((episode) => !isKnown(`${run.id}/${episode}/0/decisionKl`))
      .map((episode): Question => async (signal) => {
        const steps = this.workspace.steps.list(baseline, episode)
        const { step, promptIds } = steps[episode % steps.length]
        const interventions = interventionsAtStep(planned, step, stepSeed(seed, episode, step))
        const value = await this.moved(`episode ${episode}`, promptIds, interventions, signal)
        // The decision point is the baseline's; the condition's own step 0 is there in every episode.
        this.workspace.sweeps.addScore(run.id, { episode, step: 0, kind: 'decisionKl', value })
      })
  }

  /** Neutral prompts with the instruction in words before them. */
  toldQuestions(run: RunRecord, instruction: string): Question[] {
    const known = this.workspace.sweeps.promptScores(run.id, 'firstTokenKl')
    return neutralPrompts.flatMap((prompt): Question[] => {
      if (known.has(prompt)) return []
      const messages = [{ role: 'user' as const, content: prompt }]
      const [plain, told] = [messages, withSystem(messages, instruction)].map((chat) =>
        this.model.encodeChat(chat),
      )
      return [
        async (signal) => {
          const value = await this.apart(prompt, plain, told, signal)
          this.workspace.sweeps.addPromptScore(run.id, { prompt, kind: 'firstTokenKl', value })
        },
      ]
    })
  }

  /** Decision points of the baseline with what the condition is told. */
  toldDecisions(run: RunRecord, isKnown: (key: string) => boolean): Question[] {
    const { baseline } = this
    if (baseline === undefined) return []
    const { episodes, environment } = run.settings
    return Array.from({ length: episodes }, (_, episode) => episode)
      .filter((episode) => !isKnown(`${run.id}/${episode}/0/decisionKl`))
      .map((episode): Question => async (signal) => {
        const steps = this.workspace.steps.list(baseline, episode)
        const { promptIds, messages } = steps[episode % steps.length]
        const told = this.model.encodeChat(withSystem(messages, environment.systemPrompt))
        const value = await this.apart(`episode ${episode}`, promptIds, told, signal)
        this.workspace.sweeps.addScore(run.id, { episode, step: 0, kind: 'decisionKl', value })
      })
  }

  /** None where nothing that is done reaches the first token. */
  questions(run: RunRecord, planned: readonly PlannedIntervention[]): Question[] {
    const { seed, environment } = run.settings
    const known = this.workspace.sweeps.promptScores(run.id, 'firstTokenKl')
    const reaching = planned.filter(({ intervention: { phase } }) => phase !== 'decode')
    const steps = Array.from({ length: environment.maxSteps }, (_, step) => ({
      step,
      interventions: interventionsAtStep(reaching, step, stepSeed(seed, 0, step)),
    })).filter(({ interventions }) => interventions.length > 0)
    if (steps.length === 0) return []
    return neutralPrompts.flatMap((prompt, index): Question[] => {
      if (known.has(prompt)) return []
      // Of a vector for each step all have their turn.
      const { interventions } = steps[index % steps.length]
      const promptIds = this.model.encodeChat([{ role: 'user', content: prompt }])
      return [
        async (signal) => {
          const value = await this.moved(prompt, promptIds, interventions, signal)
          this.workspace.sweeps.addPromptScore(run.id, { prompt, kind: 'firstTokenKl', value })
        },
      ]
    })
  }

  private async moved(
    key: string,
    promptIds: Int32Array,
    interventions: NonNullable<GenerateRequest['interventions']>,
    signal: AbortSignal,
  ): Promise<number> {
    if (interventions.length === 0) return 0
    const plain = this.plain.get(key) ?? this.ask(promptIds, [], signal)
    this.plain.set(key, plain)
    const logits = await plain
    return this.ask(promptIds, interventions, signal).then(
      (steered) => divergence(steered, logits),
      (error: unknown) => notANumber(error),
    )
  }

  /** KL of the first token after one prompt from that after another. */
  private async apart(
    key: string,
    plain: Int32Array,
    told: Int32Array,
    signal: AbortSignal,
  ): Promise<number> {
    const asked = this.plain.get(key) ?? this.ask(plain, [], signal)
    this.plain.set(key, asked)
    return divergence(await this.ask(told, [], signal), await asked)
  }

  private async ask(
    promptIds: Int32Array,
    interventions: GenerateRequest['interventions'],
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const { firstLogits } = await this.model.generate(
      {
        promptIds,
        earlierPrompts: [],
        sampling: greedy(this.model),
        capture: captureNothing,
        interventions,
        wantFirstLogits: true,
      },
      signal,
    )
    return firstLogits! // asked for
  }
}

/** Logits that are no numbers are what is to be found here, not a fault. */
function notANumber(error: unknown): number {
  if (error instanceof Error && 'code' in error && error.code === errors.logitsNotFinite({ largest: 0 }).code)
    return NaN
  throw error
}
