import { describe, expect, it } from 'vitest'
import { environmentSettings } from '../contract/runs.ts'
import type { StepContext } from './environment.ts'
import { numberHunt, numberIn, type NumberHuntSettings } from './numberHunt.ts'

const context: StepContext = { runId: 'r', episode: 0, step: 0, signal: new AbortController().signal }

const hunt = (overrides: Partial<NumberHuntSettings> = {}) => {
  const settings = environmentSettings.parse({ name: 'number_hunt' }) as NumberHuntSettings
  const environment = numberHunt({ ...settings, ...overrides })
  return {
    environment,
    say: (state: Parameters<typeof environment.step>[0], text: string) =>
      environment.step(state, { text, stopText: '' }, context),
  }
}

describe('number hunt', () => {
  it('can be won by halving, within the logarithm of the range', async () => {
    const { environment, say } = hunt({ upTo: 1000, maxSteps: 10 })
    for (const task of ['1', '617', '1000']) {
      let state = environment.reset(task)
      let [low, high] = [1, 1000]
      let outcome = 'running'
      while (outcome === 'running') {
        const middle = Math.floor((low + high) / 2)
        const result = await say(state, `Is it ${middle}?`)
        if (result.answer === 'Higher.') low = middle + 1
        else high = middle - 1
        state = result.state
        outcome = result.outcome
      }
      expect(outcome).toBe('win')
    }
  })

  it('calls a message without a number invalid and still counts the step', async () => {
    const { environment, say } = hunt({ maxSteps: 1 })
    const result = await say(environment.reset('5'), 'I give up')
    expect(result).toMatchObject({ isInvalid: true, outcome: 'limit', reward: -1, labels: { guess: null } })
    await expect(say(result.state, '5')).rejects.toThrow(TypeError)
  })

  it('shows every guess with its answer and can leave out the oldest', async () => {
    const { environment, say } = hunt({ systemPrompt: 'Hunt.' })
    const first = await say(environment.reset('50'), '10')
    const second = await say(first.state, '90')
    const [system, user] = environment.observe(second.state, 1)
    expect(system?.content).toBe('Hunt.')
    expect(user?.content).toMatch(/Reply with one number\.\nGuess 2: 90\nLower\.$/)
    expect(() => environment.observe(second.state, 3)).toThrow(TypeError)
  })

  it('hides the selected numbers only', () => {
    expect(hunt({ upTo: 9, selection: ':4' }).environment.taskOf(3, 1)).toBe('5')
  })

  it.each([
    ['42', 42],
    ['Is it 7 or 8?', 7],
    ['-3', -3],
    ['1,000', 1000],
    ['about 3.5', null],
    ['v2', null],
    ['seven', null],
    ['It is 12.', 12],
    ['', null],
  ])('reads the number of “%s” as %s', (text, expected) => {
    expect(numberIn(text)).toBe(expected)
  })
})
