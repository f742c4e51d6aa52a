// The questions that wait for a person, one at a time.
// Owns: which one is in front, answering it. Not: the queue (the engine's; workspace.svelte.ts keeps it).
import { reportOf } from '../../main/contract/errors.ts'
import type { PendingQuestion } from '../../main/contract/api.ts'
import type { Place } from '../address.ts'
import { engine, type Engine } from '../client.ts'
import { personAnswers } from '../runs/runText.ts'
import { selection } from '../selection.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

export type Verdict = 'yes' | 'no' | 'invalid'

export class Questions {
  isFolded = $state(false)
  /** Answered here, but the engine has not taken it off the queue yet. */
  #answered = $state.raw<ReadonlySet<string>>(new Set())
  #oracle: Engine['oracle']
  #workspace: Workspace
  #place: Pick<Place, 'view' | 'run'>

  constructor(
    oracle: Engine['oracle'] = engine.oracle,
    where: Workspace = workspace,
    place: Pick<Place, 'view' | 'run'> = selection,
  ) {
    this.#oracle = oracle
    this.#workspace = where
    this.#place = place
  }

  waiting: PendingQuestion[] = $derived.by(() =>
    this.#workspace.questions.filter((question) => !this.#answered.has(question.id)),
  )
  current: PendingQuestion | null = $derived(this.waiting[0] ?? null)

  /**
   * Whether the keys that answer belong to the questions, also for the moments between two of them: a key that would open
   * something else then, a moment too late for its question, is pressed by everybody who answers fast.
   */
  get holdsKeys(): boolean {
    const { view, run: shown } = this.#place
    const asking = this.#workspace.runs?.filter((run) => run.status === 'running' && personAnswers(run)) ?? []
    return asking.some((run) => !this.isFolded || (view === 'episodes' && run.id === shown))
  }

  /** Goes on to the next at once; the question comes back where the engine did not take the answer. */
  async answer(verdict: Verdict): Promise<void> {
    const question = this.current
    if (!question) return
    this.#answered = new Set([...this.#answered, question.id])
    try {
      await this.#oracle.answer({ id: question.id, verdict })
    } catch (error) {
      toasts.error(reportOf(error))
      this.#answered = new Set([...this.#answered].filter((id) => id !== question.id))
    }
  }
}

export const questions = new Questions()
