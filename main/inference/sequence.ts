// One request on its way: what it still has to run and what it has gathered.
// Owns: the progress of a single answer. Not: slots, batches and passes (scheduler.ts).
import type { ActivationRecord } from './capture.ts'
import type { BoundInterventions, GateOpenings } from './interventionBinding.ts'
import type { LedAnswer } from './ledAnswer.ts'
import type { PrefillPiece } from './prefixChain.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from './requests.ts'
import { logProbabilityOf, reportedTokens, type Sampler, type TokenChoice } from './sampling.ts'

/** `held`: it follows another request that has not drawn its next token yet. `closing`: the last token is only forwarded for its activations or logits. */
export type Phase = 'prefill' | 'decode' | 'held' | 'closing'

export class Sequence {
  readonly request: GenerateRequest
  readonly reused: number
  readonly interventions: BoundInterventions
  /** Whose tokens it takes; null where it draws its own. */
  readonly follows: LedAnswer | null
  private readonly leads: LedAnswer | null
  private readonly sampler: Sampler
  private readonly choices: TokenChoice[] = []
  private readonly logitRows: Float32Array[] = []
  private firstLogits: Float32Array | null = null
  private readonly scores: Float32Array | null
  private readonly began = performance.now()
  private answered = 0
  private heldLogits: Float32Array | null = null
  private divergence: number | null = null
  /** Prompt passes left, next first. */
  pieces: PrefillPiece[]
  phase: Phase = 'prefill'
  /** Passes of other prompts since the last of this one. */
  waited = 0

  constructor(
    request: GenerateRequest,
    chain: { pieces: PrefillPiece[]; reused: number; interventions: BoundInterventions },
    sampler: Sampler,
    { leads, follows }: { leads: LedAnswer | null; follows: LedAnswer | null },
  ) {
    this.request = request
    this.leads = leads
    this.follows = follows
    this.pieces = chain.pieces
    this.reused = chain.reused
    this.interventions = chain.interventions
    this.sampler = sampler
    const { scoreFrom, promptIds } = request
    this.scores = scoreFrom === undefined ? null : new Float32Array(promptIds.length - scoreFrom).fill(NaN)
  }

  get promptLength(): number {
    return this.request.promptIds.length
  }

  /** The generated token that has not been forwarded yet. */
  get lastToken(): number {
    return this.choices[this.choices.length - 1].id
  }

  /** Where it goes. */
  get lastPosition(): number {
    return this.promptLength + this.choices.length - 1
  }

  /** Rows [n, V] of consecutive positions, where the request wants them. */
  keepLogits(rows: Float32Array): void {
    if (this.request.wantLogits) this.logitRows.push(rows.slice())
  }

  /** Whether logits of the prompt's positions from … to (excluded) are needed for its scores. */
  isScored(to: number): boolean {
    const { scoreFrom } = this.request
    return scoreFrom !== undefined && to >= scoreFrom
  }

  /** Rows [n, V] of the prompt's positions from `from` on. */
  score(from: number, rows: Float32Array, vocabulary: number): void {
    const { scores, request, promptLength } = this
    if (!scores) return
    for (let row = 0; row * vocabulary < rows.length; row++) {
      const scored = from + row + 1
      if (scored < request.scoreFrom! || scored >= promptLength) continue
      const logits = rows.subarray(row * vocabulary, (row + 1) * vocabulary)
      scores[scored - request.scoreFrom!] = logProbabilityOf(logits, request.promptIds[scored])
    }
  }

  /** Whether the request that it follows has not drawn the next token yet. */
  get mustWait(): boolean {
    return this.follows !== null && this.follows.idAt(this.choices.length) === null
  }

  /** Keeps the last position's logits until the token is known. */
  hold(logits: Float32Array): void {
    this.heldLogits = logits.slice()
    this.phase = 'held'
  }

  /** Logits that were held, once. */
  takeHeld(): Float32Array {
    const held = this.heldLogits
    if (!held) throw new TypeError('nothing is held')
    this.heldLogits = null
    return held
  }

  /** Takes the next token from the last position's logits. @returns true when the answer is complete. */
  choose(logits: Float32Array): boolean {
    if (this.choices.length === 0) {
      this.answered = performance.now()
      if (this.request.wantFirstLogits) this.firstLogits = logits.slice()
    }
    const index = this.choices.length
    const choice = this.sampler.choose(logits, this.follows?.idAt(index))
    this.divergence = this.follows?.divergenceAt(index, logits) ?? null
    this.leads?.add(index, choice.id, logits)
    this.choices.push(choice)
    const { stopIds, maxNewTokens } = this.request.sampling
    const isComplete = stopIds.includes(choice.id) || this.choices.length >= maxNewTokens
    const needsLast =
      this.request.capture.hooks.length > 0 ||
      this.request.wantLogits === true ||
      this.interventions.meetsAnswers
    this.phase = isComplete && needsLast ? 'closing' : 'decode'
    return isComplete && !needsLast
  }

  /** The token that was chosen last. @param activations  of the slot it ran in */
  lastChosen(activations: ActivationRecord): ToldToken {
    const index = this.choices.length - 1
    const { divergence } = this
    return {
      index,
      ...this.choices[index],
      divergence,
      activations: activations.at(this.promptLength + index - 1),
    }
  }

  /**
   * @param vocabulary  V  @param kept  of the slot it ran in
   * @throws intervention_never_fired
   */
  finish(
    kept: { activations: ActivationRecord; openings: GateOpenings },
    vocabulary: number,
  ): GenerateResult {
    const { choices, request, promptLength, interventions } = this
    const { hooks, positions } = request.capture
    interventions.checkMet()
    const counts = interventions.counts(kept.openings)
    const topIds = new Int32Array(choices.length * reportedTokens)
    const topLogProbabilities = new Float32Array(choices.length * reportedTokens)
    choices.forEach((choice, index) => {
      topIds.set(choice.topIds, index * reportedTokens)
      topLogProbabilities.set(choice.topLogProbabilities, index * reportedTokens)
    })
    return {
      completionIds: Int32Array.from(choices, ({ id }) => id),
      logProbabilities: Float32Array.from(choices, ({ logProbability }) => logProbability),
      ranks: Int32Array.from(choices, ({ rank }) => rank),
      entropies: Float32Array.from(choices, ({ entropy }) => entropy),
      topIds,
      topLogProbabilities,
      finish: request.sampling.stopIds.includes(this.lastToken) ? 'stop' : 'length',
      reusedTokens: this.reused,
      prefillMs: this.answered - this.began,
      decodeMs: performance.now() - this.answered,
      captures: hooks.map((hook) =>
        kept.activations.summarise(hook, promptLength, choices.length, this.reused, positions),
      ),
      ...(request.wantLogits && {
        logits: joinRows(this.logitRows, (promptLength + choices.length) * vocabulary),
      }),
      ...(this.firstLogits && { firstLogits: this.firstLogits }),
      ...(this.scores && { scores: this.scores }),
      ...(counts.length > 0 && { interventions: counts }),
    }
  }
}

function joinRows(parts: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
