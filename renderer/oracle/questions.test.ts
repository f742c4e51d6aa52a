import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { worlds } from '../testing/fakeEngine.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import type { Place } from '../address.ts'
import { inventRun } from '../testing/invented.ts'
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

describe('the keys that answer', () => {
  const place: Pick<Place, 'view' | 'run'> = { view: 'episodes', run: 'asking' }
  const questionsAt = (where = place, ...runs: ReturnType<typeof inventRun>[]) => {
    const workspace = new Workspace({} as Engine)
    workspace.runs = runs
    return new Questions({} as Engine['oracle'], workspace, where)
  }
  const asking = inventRun('asking', 'running', {}, { oracle: { kind: 'human' } })

  it('stay with the questions between two of them', () => {
    const questions = questionsAt(place, asking)
    expect(questions.current).toBeNull()
    expect(questions.holdsKeys).toBe(true)
    questions.isFolded = true
    expect(questions.holdsKeys).toBe(true)
  })
  it('are free again elsewhere once the questions were put aside', () => {
    const questions = questionsAt({ view: 'home', run: null }, asking)
    expect(questions.holdsKeys).toBe(true)
    questions.isFolded = true
    expect(questions.holdsKeys).toBe(false)
  })
  it('are free where no run plays that asks a person', () => {
    expect(questionsAt(place, inventRun('asking', 'running')).holdsKeys).toBe(false)
    const ended = inventRun('asking', 'done', {}, { oracle: { kind: 'human' } })
    expect(questionsAt(place, ended).holdsKeys).toBe(false)
    const hunt = inventRun(
      'asking',
      'running',
      {},
      { oracle: { kind: 'human' }, environment: { name: 'number_hunt' } },
    )
    expect(questionsAt(place, hunt).holdsKeys).toBe(false)
  })
})
