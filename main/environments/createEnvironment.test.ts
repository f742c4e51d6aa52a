import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { environmentSettings } from '../contract/runs.ts'
import { createEnvironment } from './createEnvironment.ts'
import { knowledgeBaseOracle } from './knowledgeBaseOracle.ts'
import { loadKnowledge } from './knowledge.ts'

const knowledge = loadKnowledge(fileURLToPath(new URL('../../resources', import.meta.url)))
const oracle = knowledgeBaseOracle(knowledge, 'lenient')
const make = (settings: Parameters<typeof environmentSettings.parse>[0]) =>
  createEnvironment(environmentSettings.parse(settings), { oracle, knowledge: () => knowledge })

describe('making an environment', () => {
  it('plays the shipped lists and the user’s own', () => {
    const tasks = (objects: unknown, n: number) => {
      const environment = make({ name: 'twenty_questions', objects })
      return new Set(Array.from({ length: n }, (_, episode) => environment.taskOf(episode, 3)))
    }
    expect(tasks('archer', 157).size).toBe(157)
    expect(tasks('simple', 10)).toEqual(new Set(knowledge.simple))
    expect(tasks(['Cat', 'Dog'], 5)).toEqual(new Set(['Cat', 'Dog']))
  })

  it('plays a whole game to its win through the contract alone', async () => {
    const environment = make({ name: 'twenty_questions', objects: ['Cat'] })
    const context = { runId: 'r', episode: 0, step: 0, signal: new AbortController().signal }
    let state = environment.reset(environment.taskOf(0, 0))
    const outcomes: string[] = []
    for (const text of ['Is it an animal?', 'I wonder.', 'Is it kept as a pet?', 'Is it a cat?']) {
      const transition = await environment.step(state, { text, stopText: '' }, context)
      outcomes.push(`${transition.answer} ${transition.outcome}`)
      state = transition.state
    }
    expect(outcomes).toEqual([
      'Yes. running',
      'Invalid Question. running',
      'Yes. running',
      'Yes! You guessed correctly! win',
    ])
  })

  it('needs neither oracle nor knowledge for number hunt', () => {
    const environment = createEnvironment(environmentSettings.parse({ name: 'number_hunt' }), {
      oracle: null,
      knowledge: () => {
        throw new Error('not to be read')
      },
    })
    expect(environment.name).toBe('number_hunt')
  })

  it('refuses Twenty Questions without an oracle', () => {
    const settings = environmentSettings.parse({ name: 'twenty_questions' })
    expect(() => createEnvironment(settings, { oracle: null, knowledge: () => knowledge })).toThrow(TypeError)
  })
})
