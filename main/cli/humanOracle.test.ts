import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { HumanOracle } from '../environments/humanOracle.ts'
import type { Judgement } from '../environments/environment.ts'
import { EventHub } from '../jobs/eventHub.ts'
import { answerInTerminal } from './humanOracle.ts'

const watching: AbortController[] = []
afterEach(() => watching.splice(0).forEach((controller) => controller.abort()))

/** The real queue of questions behind a terminal that is a pipe. */
function terminal() {
  const human = new HumanOracle()
  const hub = new EventHub()
  human.onChange((questions) => hub.emit({ kind: 'questions', questions: [...questions] }))
  const controller = new AbortController()
  watching.push(controller)
  const notes: string[] = []
  const input = new PassThrough()
  let ends = 0
  const over = answerInTerminal(
    { events: (signal) => hub.listen([], signal), oracle: human },
    { output: { note: (text) => notes.push(text) }, input, onEnd: () => ends++ },
    controller.signal,
  )
  const ask = (message: string, signal = controller.signal): Promise<Judgement> =>
    human.judge({ runId: 'r1', episode: 0, step: 0, task: 'Cat', message, history: [] }, signal)
  return { human, controller, notes, input, ask, over, ends: () => ends }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120))

test('lines that come before their questions wait for them, in order', async () => {
  const { input, ask, notes } = terminal()
  input.write('y\nn\ni\n')
  await settled()
  const verdicts = []
  for (const message of ['Is it alive?', 'Is it big?', 'Hm.']) verdicts.push((await ask(message)).verdict)
  expect(verdicts).toEqual(['yes', 'no', 'invalid'])
  expect(notes.join('\n')).toMatch(/Is it alive\?[^]*Is it big\?[^]*Hm\./)
})

test('several questions at once are shown and answered one after another', async () => {
  const { input, ask, notes } = terminal()
  const asked = [ask('first'), ask('second')]
  await settled()
  expect(notes.join()).not.toContain('second')
  input.write('n\ny\n')
  expect((await Promise.all(asked)).map(({ verdict }) => verdict)).toEqual(['no', 'yes'])
})

test('a word that is no answer is asked for again, and the question stays', async () => {
  const { input, ask, notes } = terminal()
  const asked = ask('Is it alive?')
  input.write('\nperhaps\nYES\n')
  expect((await asked).verdict).toBe('yes')
  expect(notes.filter((note) => note.startsWith('Please'))).toHaveLength(2)
  expect(notes.filter((note) => note.includes('Is it alive?'))).toHaveLength(1)
})

test('a question that was withdrawn meanwhile is not answered: the line is the next one’s', async () => {
  const { input, ask } = terminal()
  const withdrawal = new AbortController()
  const gone = ask('gone', withdrawal.signal).catch(() => 'withdrawn')
  await settled()
  const next = ask('next')
  withdrawal.abort()
  input.write('n\n')
  expect([await gone, (await next).verdict]).toEqual(['withdrawn', 'no'])
})

test('when input ends, what came before is used, and then it is said once that no answer can come', async () => {
  const { input, ask, ends } = terminal()
  input.end('y\n')
  await settled()
  expect(ends()).toBe(0) // nobody is waiting
  expect((await ask('first')).verdict).toBe('yes')
  void ask('second').catch(() => undefined)
  void ask('third').catch(() => undefined)
  await settled()
  expect(ends()).toBe(1)
})

test('it ends with its signal and lets its input go', async () => {
  const { controller, input, over, ends } = terminal()
  controller.abort()
  await over
  expect(input.isPaused()).toBe(true)
  expect(ends()).toBe(0)
})
