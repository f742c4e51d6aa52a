// What a probe says along the episode that is open: per step at once, per token when it is asked for.
// Owns: which read-out is shown and when it is read. Not: the episode (episodes/timeline.svelte.ts), drawing.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ProbeReadOut } from '../../main/contract/storedProbes.ts'

export interface ReadOutQuestion {
  id: string
  runId: string
  episode: number
  tokens: boolean
}
/** Null where it was cancelled. */
export type GetReadOut = (question: ReadOutQuestion) => Promise<ProbeReadOut | null>
type StepReadOut = ProbeReadOut['steps'][number]

export class EpisodeReadOut {
  /** By step number. */
  steps = $state.raw<ReadonlyMap<number, StepReadOut>>(new Map())
  problem = $state.raw<ErrorReport | null>(null)
  isLoading = $state(false)
  #get: GetReadOut
  #which: Omit<ReadOutQuestion, 'tokens'> | null = null
  /** Wanted for as long as tokens are coloured by the probe. */
  #wantsTokens = false
  #round = 0
  /** Steps that the episode has, as far as was told. */
  #played = 0

  constructor(get: GetReadOut) {
    this.#get = get
  }

  open(id: string | null, runId: string | null, episode: number | null): void {
    const next = id === null || runId === null || episode === null ? null : { id, runId, episode }
    const isSame =
      next?.id === this.#which?.id &&
      next?.runId === this.#which?.runId &&
      next?.episode === this.#which?.episode
    if (isSame) return
    this.#which = next
    this.#round++
    this.#played = 0
    this.steps = new Map()
    this.problem = null
    this.isLoading = false
    if (next) void this.#load(this.#wantsTokens)
  }

  /** Reads tokens too from now on, or no longer; what was read stays. */
  wantTokens(isWanted: boolean): void {
    if (isWanted === this.#wantsTokens) return
    this.#wantsTokens = isWanted
    if (isWanted && this.#which && !this.#hasTokens) void this.#load(true)
  }

  /**
   * The episode has this many steps by now, none included: those that are new are read as soon as nothing else is.
   * What could not be read once is not tried again with every step.
   */
  played(steps: number): void {
    this.#played = steps
    if (!this.isLoading && this.problem === null && steps > this.steps.size) this.retry()
  }

  get #hasTokens(): boolean {
    return this.steps.size > 0 && [...this.steps.values()].every(({ tokens }) => tokens !== null)
  }

  retry(): void {
    if (this.#which) void this.#load(this.#wantsTokens)
  }

  /** When the step was held out, where it was a row of the probe; else by the probe of all rows. */
  probabilityOf(step: number): number | null {
    const known = this.steps.get(step)
    return known?.heldOut ?? known?.probability ?? null
  }

  /** One probability for each position of prompt and answer. */
  tokensOf(step: number): Float32Array | null {
    return this.steps.get(step)?.tokens ?? null
  }

  async #load(tokens: boolean): Promise<void> {
    const which = this.#which
    if (!which) return
    const round = ++this.#round
    const playedBefore = this.#played
    this.isLoading = true
    this.problem = null
    let isRead = false
    try {
      const found = await this.#get({ ...which, tokens })
      if (round !== this.#round || !found) return
      isRead = true
      const before = this.steps
      this.steps = new Map(
        found.steps.map((one) => [
          one.step,
          // Tokens of a stored step never change: what was read of them is kept.
          one.tokens === null ? { ...one, tokens: before.get(one.step)?.tokens ?? null } : one,
        ]),
      )
    } catch (fault) {
      if (round === this.#round) this.problem = reportOf(fault)
    } finally {
      if (round === this.#round) this.isLoading = false
    }
    // Steps that were played meanwhile.
    if (isRead && this.#played > playedBefore) this.played(this.#played)
  }
}
