import { describe, expect, it } from 'vitest'
import { environmentSettings } from '../contract/runs.ts'
import type { EnvironmentState, JudgeQuestion, Oracle, StepContext } from './environment.ts'
import { twentyQuestions, type TwentyQuestionsSettings } from './twentyQuestions.ts'

const context: StepContext = {
  runId: 'r',
  episode: 0,
  step: 0,
  signal: new AbortController().signal,
}

/** A real, if simple, oracle: yes to what holds `yes`, invalid without a question mark; it keeps what it was asked. */
function listeningOracle(): Oracle & { asked: JudgeQuestion[] } {
  const asked: JudgeQuestion[] = []
  return {
    description: 'by question mark',
    asked,
    async judge(question) {
      asked.push(question)
      const verdict = !question.message.includes('?')
        ? 'invalid'
        : question.message.includes('yes')
          ? 'yes'
          : 'no'
      return { verdict, confidence: null, reason: 'test' }
    },
  }
}

function play(overrides: Partial<TwentyQuestionsSettings> = {}, objects = ['Cat', 'Dog', 'Piano']) {
  const parsed = environmentSettings.parse({ name: 'twenty_questions' }) as TwentyQuestionsSettings
  const settings = { ...parsed, ...overrides }
  const oracle = listeningOracle()
  const environment = twentyQuestions(settings, oracle, objects)
  const say = (state: EnvironmentState, text: string, stopText = '') =>
    environment.step(state, { text, stopText }, context)
  return { environment, oracle, say }
}

