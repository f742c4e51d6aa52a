import { describe, expect, it } from 'vitest'
import type { PendingQuestion } from '../contract/api.ts'
import { pendingQuestion } from '../contract/api.ts'
import type { JudgeQuestion } from './environment.ts'
import { HumanOracle } from './humanOracle.ts'

const asked = (step: number): JudgeQuestion => ({
  runId: 'r',
  episode: 0,
  step,
  task: 'Cat',
  message: `Is it ${step}?`,
  history: [{ question: 'Is it alive?', answer: 'Yes.' }],
})

describe('a person as oracle', () => {
  it('lets questions wait in order and settles each by its own answer', async () => {
    const oracle = new HumanOracle()
    const signal = new AbortController().signal
    const first = oracle.judge(asked(1), signal)
    const second = oracle.judge(asked(2), signal)
    const [one, two] = oracle.questions()
    expect([one?.step, two?.step]).toEqual([1, 2])
    expect(pendingQuestion.parse(one)).toEqual(one)
    oracle.answer(two?.id ?? '', 'invalid')
    oracle.answer(one?.id ?? '', 'yes')
    expect((await first).verdict).toBe('yes')
    expect(await second).toEqual({ verdict: 'invalid', confidence: null, reason: 'Answered by a person.' })
    expect(oracle.questions()).toEqual([])
  })

  it('tells its listeners of every change until they leave', async () => {
    const oracle = new HumanOracle()
    const heard: number[] = []
    const leave = oracle.onChange((questions: readonly PendingQuestion[]) => heard.push(questions.length))
    const judged = oracle.judge(asked(1), new AbortController().signal)
    oracle.answer(oracle.questions()[0]?.id ?? '', 'no')
    await judged
    leave()
    void oracle.judge(asked(2), new AbortController().signal)
    expect(heard).toEqual([1, 0])
  })

  it('withdraws a question when its run is cancelled, and leaves the others', async () => {
    const oracle = new HumanOracle()
    const cancel = new AbortController()
    const gone = oracle.judge(asked(1), cancel.signal)
    void oracle.judge(asked(2), new AbortController().signal)
    cancel.abort(new Error('cancelled'))
    await expect(gone).rejects.toThrow('cancelled')
    expect(oracle.questions().map((q) => q.step)).toEqual([2])
    await expect(oracle.judge(asked(3), cancel.signal)).rejects.toThrow('cancelled')
  })

  it('refuses an answer to a question that does not wait, and a second answer', async () => {
    const oracle = new HumanOracle()
    expect(() => oracle.answer('nobody', 'yes')).toThrow(expect.objectContaining({ code: 'not_found' }))
    void oracle.judge(asked(1), new AbortController().signal)
    const id = oracle.questions()[0]?.id ?? ''
    oracle.answer(id, 'yes')
    expect(() => oracle.answer(id, 'no')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  it('does not withdraw what was answered before the abort', async () => {
    const oracle = new HumanOracle()
    const cancel = new AbortController()
    const judged = oracle.judge(asked(1), cancel.signal)
    oracle.answer(oracle.questions()[0]?.id ?? '', 'yes')
    cancel.abort()
    expect((await judged).verdict).toBe('yes')
  })
})
