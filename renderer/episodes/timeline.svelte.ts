// One episode step by step: what is loaded, unfolded, coloured, searched for.
// Owns: the steps of the chosen episode and how they are looked at. Not: the chosen step and token (selection.svelte.ts),
// drawing (Timeline.svelte).
import { SvelteSet } from 'svelte/reactivity'
import type { AppError } from '../../main/contract/errors.ts'
import type { EpisodeSummary } from '../../main/contract/runs.ts'
import type { Episode, StepView } from './stepView.ts'
import { findInEpisode, type Hit } from './search.ts'
import type { ColourMode } from './tokenColour.ts'

export type GetEpisode = (which: { runId: string; episode: number }, signal: AbortSignal) => Promise<Episode>

/** A running episode is read again at most this often. */
const refreshMs = 1000

function tokensFound(hits: readonly Hit[], current: number): Map<number, Map<number, boolean>> {
  const byStep = new Map<number, Map<number, boolean>>()
  hits.forEach((hit, index) => {
    if (!hit.tokens) return
    const positions = byStep.get(hit.step) ?? new Map<number, boolean>()
    byStep.set(hit.step, positions)
    for (let position = hit.tokens.first; position <= hit.tokens.last; position++)
      positions.set(position, index === current || positions.get(position) === true)
  })
  return byStep
}

export class Timeline {
  summary = $state.raw<EpisodeSummary | null>(null)
  steps = $state.raw<readonly StepView[]>([])
  isLoading = $state(false)
  problem = $state.raw<AppError | null>(null)
  colourMode = $state<ColourMode>('none')
  /** Step numbers whose prompt is shown in full. */
  unfolded = new SvelteSet<number>()
  needle = $state('')
  hits = $derived<Hit[]>(findInEpisode(this.steps, this.needle))
  hitIndex = $state(0)
  /** Place of a step → position of a token → whether it belongs to the hit that is looked at. */
  found = $derived(tokensFound(this.hits, this.hitIndex))

  #get: GetEpisode
  #which: { runId: string; episode: number } | null = null
  #asked: AbortController | null = null
  #refresh: ReturnType<typeof setTimeout> | undefined

  constructor(get: GetEpisode) {
    this.#get = get
  }

  get which(): Readonly<{ runId: string; episode: number }> | null {
    return this.#which
  }

  /** Shows another episode. What was unfolded and searched for belongs to the old one; the colours stay. */
  open(runId: string, episode: number): void {
    if (this.#which?.runId === runId && this.#which.episode === episode) return
    this.close()
    this.#which = { runId, episode }
    void this.#load()
  }

  close(): void {
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#asked?.abort()
    this.#asked = null
    this.#which = null
    this.summary = null
    this.steps = []
    this.problem = null
    this.isLoading = false
    this.unfolded.clear()
    this.seek('')
  }

  retry(): void {
    if (this.#which) void this.#load()
  }

  /** The episode went on: takes the new totals at once and reads the new steps soon. */
  receive(summary: EpisodeSummary): void {
    if (summary.runId !== this.#which?.runId || summary.episode !== this.#which.episode) return
    this.summary = summary
    if (summary.steps > this.steps.length || this.problem !== null)
      this.#refresh ??= setTimeout(() => void this.#load(), refreshMs)
  }

  /** Place of a step number in the list, −1 where it is not there. */
  placeOf(step: number | null): number {
    return step === null ? -1 : this.steps.findIndex((view) => view.record.step === step)
  }

  /** The step so many further; the nearest end beyond it; null while there is none. */
  stepFrom(step: number | null, by: number): number | null {
    if (this.steps.length === 0) return null
    const place = this.placeOf(step)
    const target = place < 0 ? (by > 0 ? 0 : this.steps.length - 1) : place + by
    return this.steps[Math.min(this.steps.length - 1, Math.max(0, target))]?.record.step ?? null
  }

  toggleFold(step: number): void {
    if (!this.unfolded.delete(step)) this.unfolded.add(step)
  }

  get isAllUnfolded(): boolean {
    return this.steps.length > 0 && this.steps.every((view) => this.unfolded.has(view.record.step))
  }

  toggleAllFolds(): void {
    if (this.isAllUnfolded) this.unfolded.clear()
    else for (const view of this.steps) this.unfolded.add(view.record.step)
  }

  seek(needle: string): void {
    this.needle = needle
    this.hitIndex = 0
  }

  /** The hit that is looked at. Its step's prompt is unfolded where it lies in there. */
  get hit(): Hit | null {
    return this.hits[this.hitIndex] ?? null
  }

  /** Goes round to the next or the previous hit and returns its step's number. */
  moveHit(by: number): number | null {
    const { length } = this.hits
    if (length === 0) return null
    this.hitIndex = (((this.hitIndex + by) % length) + length) % length
    return this.showHit()
  }

  showHit(): number | null {
    const { hit } = this
    if (hit === null) return null
    const step = this.steps[hit.step]?.record.step ?? null
    if (step !== null && hit.part === 'prompt') this.unfolded.add(step)
    return step
  }

  async #load(): Promise<void> {
    const which = this.#which
    if (which === null) return
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#asked?.abort()
    const controller = new AbortController()
    this.#asked = controller
    this.isLoading = this.steps.length === 0
    try {
      const episode = await this.#get(which, controller.signal)
      if (controller.signal.aborted) return
      // A stored step never changes: keeping the old objects keeps their cards as they are.
      const old = this.steps
      this.steps = episode.steps.map((view, i) => (old[i]?.record.step === view.record.step ? old[i] : view))
      this.summary = episode.summary
      this.problem = null
    } catch (error) {
      // The call is client.ts's, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    } finally {
      if (this.#asked === controller) {
        this.#asked = null
        this.isLoading = false
      }
    }
  }
}
