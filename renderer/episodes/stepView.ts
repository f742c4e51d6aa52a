// A stored step as the timeline shows it: ids become texts where they are looked at, and not before.
// Owns: joining ids with an episode's texts. Not: what is known of a token (stepTokens.ts).
import type { EpisodeStep, EpisodeView, TokenTexts } from '../../main/contract/api.ts'
import type { EpisodeSummary, StepRecord, TokenView } from '../../main/contract/runs.ts'

export interface Episode {
  summary: EpisodeSummary
  steps: StepView[]
}

export class StepView {
  readonly record: StepRecord
  /** So many of the prompt's first tokens stood in the step before. */
  readonly shared: number
  #texts: TextsById
  #prompt: readonly TokenView[] | null = null
  #added: readonly TokenView[] | null = null
  #completion: readonly TokenView[] | null = null

  constructor({ record, sharedWithPrevious }: EpisodeStep, texts: TextsById) {
    this.record = record
    this.shared = Math.min(record.promptIds.length, Math.max(0, sharedWithPrevious))
    this.#texts = texts
  }

  get promptTokens(): readonly TokenView[] {
    return (this.#prompt ??= this.#texts.row(this.record.promptIds, 0))
  }

  /** What is new in the prompt: cheap, also where the prompt is long. */
  get addedTokens(): readonly TokenView[] {
    return (this.#added ??= this.#texts.row(this.record.promptIds, this.shared))
  }

  get completionTokens(): readonly TokenView[] {
    return (this.#completion ??= this.#texts.row(this.record.completionIds, 0))
  }

  /** What an alternative to the generated token at an index shows. */
  alternative(id: number, index: number): string {
    return this.#texts.view(id, index === 0).text
  }
}

/** One object for each id, shared by all places where it stands. */
export class TextsById {
  #views: Map<number, TokenView>
  #leading: Map<number, TokenView>

  constructor({ ids, texts, specialIds, leading }: TokenTexts) {
    const special = new Set(specialIds)
    const views = ids.map((id, i) => ({ id, text: texts[i] ?? '', isSpecial: special.has(id) }))
    this.#views = new Map(views.map((view) => [view.id, view]))
    this.#leading = new Map(leading.map(({ id, text }) => [id, { id, text, isSpecial: special.has(id) }]))
  }

  /** @throws TypeError for an id that the episode does not have */
  view(id: number, isLeading: boolean): TokenView {
    const view = (isLeading ? this.#leading.get(id) : undefined) ?? this.#views.get(id)
    if (view === undefined) throw new TypeError(`No text came with token ${id}`)
    return view
  }

  /** The tokens from a place in a sequence on. */
  row(ids: Int32Array, from: number): TokenView[] {
    return Array.from(ids.subarray(from), (id, i) => this.view(id, from + i === 0))
  }
}

/** An episode as the engine hands it over, made readable. */
export function readEpisode({ summary, steps, texts }: EpisodeView): Episode {
  const byId = new TextsById(texts)
  return { summary, steps: steps.map((step) => new StepView(step, byId)) }
}
