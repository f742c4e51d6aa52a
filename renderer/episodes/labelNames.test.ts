import { expect, it } from 'vitest'
import { labelName, labelValue } from './labelNames.ts'

it('labels of the environments that ship have names in words', () => {
  expect(labelName('hasQuestionMark')).toBe('Has a question mark')
  expect(labelName('afterInvalid')).toBe('After an invalid one')
  expect(labelName('words')).toBe('Words')
})

it('labels of another environment are taken apart into words', () => {
  expect(labelName('firstTry')).toBe('First try')
  expect(labelName('tokens_left')).toBe('Tokens left')
  expect(labelName('usedXML2Json')).toBe('Used XML2 json')
  expect(labelName('constructor')).toBe('Constructor')
  expect(labelName('')).toBe('')
})

it('true and false read as yes and no, a number as itself, nothing as a dash', () => {
  expect([true, false, 0, 3, 'red', null].map(labelValue)).toEqual(['yes', 'no', '0', '3', 'red', '–'])
})
