import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { worlds } from '../testing/fakeEngine.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { Workspace } from '../workspace.svelte.ts'
import { Questions } from './questions.svelte.ts'

function questionsOn(answer: unknown) {
  const oracle = { answer } as unknown as Engine['oracle']
  const workspace = new Workspace({ oracle } as Engine)
  workspace.questions = worlds.human!().questions
  return { questions: new Questions(oracle, workspace), workspace }
}

describe('Questions', () => {
  it('goes on to the next before the engine has answered, so that two quick keys answer two questions', () => {
    const answer = vi.fn(() => new Promise(() => {}))
    const { questions } = questionsOn(answer)
    void questions.answer('yes')
    void questions.answer('invalid')
    expect(answer.mock.calls).toEqual([[{ id: 'q0', verdict: 'yes' }], [{ id: 'q1', verdict: 'invalid' }]])
    expect(questions.current?.id).toBe('q2')
  })
  it('shows the question again where the answer was not taken', async () => {
    const { questions } = questionsOn(() => Promise.reject(errors.engineLost({ call: 'oracle.answer' })))
    await questions.answer('no')
    expect(questions.current?.id).toBe('q0')
    expect(toasts.list.at(-1)?.title).toBe('The connection to the engine was lost')
  })
  it('does nothing without a question', async () => {
    const answer = vi.fn()
    const { questions, workspace } = questionsOn(answer)
    workspace.questions = []
    await questions.answer('yes')
    expect(answer).not.toHaveBeenCalled()
  })
})
