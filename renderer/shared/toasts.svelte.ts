// Short messages at the edge of the window.
// Owns: which are shown and for how long. Not: how they look (Toasts.svelte).
import type { ErrorReport } from '../../main/contract/errors.ts'

export interface ToastAction {
  label: string
  run: () => void
}
export interface Toast {
  id: number
  tone: 'info' | 'done' | 'error'
  title: string
  text: string
  cure: string
  action: ToastAction | null
}

const shownMs = 6000

/** Errors stay until they are closed; the rest goes after a while unless the pointer rests on it. */
export class Toasts {
  list = $state.raw<Toast[]>([])
  #next = 1
  #timers = new Map<number, ReturnType<typeof setTimeout>>()

  say(title: string, more: { text?: string; tone?: 'info' | 'done'; action?: ToastAction } = {}): number {
    const toast = {
      tone: more.tone ?? 'info',
      title,
      text: more.text ?? '',
      cure: '',
      action: more.action ?? null,
    }
    return this.#show(toast, shownMs)
  }

  error(report: ErrorReport, action: ToastAction | null = null): number {
    const same = this.list.find((toast) => toast.title === report.title && toast.text === report.message)
    if (same) return same.id
    return this.#show(
      { tone: 'error', title: report.title, text: report.message, cure: report.cure, action },
      null,
    )
  }

  close(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.list = this.list.filter((toast) => toast.id !== id)
  }

  hold(id: number): void {
    clearTimeout(this.#timers.get(id))
  }

  release(toast: Toast): void {
    if (toast.tone !== 'error')
      this.#timers.set(
        toast.id,
        setTimeout(() => this.close(toast.id), shownMs),
      )
  }

  #show(toast: Omit<Toast, 'id'>, forMs: number | null): number {
    const id = this.#next++
    this.list = [...this.list, { ...toast, id }].slice(-4)
    if (forMs !== null)
      this.#timers.set(
        id,
        setTimeout(() => this.close(id), forMs),
      )
    return id
  }
}

export const toasts = new Toasts()
