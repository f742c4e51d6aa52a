import { describe, expect, it } from 'vitest'
import { isAboutTheObject } from './aboutTheObject.ts'

describe('a question about the object', () => {
  it.each([
    'Is it alive',
    'Does the object have wheels',
    'Can you eat it',
    'Do you need to peel it',
    'Can you play a game with it',
    'Would a musician use it',
    'Do most people own one',
    'Are you thinking of a fruit',
    'Do you need a license',
    'Is there a handle on it',
    'Is a painting',
    'Are found in a shop',
    'Is it made of glass or metal',
    'Is it alive or not',
    'Is it used in a game',
  ])('%s', (question) => expect(isAboutTheObject(question)).toBe(true))
})

describe('no question about the object', () => {
  it.each([
    ['to the other player', 'Are you ready'],
    ['to the other player', 'Are you taking care of us'],
    ['to the other player', 'Do you want to play it again'],
    ['about the game', 'Can you give me a hint'],
    ['about the game', 'Does that change the answer'],
    ['about something else', 'Are engineering techniques misleading'],
    ['about something else', 'Is Paris the capital of France'],
    ['about something else', 'Can you turn this car into a glass car'],
    ['a choice of opposites', 'Is it too light or too heavy'],
    ['a choice of opposites', 'Is it a natural object or a man-made object'],
    ['a form to fill in', 'Is it a [object]'],
    ['a form to fill in', 'Is it a [type of [object] on the planet'],
  ])('%s: %s', (_, question) => expect(isAboutTheObject(question)).toBe(false))
})
