import { describe, expect, it } from 'vitest'
import { namesAsSubstring, namesAsWholeWord } from './winRule.ts'

describe('the whole-word rule', () => {
  it.each([
    ['Is it a cat?', 'Cat'],
    ['IS IT THE CAT', 'Cat'],
    ['Is it one of the cats?', 'Cat'],
    ["Is it a cat's?", 'Cat'],
    ['Is it "cat"?', 'Cat'],
    ['cat', 'Cat'],
    ['Is it a soccer ball?', 'Soccer ball'],
    ['Is it a soccer-ball?', 'Soccer ball'],
    ['Are they tennis rackets?', 'Tennis racket'],
    ['Is it a shoe?', 'Shoes'],
    ['Is it a knife?', 'Knife'],
    ['Are they knives?', 'Knife'],
    ['Are they boxes?', 'Box'],
    ['Is it a pair of scissors?', 'Scissors'],
    ['Is it a berry?', 'Berries'],
    ['**Watering** can?', 'Watering can'],
    ['Ist es Öl?', 'öl'],
  ])('takes “%s” for %s', (message, object) => {
    expect(namesAsWholeWord(message, object)).toBe(true)
  })

  it.each([
    ['Is it in this category?', 'Cat'],
    ['Is it a ball used in soccer?', 'Soccer ball'],
    ['Is it soccer or a ball?', 'Soccer ball'],
    ['Is it a carpet?', 'Car'],
    ['Is it a pineapple?', 'Apple'],
    ['Is it a bus stop? No, busy.', 'Bush'],
    ['', 'Cat'],
    ['Is it …?', '…'],
  ])('does not take “%s” for %s', (message, object) => {
    expect(namesAsWholeWord(message, object)).toBe(false)
  })
})

describe('the substring rule', () => {
  it('lets “cat” win inside “category”, as upstream does', () => {
    expect(namesAsSubstring('Is it in this CATegory?', 'Cat')).toBe(true)
    expect(namesAsSubstring('Is it a dog?', 'Cat')).toBe(false)
  })

  it('misses a plural that changes the word, as upstream does', () => {
    expect(namesAsSubstring('Are they knives?', 'Knife')).toBe(false)
  })
})
