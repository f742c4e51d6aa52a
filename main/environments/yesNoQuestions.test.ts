import { describe, expect, it } from 'vitest'
import { findQuestions } from './yesNoQuestions.ts'

const texts = (message: string): string[] => findQuestions(message).questions.map((found) => found.text)

describe('finding yes/no questions', () => {
  it.each([
    ['Is it alive?', 'Is it alive'],
    ['is it alive', 'is it alive'],
    ['Is it bigger than a car?', 'Is it bigger than a car'],
    ['Q3: Does it have legs?', 'Does it have legs'],
    ['Question 3: Does it have legs?', 'Does it have legs'],
    ['1. Can you eat it?', 'Can you eat it'],
    ['"Is it a cat?"', 'Is it a cat'],
    ['“Is it a cat?”', 'Is it a cat'],
    ['**Is it a cat?**', 'Is it a cat'],
    ['My first question is: Is it alive?', 'Is it alive'],
    ['Is it a "cat"?', 'Is it a cat'],
    ['Is it [cat]?', 'Is it cat'],
    ['Is this object made of wood?', 'Is this object made of wood'],
    ['Are they worn on the feet?', 'Are they worn on the feet'],
    ['Has it got wheels?', 'Has it got wheels'],
    ['Would you find it in a kitchen?', 'Would you find it in a kitchen'],
    ['Do people use it every day?', 'Do people use it every day'],
    ["Isn't it a fruit?", "Isn't it a fruit"],
    ['Is it a cat or a dog?', 'Is it a cat or a dog'],
    ['Is it a fruit?<|im_end|>', 'Is it a fruit'],
  ])('takes “%s” for a single one', (message, question) => {
    expect(findQuestions(message)).toEqual({
      questions: [{ text: question, form: 'inverted' }],
      isSingle: true,
    })
  })

  it.each([
    ['Okay, so: is it alive?', 'is it alive'],
    ["Let's start. Is it alive? Please answer.", 'Is it alive'],
    ['You could ask "Is it alive?" and go on from there.', 'Is it alive'],
    ["I would ask 'Is it alive?' first.", 'Is it alive'],
    ['If I dropped it, would it break?', 'would it break'],
    ['A: Yes, that fits.\nQ5: Is it soft?\nA: No.', 'Is it soft'],
    ['I think it is a cat. Is that right?', 'is it a cat'],
    ['It weighs 3.5 kg. Is it heavy?', 'Is it heavy'],
    ['Sure! Is it a tool, e.g. a hammer?', 'Is it a tool, e.g. a hammer'],
  ])('takes one out of “%s”, which is more than the question', (message, question) => {
    const search = findQuestions(message)
    expect(search.questions[0]?.text).toBe(question)
    expect(search.isSingle).toBe(false)
  })

  it.each([
    ['It is a cat?', 'is it a cat', 'declarative'],
    ["It's alive, isn't it?", 'is it alive', 'tag'],
    ['It has wheels, right?', 'does it have wheels', 'tag'],
    ['You can eat it?', 'can you eat it', 'declarative'],
    ['A cat?', 'is it A cat', 'elliptical'],
    ['I wonder whether it is alive.', 'is it alive', 'indirect'],
    ['Can you tell me if it has legs?', 'does it have legs', 'indirect'],
  ])('turns “%s” into “%s” (%s)', (message, text, form) => {
    expect(findQuestions(message).questions).toEqual([{ text, form }])
  })

  it('lists several in order, and then the message is not a single one', () => {
    const search = findQuestions('1. Is it a duck?\n2. Is it a cat?\n3. Is it')
    expect(search.questions.map((found) => found.text)).toEqual(['Is it a duck', 'Is it a cat'])
    expect(search.isSingle).toBe(false)
  })

  it.each([
    '',
    '   \n ',
    '?',
    '!!!',
    'Yes.',
    'A: No.',
    'Invalid Question.',
    'It is a cat.',
    'What is it?',
    'What color is it?',
    'Which animal do you mean?',
    'How big is it?',
    'Why is it red?',
    'Where can you find it?',
    'I give up.',
    "I'm thinking of an object.",
    'Please give me a hint.',
    'Can you give me a hint?',
    'Are you ready to play?',
    'Would you like to play again?',
    'Do you understand the rules?',
    'Is',
    '5. Is it',
    'Is it a',
    'You have 20 questions to guess what it is.',
    'The object has four legs and can run.',
  ])('finds none in “%s”', (message) => {
    expect(texts(message)).toEqual([])
  })

  it('is quick on long and hostile text', () => {
    const hostile = [
      'is it '.repeat(10_000),
      "'".repeat(20_000),
      `"${'is it '.repeat(5000)}`,
      `${'a'.repeat(50_000)}?`,
      `${'Q1: '.repeat(10_000)}`,
      `${', so '.repeat(10_000)}?`,
      `${'it is '.repeat(10_000)}, isn't it?`,
      `${'1. '.repeat(10_000)}`,
      '<|'.repeat(20_000),
      `${'((('.repeat(10_000)}`,
      `${' '.repeat(50_000)}x`,
      `x${'.'.repeat(50_000)}`,
      `${"'is it '".repeat(5000)}`,
      `i ${'wonder '.repeat(8000)}if it is`,
    ]
    for (const message of hostile) {
      const started = performance.now()
      findQuestions(message)
      expect(performance.now() - started, JSON.stringify(message.slice(0, 20))).toBeLessThan(500)
    }
  })
})
