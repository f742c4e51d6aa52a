// What a recipe would give, asked for while it is being written; and what it may name.
// Owns: when the engine is asked, and dropping answers that come too late. Not: the recipe (recipeDraft.ts).
import type { DataSetChoices, DataSetPreview, DataSetRecipe } from '../../main/contract/dataSets.ts'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'

const settleMs = 200

export class RecipePreview {
  choices = $state.raw<DataSetChoices | null>(null)
  /** Of the last recipe that was answered; stays while the next is asked for. */
  preview = $state.raw<DataSetPreview | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  isAsking = $state(false)
  #calls: Pick<Engine['dataSets'], 'choices' | 'preview'>
  #timer: ReturnType<typeof setTimeout> | undefined
  #round = 0
  #choicesOf = ''

  constructor(calls: Pick<Engine['dataSets'], 'choices' | 'preview'>) {
    this.#calls = calls
  }

  /** Reads what recipes over these runs may name; once for the same runs. */
  async readChoices(runIds: readonly string[]): Promise<void> {
    const key = [...runIds].sort().join(' ')
    if (key === this.#choicesOf) return
    this.#choicesOf = key
    if (runIds.length === 0) {
      this.choices = null
      return
    }
    try {
      const choices = await this.#calls.choices({ runIds: [...runIds] })
      if (this.#choicesOf === key) this.choices = choices
    } catch (fault) {
      if (this.#choicesOf !== key) return
      this.#choicesOf = ''
      this.choices = null
      this.error = reportOf(fault)
    }
  }

  /** The runs went on, or labels were given: what is known of them is out of date. */
  forget(): void {
    this.#choicesOf = ''
  }

  /** Asks a moment after the last change. @param recipe  null while the fields make none */
  askSoon(recipe: DataSetRecipe | null): void {
    clearTimeout(this.#timer)
    const round = ++this.#round
    this.isAsking = recipe !== null
    if (recipe === null) {
      this.preview = null
      this.error = null
      return
    }
    this.#timer = setTimeout(() => void this.#ask(recipe, round), settleMs)
  }

  async #ask(recipe: DataSetRecipe, round: number): Promise<void> {
    let preview: DataSetPreview | null = null
    let error: ErrorReport | null = null
    try {
      preview = await this.#calls.preview(recipe)
    } catch (fault) {
      error = reportOf(fault)
    }
    if (round !== this.#round) return
    this.preview = preview
    this.error = error
    this.isAsking = false
  }
}
