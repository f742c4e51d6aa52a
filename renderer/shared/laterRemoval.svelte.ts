// Removing with a way back: what is removed disappears at once and goes for good only when the message with “Undo” is gone.
import { SvelteSet } from 'svelte/reactivity'
import { reportOf } from '../../main/contract/errors.ts'
import { toasts, type Toasts } from './toasts.svelte.ts'

const graceMs = 6000

export class LaterRemoval {
  /** Ids to leave out of every list. */
  readonly hidden = new SvelteSet<string>()
  #toasts: Toasts
  #timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(messages: Toasts = toasts) {
    this.#toasts = messages
  }

  remove(id: string, title: string, commit: () => Promise<unknown>): void {
    if (this.hidden.has(id)) return
    this.hidden.add(id)
    const toast = this.#toasts.say(title, { action: { label: 'Undo', run: () => this.undo(id) } })
    const timer = setTimeout(() => {
      this.#toasts.close(toast)
      this.#timers.delete(id)
      void commit()
        .catch((error: unknown) => this.#toasts.error(reportOf(error)))
        .finally(() => this.hidden.delete(id))
    }, graceMs)
    this.#timers.set(id, timer)
  }

  undo(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.hidden.delete(id)
  }
}
