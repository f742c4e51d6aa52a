// A person answers in the terminal.
// Owns: showing one waiting question after another and reading y, n or i. Not: the queue of questions (environments/).
import { createInterface } from 'node:readline'
import type { PendingQuestion } from '../contract/api.ts'
import type { EngineService } from '../jobs/engineService.ts'
import type { Output } from './output.ts'

const verdicts = { y: 'yes', n: 'no', i: 'invalid' } as const

/** Asks until the signal is aborted. Answers are read a line each, so they may also come from a pipe. */
export function answerInTerminal(engine: EngineService, signal: AbortSignal, output: Output): void {
  const lines = createInterface({ input: process.stdin, terminal: false })
  let current: PendingQuestion | null = null

  const show = (questions: readonly PendingQuestion[]): void => {
    if (current && questions.some((q) => q.id === current?.id)) return
    current = questions[0] ?? null
    if (!current) return
    output.note(
      `\nObject: ${current.task} (episode ${current.episode}, step ${current.step})\n${current.message}`,
    )
    output.note('y = Yes, n = No, i = Invalid Question')
  }

  lines.on('line', (line) => {
    const verdict = verdicts[line.trim().toLowerCase()[0] as keyof typeof verdicts]
    if (!current) return
    if (verdict) engine.oracle.answer(current.id, verdict)
    else output.note('Please answer y, n or i.')
  })
  signal.addEventListener('abort', () => lines.close(), { once: true })
  void (async () => {
    for await (const event of engine.events(signal)) if (event.kind === 'questions') show(event.questions)
  })()
}
