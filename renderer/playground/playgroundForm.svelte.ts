// The playground: what is filled in, and the two answers as they come.
// Owns: asking, stopping, filling from a stored step. Not: draft ↔ settings (playgroundDraft.ts), tokens (answers.ts), drawing.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { PlaygroundSettings } from '../../main/contract/playground.ts'
import type { VectorSummary } from '../../main/contract/vectors.ts'
import { engine, type Engine } from '../client.ts'
import { afterItems, newPlay, Waiting, type Play } from './answers.ts'
import {
  draftFrom,
  interventionsOf,
  keptDraft,
  newDraft,
  obstacleOf,
  settingsOf,
  type PlaygroundDraft,
  type StepPlace,
} from './playgroundDraft.ts'
import { workspace } from '../workspace.svelte.ts'
import { newSlider, sliderName, sliderOf } from './sliders.ts'

type Calls = Engine['playground']

export class PlaygroundForm {
  draft = $state<PlaygroundDraft>(newDraft())
  play = $state.raw<Play>(newPlay())
  isPlaying = $state(false)
  isFilling = $state(false)
  problem = $state.raw<ErrorReport | null>(null)
  /** Whether the answers that are shown are of what is filled in now. */
  asked = $state.raw<string | null>(null)
  obstacle = $derived(obstacleOf(this.draft))
  interventions = $derived(interventionsOf(this.draft))
  #calls: Calls
  #asked: AbortController | null = null
  #filling = 0
  #vectorName: (id: string) => string

  constructor(
    calls: Calls = engine.playground,
    vectorName = (id: string): string => workspace.vector(id)?.name ?? id,
  ) {
    this.#calls = calls
    this.#vectorName = vectorName
  }

  /** Fills in a stored step, once: what was changed since stays. */
  async fill(origin: StepPlace): Promise<void> {
    const { origin: present } = this.draft
    if (present?.run === origin.run && present.episode === origin.episode && present.step === origin.step)
      return
    this.stop()
    const round = ++this.#filling
    this.isFilling = true
    this.problem = null
    try {
      const { run: runId, episode, step } = origin
      const settings = await this.#calls.fromStep({ runId, episode, step })
      if (round !== this.#filling) return
      this.draft = draftFrom(settings, origin)
      this.play = newPlay()
      this.asked = null
    } catch (error) {
      if (round === this.#filling) this.problem = reportOf(error)
    } finally {
      if (round === this.#filling) this.isFilling = false
    }
  }

  /** Forgets where it came from; the text stays. */
  letGo(): void {
    this.draft.origin = null
    this.draft.step = 0
  }

  startOver(): void {
    this.stop()
    this.draft = newDraft(this.draft.modelId)
    this.play = newPlay()
    this.asked = null
    this.problem = null
  }

  /** Adds a vector of the library, once, and takes the model that it is of. */
  add(vector: VectorSummary, modelId: string | null): void {
    if (modelId !== null && modelId !== this.draft.modelId) {
      this.startOver()
      this.draft.modelId = modelId
    }
    if (this.draft.sliders.some(({ vectorId }) => vectorId === vector.id)) return
    this.draft.sliders = [...this.draft.sliders, newSlider(vector)]
  }

  stop(): void {
    this.#asked?.abort()
    this.#asked = null
    this.isPlaying = false
  }

  async ask(): Promise<void> {
    if (this.obstacle !== null) return
    this.stop()
    if (!this.draft.isSeedLocked) this.draft.seed = String(Math.floor(Math.random() * 1e9))
    const settings = settingsOf($state.snapshot(this.draft))
    const controller = new AbortController()
    this.#asked = controller
    this.isPlaying = true
    this.problem = null
    this.play = newPlay()
    this.asked = JSON.stringify(settings)
    const waiting = new Waiting()
    try {
      const stream = await this.#calls.play(this.#named(settings), { signal: controller.signal })
      for await (const items of stream) {
        if (controller.signal.aborted) return
        this.play = afterItems(this.play, items, waiting)
      }
    } catch (error) {
      if (!controller.signal.aborted) this.problem = reportOf(error)
    } finally {
      if (this.#asked === controller) this.stop()
    }
  }

  /** With names for what acts, which the answer tells of; the settings are compared without. */
  #named(settings: PlaygroundSettings): PlaygroundSettings {
    const interventions = settings.interventions.map((setting) => {
      const slider = setting.name ? null : sliderOf(setting)
      return slider ? { ...setting, name: sliderName(slider, this.#vectorName(slider.vectorId)) } : setting
    })
    return { ...settings, interventions }
  }

  /** Takes an answer into the chat and leaves room for what is said next. */
  goOnWith(answer: 'steered' | 'plain'): void {
    const { end, tokens } = this.play[answer]
    const written = tokens.map(({ token }) => (token.isSpecial ? '' : token.text)).join('')
    this.draft.turns = [
      ...this.draft.turns,
      { role: 'assistant', content: end?.completion ?? written },
      { role: 'user', content: '' },
    ]
    this.play = newPlay()
    this.asked = null
  }
}

export const playgroundForm = new PlaygroundForm()
playgroundForm.draft = keptDraft() ?? playgroundForm.draft
