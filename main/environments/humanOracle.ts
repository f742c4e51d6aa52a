// A person as oracle: questions wait in a queue until somebody answers.
// Owns: the queue and who hears of it. Not: how a question is shown (renderer/, cli/).
import { randomUUID } from 'node:crypto'
import type { PendingQuestion } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import type { Judgement, JudgeQuestion, Oracle } from './environment.ts'

interface Waiting {
  question: PendingQuestion
  settle: (judgement: Judgement) => void
}

type Listener = (questions: readonly PendingQuestion[]) => void

export class HumanOracle implements Oracle {
  readonly description = 'a person'
  private readonly waiting = new Map<string, Waiting>()
  private readonly listeners = new Set<Listener>()

  /** Questions without an answer, oldest first. */
  questions(): PendingQuestion[] {
    return [...this.waiting.values()].map(({ question }) => question)
  }

  /** Calls `listener` after every change of the queue. @returns a function that ends it */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @throws not_found where the question was answered or withdrawn before. */
  answer(id: string, verdict: Judgement['verdict']): void {
    const entry = this.waiting.get(id)
    if (!entry) throw errors.notFound({ kind: 'question', id })
    this.waiting.delete(id)
    entry.settle({ verdict, confidence: null, reason: 'Answered by a person.' })
    this.tell()
  }

  /** Waits for the answer; an abort withdraws the question and rejects with the signal's reason. */
  judge(asked: JudgeQuestion, signal: AbortSignal): Promise<Judgement> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const id = randomUUID()
      const withdraw = (): void => {
        this.waiting.delete(id)
        this.tell()
        reject(signal.reason as Error)
      }
      const settle = (judgement: Judgement): void => {
        signal.removeEventListener('abort', withdraw)
        resolve(judgement)
      }
      signal.addEventListener('abort', withdraw, { once: true })
      this.waiting.set(id, { question: { id, ...asked, history: [...asked.history] }, settle })
      this.tell()
    })
  }

  private tell(): void {
    const questions = this.questions()
    for (const listener of this.listeners) listener(questions)
  }
}
