// A person answers in the terminal.
// Owns: showing one waiting question after another and reading y, n or i. Not: the queue of questions (environments/).
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { EngineEvent, PendingQuestion } from '../contract/api.ts'
import type { Output } from './output.ts'

const verdicts = { y: 'yes', n: 'no', i: 'invalid' } as const

/** What this needs of the engine. */
export interface Asking {
  events(signal: AbortSignal): AsyncIterable<EngineEvent>
  oracle: {
    questions(): readonly PendingQuestion[]
    answer(id: string, verdict: (typeof verdicts)[keyof typeof verdicts]): void
  }
}

export interface Answering {
  output: Pick<Output, 'note'>
  input: Readable
  /** Called once, when a question waits and no further line can come. */
  onEnd: () => void
}

/**
 * Asks until the signal is aborted. Each line is one answer: lines that come before their question, as from a pipe, wait
 * for it.
 */
export async function answerInTerminal(
  engine: Asking,
  { output, input, onEnd }: Answering,
  signal: AbortSignal,
): Promise<void> {
  const reader = createInterface({ input, terminal: false })
  const lines: string[] = []
  let shown: string | null = null
  let hasEnded = false
  let hasTold = false

  const show = (question: PendingQuestion): void => {
    shown = question.id
    output.note(
      `\nObject: ${question.task} (episode ${question.episode}, step ${question.step})\n${question.message}\ny = Yes, n = No, i = Invalid Question`,
    )
  }
  const advance = (): void => {
    while (!signal.aborted) {
      // Asked anew each time: a question that was withdrawn is not answered.
      const questions = engine.oracle.questions()
      const question = questions.find(({ id }) => id === shown) ?? questions.at(0)
      if (!question) return
      if (question.id !== shown) show(question)
      const line = lines.shift()
      if (line === undefined) {
        if (hasEnded && !hasTold) {
          hasTold = true
          onEnd()
        }
        return
      }
      const verdict = verdicts[line.trim().toLowerCase()[0] as keyof typeof verdicts]
      if (verdict) engine.oracle.answer(question.id, verdict)
      else output.note('Please answer y, n or i.')
    }
  }

  reader.on('line', (line) => {
    lines.push(line)
    advance()
  })
  reader.on('close', () => {
    hasEnded = true
    advance()
  })
  try {
    for await (const event of engine.events(signal)) if (event.kind === 'questions') advance()
  } finally {
    reader.close()
  }
}
