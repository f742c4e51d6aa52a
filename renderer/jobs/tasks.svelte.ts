// Work that this window asked for and waits for: adding a model, checking one.
// Owns: which tasks run, how far they are, their cancelling. Not: runs, which go on without a window (workspace.svelte.ts).
import type { WorkProgress } from '../../main/contract/api.ts'
import { errors } from '../../main/contract/errors.ts'

export interface Task {
  id: number
  title: string
  label: string
  fraction: number
  startedAt: number
  cancel: () => void
}

type Stream<T> = AsyncIterator<WorkProgress, T>

export class Tasks {
  list = $state.raw<Task[]>([])
  #next = 1

  /** Seconds that are left if it goes on at the pace so far; null before there is a pace. */
  secondsLeft(task: Task, now = Date.now()): number | null {
    const seconds = (now - task.startedAt) / 1000
    return task.fraction > 0.02 && seconds > 0.5 ? (seconds / task.fraction) * (1 - task.fraction) : null
  }

  /**
   * Follows a stream of progress to its result.
   * @returns its last value; null when it was cancelled
   * @throws AppError of the engine
   */
  async follow<T>(title: string, start: (signal: AbortSignal) => Promise<Stream<T>>): Promise<T | null> {
    const controller = new AbortController()
    const id = this.#next++
    const cancel = (): void => controller.abort()
    this.list = [...this.list, { id, title, label: '', fraction: 0, startedAt: Date.now(), cancel }]
    try {
      const stream = await start(controller.signal)
      while (true) {
        const next = await stream.next()
        if (controller.signal.aborted) return null
        if (!next.done) this.#put(id, next.value)
        else if (next.value !== undefined) return next.value
        else throw errors.engineLost({ call: title })
      }
    } catch (error) {
      if (controller.signal.aborted) return null
      throw error
    } finally {
      this.list = this.list.filter((task) => task.id !== id)
    }
  }

  #put(id: number, progress: WorkProgress): void {
    this.list = this.list.map((task) => (task.id === id ? { ...task, ...progress } : task))
  }
}

export const tasks = new Tasks()
