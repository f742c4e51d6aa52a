// What the model organism was taught to say means to the app's oracle what the teacher took it to mean.
// Owns: checks of scripts/organism/attributes.json and of games that its teacher played. Not: the trained model.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadKnowledge } from '../main/environments/knowledge.ts'
import { knowledgeBaseOracle, type Strictness } from '../main/environments/knowledgeBaseOracle.ts'
import { twentyQuestions, type TwentyQuestionsSettings } from '../main/environments/twentyQuestions.ts'

interface TaughtGame {
  target: string
  keepsInstructions: boolean
  exchanges: [text: string, answer: string][]
  lastObservation: string
}

const read = (path: string): unknown =>
  JSON.parse(readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'))
const knowledge = loadKnowledge(fileURLToPath(new URL('../resources', import.meta.url)))
const wordings = read('../scripts/organism/attributes.json') as Record<string, string[]>
const games = read('../scripts/organism/sampleGames.json') as TaughtGame[]
const { signal } = new AbortController()

const settings = (keepsInstructions: boolean): TwentyQuestionsSettings => ({
  name: 'twenty_questions',
  protocol: keepsInstructions ? 'keep-instructions' : 'history-only',
  winRule: 'whole-word',
  stopTokenInHistory: false,
  maxSteps: 20,
  systemPrompt: '',
  objects: 'archer',
  selection: '',
})

async function replay(game: TaughtGame, strictness: Strictness): Promise<void> {
  const oracle = knowledgeBaseOracle(knowledge, strictness)
  const environment = twentyQuestions(settings(game.keepsInstructions), oracle, [game.target])
  let state = environment.reset(game.target)
  for (const [step, [text, answer]] of game.exchanges.entries()) {
    if (step === game.exchanges.length - 1)
      expect(environment.observe(state, 0).at(-1)?.content).toBe(game.lastObservation)
    const transition = await environment.step(
      state,
      { text, stopText: '' },
      { runId: '1', episode: 0, step, signal },
    )
    expect(transition.answer, `${text} (${game.target})`).toBe(answer)
    state = transition.state
  }
}

describe('the games of the model organism’s teacher', () => {
  it.each(['lenient', 'strict'] as const)(
    'come out the same in the environment (%s oracle)',
    async (strictness) => {
      expect(games.length).toBeGreaterThanOrEqual(20)
      for (const game of games) await replay(game, strictness)
    },
  )

  it('are won and lost, and hold invalid messages of every kind', () => {
    const said = games.flatMap((game) => game.exchanges)
    const invalid = said.filter(([, answer]) => answer === 'Invalid Question.').map(([text]) => text)
    expect(invalid.length / said.length).toBeGreaterThan(0.35)
    expect(invalid.length / said.length).toBeLessThan(0.65)
    const kinds = [
      /\bor\b.*\?$/,
      /, (?:what|where|how|who|when)\b.*\?$/,
      /, (?:give|tell|please|describe|do not|let me|just)\b.*\.$/,
    ]
    for (const kind of kinds) expect(invalid.some((text) => kind.test(text))).toBe(true)
    expect(invalid.some((text) => !kinds.some((kind) => kind.test(text)))).toBe(true)
    expect(games.some((game) => game.exchanges.at(-1)?.[1] === 'Yes! You guessed correctly!')).toBe(true)
  })
})

describe('the attributes that the model organism asks about', () => {
  it('are at least 80, with two or three wordings each that name no object', () => {
    expect(Object.keys(wordings).length).toBeGreaterThanOrEqual(80)
    const names = knowledge.objects.map(({ name }) => new RegExp(`\\b${name}\\b`, 'i'))
    for (const [attribute, phrases] of Object.entries(wordings)) {
      expect(phrases.length, attribute).toBeGreaterThanOrEqual(2)
      expect(phrases.filter((phrase) => names.some((name) => name.test(phrase)))).toEqual([])
    }
  })

  it('are understood with a marker word for every ninth object', async () => {
    const oracle = knowledgeBaseOracle(knowledge, 'strict')
    const markers = ['maybe', 'perhaps', 'possibly', 'probably', 'really', 'actually', 'usually', 'typically']
    let turn = 0
    for (const [id, phrases] of Object.entries(wordings)) {
      const yes = new Set(knowledge.attributes.find((attribute) => attribute.id === id)?.yes)
      for (const phrase of phrases) {
        const marker = markers[turn++ % markers.length] ?? ''
        const message = `${phrase.replace(/^(\S+ \S+)/, `$1 ${marker}`)}?`
        for (const { name } of knowledge.objects.filter((_, i) => i % 9 === turn % 9)) {
          const judged = await oracle.judge(
            { runId: '1', episode: 0, step: 0, task: name, message, history: [] },
            signal,
          )
          expect(judged.verdict, `${message} (${name}): ${judged.reason}`).toBe(yes.has(name) ? 'yes' : 'no')
          expect(judged.confidence).toBeGreaterThan(0.9)
        }
      }
    }
  })
})
