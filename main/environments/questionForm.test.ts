import { describe, expect, it } from 'vitest'
import { canonical } from './questionForm.ts'

describe('the canonical form', () => {
  it.each([
    [
      [
        'Is it alive',
        'Is this object alive',
        'Are they alive',
        'Is the thing you are thinking of alive',
        'Would you say it is alive',
        "Isn't it alive",
        'Is it usually alive',
      ],
      'is it alive',
    ],
    [
      [
        'Can you eat it',
        'Do people eat it',
        'Is it something you can eat',
        'Is it something that people eat',
        'Could a person eat it',
      ],
      'can you eat it',
    ],
    [
      [
        'Can it fly',
        'Does it fly',
        'Is it able to fly',
        'Is it something that can fly',
        'Is it something that flys',
        'Are they capable of flying'.replace('flying', 'fly'),
      ],
      'does it fly',
    ],
    [
      [
        'Does it have wheels',
        'Has it got wheels',
        'Does it has wheels',
        'Is it something with wheels',
        'Is it something that has wheels',
        'Does it contain wheels',
      ],
      'does it have wheels',
    ],
    [
      [
        'Is it made of wood',
        'Is it made out of wood',
        'Is made of wood',
        'Is it something made of wood',
        'Is it constructed from wood',
      ],
      'is it made of wood',
    ],
    [
      [
        'Would you find it in a kitchen',
        'Is it located in a kitchen',
        'Can it be found in the kitchen',
        'Is it usually found in a kitchen',
      ],
      'is it found in kitchen',
    ],
    [
      [
        'Is it a kind of animal',
        'Is it some type of animal',
        'Are you thinking of an animal',
        'Is the answer an animal',
        'Are you an animal',
        'Might it be an animal',
      ],
      'is it animal',
    ],
    [
      ['Is it used to write', 'Is it something you use to write', 'Do you use it to write'],
      'is it used to write',
    ],
  ])('is the same for %j', (questions, form) => {
    for (const question of questions)
      expect({ question, text: canonical(question).text }).toEqual({ question, text: form })
  })

  it.each([
    'Is it not alive',
    'Is it neither alive',
    'Is it a non-living thing',
    'Does it have no legs',
    'Does it never move',
    'Does it lack wheels',
    "Is it something that doesn't move",
  ])('knows that “%s” asks for the contrary', (question) => {
    expect(canonical(question).isNegated).toBe(true)
  })

  it('does not take a rhetorical contraction for a denial', () => {
    expect(canonical("Isn't it alive").isNegated).toBe(false)
    expect(canonical("Doesn't it fly")).toMatchObject({ text: 'does it fly', isNegated: false })
  })

  it('keeps the article that tells an orange from the colour', () => {
    expect(canonical('Is it an orange').withArticles).toBe('is it an orange')
    expect(canonical('Is it orange').withArticles).toBe('is it orange')
  })
})