describe('Twenty Questions', () => {
  it('opens with the instructions and the number of questions', () => {
    const { environment } = play({ maxSteps: 7 })
    expect(environment.observe(environment.reset('Cat'), 0)).toEqual([
      {
        role: 'user',
        content:
          "Let's play Twenty Questions! I'm thinking of an object. You have 7 questions to guess what it is. Ask yes/no questions to narrow down the possibilities. When you think you know the answer, ask 'Is it [object]?'",
      },
    ])
  })

  it('then shows the history alone, as upstream does', async () => {
    const { environment, say } = play()
    const first = await say(environment.reset('Cat'), ' Is it big, yes? ')
    const second = await say(first.state, 'I like turtles.')
    const third = await say(second.state, 'Is it alive?\nNo idea')
    expect(environment.observe(third.state, 0)).toEqual([
      {
        role: 'user',
        content:
          'Q1: Is it big, yes?\nA: Yes.\nQ2: I like turtles.\nA: Invalid Question.\nQ3: Is it alive?\nNo idea\nA: No.',
      },
    ])
    expect([first.isInvalid, second.isInvalid, third.isInvalid]).toEqual([false, true, false])
    expect([first.reward, second.reward, third.reward]).toEqual([-1, -1, -1])
  })

  it('keeps the instructions before the history when asked to', async () => {
    const { environment, say } = play({ protocol: 'keep-instructions' })
    const { state } = await say(environment.reset('Cat'), 'Is it big?')
    const [message] = environment.observe(state, 0)
    expect(message?.content).toMatch(/^Let's play .*'Is it \[object\]\?'\n\nQ1: Is it big\?\nA: No\.$/s)
  })

  it('puts the system prompt in front of every observation, and none where it is empty', async () => {
    const { environment, say } = play({ systemPrompt: 'Be brief.' })
    const { state } = await say(environment.reset('Cat'), 'Is it big?')
    for (const chat of [environment.observe(environment.reset('Cat'), 0), environment.observe(state, 0)]) {
      expect(chat.map((m) => m.role)).toEqual(['system', 'user'])
      expect(chat[0]?.content).toBe('Be brief.')
    }
  })

  it('drops whole oldest pairs and keeps the numbers of the others', async () => {
    const { environment, say } = play()
    let state = environment.reset('Cat')
    for (const text of ['Is it a?', 'Is it b?', 'Is it c?']) state = (await say(state, text)).state
    expect(environment.turns(state)).toBe(3)
    expect(environment.observe(state, 2)[0]?.content).toBe('Q3: Is it c?\nA: No.')
    expect(environment.observe(state, 3)[0]?.content).toMatch(/^Let's play/)
    expect(() => environment.observe(state, 4)).toThrow(TypeError)
    expect(() => environment.observe(state, -1)).toThrow(TypeError)
  })

  it('wins on the object’s name without asking the oracle, with reward 0', async () => {
    const { environment, say, oracle } = play()
    const won = await say(environment.reset('Cat'), 'Is it a cat?')
    expect(won).toMatchObject({ isWin: true, isInvalid: false, reward: 0, outcome: 'win' })
    expect(won.answer).toBe('Yes! You guessed correctly!')
    expect(oracle.asked).toEqual([])
    expect(environment.observe(won.state, 0)[0]?.content).toBe(
      'Q1: Is it a cat?\nA: Yes! You guessed correctly!\n\nYou win! The object was Cat.',
    )
  })

  it('lets “category” win for Cat under upstream’s rule only', async () => {
    const upstream = play({ winRule: 'substring' })
    const ours = play()
    const text = 'Is it in this category?'
    expect((await upstream.say(upstream.environment.reset('Cat'), text)).isWin).toBe(true)
    expect((await ours.say(ours.environment.reset('Cat'), text)).isWin).toBe(false)
  })

  it('ends at the step limit and says what the object was', async () => {
    const { environment, say } = play({ maxSteps: 2 })
    const first = await say(environment.reset('Piano'), 'Is it big?')
    const last = await say(first.state, 'Is it small?')
    expect([first.outcome, last.outcome]).toEqual(['running', 'limit'])
    expect(last.answer).toBe('No.')
    expect(environment.observe(last.state, 0)[0]?.content).toMatch(
      /\n\nYou've run out of questions! The object was Piano\.$/,
    )
    await expect(say(last.state, 'Is it a piano?')).rejects.toThrow(TypeError)
  })

  it('wins at the last step, too', async () => {
    const { environment, say } = play({ maxSteps: 1 })
    expect((await say(environment.reset('Dog'), 'A dog?')).outcome).toBe('win')
  })

  it('keeps the stop token’s text out of history and question unless told to do as upstream', async () => {
    const ours = play()
    const upstream = play({ stopTokenInHistory: true })
    for (const [game, expected] of [
      [ours, 'Is it big?'],
      [upstream, 'Is it big?<|im_end|>'],
    ] as const) {
      const { state } = await game.say(game.environment.reset('Cat'), 'Is it big?', '<|im_end|>')
      expect(game.environment.observe(state, 0)[0]?.content).toContain(`Q1: ${expected}\n`)
      expect(game.oracle.asked[0]?.message).toBe(expected)
    }
  })

  it('hands the oracle the object, the message and the history', async () => {
    const { environment, say, oracle } = play()
    const { state } = await say(environment.reset('Cat'), 'Is it big?')
    await say(state, 'Is it small?')
    expect(oracle.asked[1]).toMatchObject({
      task: 'Cat',
      message: 'Is it small?',
      history: [{ question: 'Is it big?', answer: 'No.' }],
    })
  })

  it('survives a trip through JSON between any two steps', async () => {
    const { environment, say } = play()
    let state = environment.reset('Cat')
    for (const text of ['Is it a?', 'hello']) {
      state = JSON.parse(JSON.stringify((await say(state, text)).state)) as EnvironmentState
    }
    expect(environment.observe(state, 0)[0]?.content).toContain('Q2: hello\nA: Invalid Question.')
  })

  it('refuses a state that is not its own', async () => {
    const { environment, say } = play()
    expect(() => environment.observe({ hidden: 3 }, 0)).toThrow()
    await expect(say({}, 'Is it?')).rejects.toThrow()
  })

  it('labels what the words alone show', async () => {
    const { environment, say } = play()
    const first = await say(environment.reset('Cat'), 'Is it big?')
    const second = await say(first.state, 'is it  BIG')
    expect(first.labels).toMatchObject({ hasQuestionMark: true, words: 3, repeatsEarlier: false })
    expect(second.labels).toMatchObject({ hasQuestionMark: false, words: 3, repeatsEarlier: true })
    expect((await say(second.state, '')).labels).toMatchObject({ words: 0, afterInvalid: true })
  })

  it('plays the selected objects only', () => {
    const { environment } = play({ selection: ':1:' })
    expect(new Set([0, 1, 2, 3].map((episode) => environment.taskOf(episode, 5)))).toEqual(
      new Set(['Dog', 'Piano']),
    )
    expect(() => play({ selection: ':9' })).toThrow(expect.objectContaining({ code: 'selection_empty' }))
  })

  it('passes the oracle’s failure on and leaves the state as it was', async () => {
    const settings = environmentSettings.parse({ name: 'twenty_questions' }) as TwentyQuestionsSettings
    const broken: Oracle = { description: 'broken', judge: () => Promise.reject(new Error('down')) }
    const environment = twentyQuestions(settings, broken, ['Cat'])
    const state = environment.reset('Cat')
    await expect(environment.step(state, { text: 'Is it?', stopText: '' }, context)).rejects.toThrow('down')
    expect(environment.turns(state)).toBe(0)
  })
})
