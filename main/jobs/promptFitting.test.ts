import { expect, test } from 'vitest'
import type { ChatMessage } from '../contract/runs.ts'
import { fitPrompt } from './promptFitting.ts'

/** System prompt of 3 tokens, header of 2, and turns of the given lengths. */
const source = (lengths: number[]) => ({
  turns: lengths.length,
  observe: (drop: number): ChatMessage[] => [
    { role: 'system', content: 'sss' },
    {
      role: 'user',
      content: lengths
        .slice(drop)
        .map((n) => 'x'.repeat(n))
        .join(''),
    },
  ],
  encode: (messages: readonly ChatMessage[]) =>
    Int32Array.from([...messages.map((m) => m.content).join(''), ...'hh'], (c) => c.charCodeAt(0)),
})

test('a prompt that fits is left whole', () => {
  expect(fitPrompt(source([4, 4]), 13)).toMatchObject({ droppedTurns: 0 })
})

test('the fewest whole oldest turns go, and system prompt and header stay', () => {
  for (let limit = 5; limit < 40; limit++) {
    const lengths = [7, 1, 5, 9, 2, 6]
    const fitted = fitPrompt(source(lengths), limit)
    const cost = (drop: number): number => 5 + lengths.slice(drop).reduce((a, b) => a + b, 0)
    const expected = lengths.concat(0).findIndex((_, drop) => cost(drop) <= limit)
    expect(fitted.droppedTurns).toBe(expected)
    const text = String.fromCharCode(...fitted.promptIds)
    expect(text.startsWith('sss')).toBe(true)
    expect(text.endsWith('hh')).toBe(true)
  }
})

test('a prompt that does not fit even without history is refused with both numbers', () => {
  expect(() => fitPrompt(source([1]), 4)).toThrow(/5 tokens; 4 fit/)
})
