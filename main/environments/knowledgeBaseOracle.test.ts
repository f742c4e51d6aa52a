import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createEnvironment } from './createEnvironment.ts'
import { environmentSettings } from '../contract/runs.ts'
import { knowledgeBaseOracle, type Strictness } from './knowledgeBaseOracle.ts'
import { loadKnowledge } from './knowledge.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'
import { understoodFrom } from './understanding.ts'

const knowledge = loadKnowledge(fileURLToPath(new URL('../../resources', import.meta.url)))
const oracles = {
  lenient: knowledgeBaseOracle(knowledge, 'lenient'),
  strict: knowledgeBaseOracle(knowledge, 'strict'),
}
const ask = (task: string, message: string, strictness: Strictness = 'lenient') =>
  oracles[strictness].judge(
    { runId: '', episode: 0, step: 0, task, message, history: [] },
    new AbortController().signal,
  )

describe('the knowledge-base oracle', () => {
  it.each([
    ['Cat', 'Is it alive?', 'yes'],
    ['Cat', 'Are you thinking of something that is alive?', 'yes'],
    ['Rock', 'Is it alive?', 'no'],
    ['Rock', 'Is it not alive?', 'yes'],
    ['Cat', "Isn't it alive?", 'yes'],
    ['Cat', 'Is it a kind of animal?', 'yes'],
    ['Cat', 'Is it an animal or a plant?', 'yes'],
    ['Cat', 'Is it a plant or a tool?', 'no'],
    ['Cat', 'Is it an animal that can fly?', 'no'],
    ['Cat', 'Is it an animal with fur?', 'yes'],
    ['Elephant', 'Is it a large animal?', 'yes'],
    ['Elephant', 'Is it bigger than a cat?', 'yes'],
    ['Cat', 'Is it bigger than an elephant?', 'no'],
    ['Cat', 'Is it smaller than an elephant?', 'yes'],
    ['Car', 'Does it have wheels?', 'yes'],
    ['Car', 'Is it something with wheels?', 'yes'],
    ['Banana', 'Can you eat it?', 'yes'],
    ['Banana', 'Is it something people eat?', 'yes'],
    ['Banana', 'Is it a banana?', 'yes'],
    ['Banana', 'Is it an orange?', 'no'],
    ['Carrot', 'Is it orange?', 'yes'],
    ['Carrot', 'Is it an orange?', 'no'],
    ['Couch', 'Is it a sofa?', 'yes'],
    ['Soccer ball', 'Is it a ball?', 'yes'],
    ['Golf ball', 'Is it round?', 'yes'],
    ['Piano', 'Is it a giraffe?', 'no'],
    ['Piano', 'Is it the Eiffel Tower?', 'no'],
    ['Piano', 'Does it start with the letter P?', 'yes'],
    ['Piano', 'Does its name end with an o?', 'yes'],
    ['Piano', 'Does the word have more than 5 letters?', 'no'],
    ['Piano', 'Does it have exactly five letters?', 'yes'],
    ['Piano', 'Does it contain the letter z?', 'no'],
    ['Golf ball', 'Is it two words?', 'yes'],
    ['Key', 'Does it start with a?', 'no'],
    ['Apple', 'Does it start with a?', 'yes'],
    ['Cat', 'What is it?', 'invalid'],
    ['Cat', 'It is a dog.', 'invalid'],
    ['Cat', '', 'invalid'],
    ['Cat', 'A: No.', 'invalid'],
  ] as const)('answers for %s: “%s” → %s', async (task, message, verdict) => {
    const judgement = await ask(task, message)
    expect(judgement, judgement.reason).toMatchObject({ verdict })
    expect(judgement.confidence).toBeGreaterThanOrEqual(understoodFrom)
  })

  it('takes the first yes/no question out of a longer message, unless strict', async () => {
    const message = 'Let me think. Is it alive? If so, is it an animal?'
    const lenient = await ask('Cat', message)
    expect(lenient.verdict).toBe('yes')
    expect(lenient.reason).toContain('“Is it alive”')
    const strict = await ask('Cat', message, 'strict')
    expect(strict.verdict).toBe('invalid')
    expect(strict.reason).toContain('Is it alive')
    expect((await ask('Cat', 'Is it alive?', 'strict')).verdict).toBe('yes')
    expect((await ask('Cat', 'Q4: Is it alive?', 'strict')).verdict).toBe('yes')
  })

  it('answers no to a question it does not understand, and says so', async () => {
    const judgement = await ask('Cat', 'Does it remind people of the treaty of Utrecht?')
    expect(judgement.verdict).toBe('no')
    expect(judgement.confidence).toBeLessThan(understoodFrom)
    expect(judgement.reason).toContain('Not understood')
  })

  it.each([
    ['Is it glass?', 'yes'],
    ['Is it a glass?', 'no'],
    ['Is it not a glass?', 'yes'],
    ['Is it a glass object?', 'yes'],
  ])(
    'takes a material with an article for the thing: of a television “%s” → %s',
    async (message, verdict) => {
      expect((await ask('Television', message)).verdict).toBe(verdict)
    },
  )

  it('names the fact its answer rests on', async () => {
    expect((await ask('Cat', 'Is it alive?')).reason).toMatch(
      /“Is it alive”.*“.*living.*” \(alive\) is true of Cat/,
    )
  })

  it('gives the same judgement every time', async () => {
    const message = 'Is it usually found in a garage with a strange smell?'
    expect(await ask('Car', message)).toEqual(await ask('Car', message))
  })

  it('knows its objects by any case and alias, and refuses others', async () => {
    expect((await ask('cat', 'Is it alive?')).verdict).toBe('yes')
    await expect(ask('Unicorn', 'Is it alive?')).rejects.toMatchObject({ code: 'objects_unknown' })
    expect(oracles.lenient.unknownTasks?.(['Cat', 'Unicorn', 'Sofa'])).toEqual(['Unicorn'])
  })

  it('stops a run over objects it does not know before it starts', () => {
    const settings = environmentSettings.parse({ name: 'twenty_questions', objects: ['Cat', 'Unicorn'] })
    expect(() =>
      createEnvironment(settings, { oracle: oracles.lenient, knowledge: () => knowledge }),
    ).toThrow('Unicorn')
  })

  it('answers every phrase of every attribute for every object as the file says, but for a few shared wordings', async () => {
    let wrong = 0
    let all = 0
    for (const attribute of knowledge.attributes) {
      const yes = new Set(attribute.yes)
      const asked = knowledge.objects.filter((_, i) => i % 20 === 0)
      for (const [phrases, expected] of [
        [attribute.phrases, true],
        [attribute.opposite, false],
      ] as const) {
        for (const phrase of phrases) {
          for (const { name } of asked) {
            all++
            const { verdict } = await ask(name, `${phrase}?`)
            if (verdict !== (yes.has(name) === expected ? 'yes' : 'no')) wrong++
          }
        }
      }
    }
    // What is left are guesses that are also attributes (`is it a seat`), where the noun's own entry decides.
    expect(all).toBeGreaterThan(10_000)
    expect(wrong / all).toBeLessThan(0.003)
  })

  it('is quick on long and hostile questions', async () => {
    const hostile = [
      `is it ${'a'.repeat(50_000)}?`,
      `is it ${'red or '.repeat(40)}blue?`,
      `is it ${'zork and blip '.repeat(20)}?`,
      `is it a zork ${'with wheels that can fly '.repeat(11)}?`,
    ]
    for (const message of hostile) {
      const started = performance.now()
      await ask('Cat', message)
      expect(performance.now() - started, message.slice(0, 30)).toBeLessThan(1500)
    }
  })

  it('never throws on any text', async () => {
    const random = seededGenerator('hostile text')
    const pieces = [
      'is it ',
      'does ',
      '?',
      '"',
      "'",
      '\n',
      'a ',
      'that ',
      'or ',
      'and ',
      'not ',
      'than ',
      '(',
      '[',
      '\\',
      '*',
      '$1',
      'ß',
      '😀',
      '\u0000',
      'Q1: ',
      'constructor ',
      '__proto__ ',
      'cat ',
      'with ',
      '.',
      '—',
    ]
    for (let i = 0; i < 2000; i++) {
      const length = Math.floor(random() * 14)
      const message = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('')
      const judgement = await ask('Cat', message)
      expect(['yes', 'no', 'invalid']).toContain(judgement.verdict)
    }
  })
})
