// Labels that a person gives steps, one set at a time, by keys while reading an episode.
// Owns: the set in hand, its classes, the labels of the open episode. Not: drawing (HandLabelBar.svelte).
import { reportOf } from '../../main/contract/errors.ts'
import type { HandLabel, StepKey } from '../../main/contract/dataSets.ts'
import type { Engine } from '../client.ts'
import { toasts } from '../shared/toasts.svelte.ts'

/** A class for each of the keys 1 to 9. */
export const mostClasses = 9
type Calls = Pick<Engine['dataSets'], 'handLabel' | 'handLabels'>

export class HandLabels {
  /** Keys give labels while this is true. */
  isOn = $state(false)
  setName = $state('')
  /** Of the set in hand, in the order of their keys. */
  classes = $state.raw<readonly string[]>(['yes', 'no'])
  #all = $state.raw<readonly HandLabel[]>([])
  #calls: Calls
  #runId: string | null = null

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Names of all sets of the run. */
  get setNames(): string[] {
    return [...new Set(this.#all.map(({ name }) => name))].sort()
  }

  /** Labels of the set in hand so far, of the whole run. */
  get count(): number {
    return this.#all.filter(({ name }) => name === this.setName).length
  }

  /** Reads what was given in a run. */
  async open(runId: string | null): Promise<void> {
    if (runId === this.#runId) return
    this.#runId = runId
    this.#all = []
    await this.refresh()
  }

  async refresh(): Promise<void> {
    const runId = this.#runId
    if (runId === null) return
    try {
      const all = await this.#calls.handLabels({ runId })
      if (runId !== this.#runId) return
      this.#all = all
      if (this.setName === '' && this.setNames[0]) this.chooseSet(this.setNames[0])
      else this.#learnClasses()
    } catch (fault) {
      if (runId === this.#runId) toasts.error(reportOf(fault))
    }
  }

  chooseSet(name: string): void {
    this.setName = name.trimStart().slice(0, 100)
    this.classes = ['yes', 'no']
    this.#learnClasses()
  }

  /** Classes that the set has already keep their place; others that were used join. */
  #learnClasses(): void {
    const used = this.#all.filter(({ name }) => name === this.setName).map(({ label }) => label)
    if (used.length > 0 && !used.some((label) => this.classes.includes(label))) this.classes = []
    this.classes = [...new Set([...this.classes, ...used])].slice(0, mostClasses)
  }

  addClass(name: string): void {
    const label = name.trim().slice(0, 100)
    if (label && !this.classes.includes(label) && this.classes.length < mostClasses)
      this.classes = [...this.classes, label]
  }

  /** Label of a step in the set in hand. */
  labelOf(episode: number, step: number): string | null {
    const has = (one: HandLabel): boolean =>
      one.name === this.setName && one.episode === episode && one.step === step
    return this.#all.find(has)?.label ?? null
  }

  /** Gives it at once and takes it back where the engine refuses. @param label  null takes it away */
  async give(key: StepKey, label: string | null): Promise<void> {
    const name = this.setName.trim()
    if (!name) {
      toasts.say('Name the set of labels first', { text: 'For instance what class 1 is: polite.' })
      return
    }
    this.setName = name
    const before = this.#all
    const others = before.filter(
      (one) => one.name !== name || one.episode !== key.episode || one.step !== key.step,
    )
    this.#all = label === null ? others : [...others, { ...key, name, label }]
    try {
      await this.#calls.handLabel({ ...key, name, label })
    } catch (fault) {
      this.#all = before
      toasts.error(reportOf(fault))
    }
  }
}
