import { expect, test } from 'vitest'
import type { EpisodeStep } from '../contract/api.ts'
import type { StepRecord, TokenView } from '../contract/runs.ts'
import { textsOf } from './episodeBrowser.ts'

const vocabulary = ['<s>', ' Is', ' it', '?', '⟨0xF0⟩', '⟨0x9F⟩', ' a']
/** As SentencePiece does: the space that begins a sequence is dropped. */
const read = (ids: Int32Array): TokenView[] =>
  Array.from(ids, (id, i) => ({
    id,
    text: i === 0 ? vocabulary[id].replace(/^ /, '') : vocabulary[id],
    isSpecial: id === 0,
  }))

const stepOf = (
  promptIds: number[],
  completionIds: number[],
  topIds: number[],
  shared: number,
): EpisodeStep => {
  const ids = {
    promptIds: Int32Array.from(promptIds),
    completionIds: Int32Array.from(completionIds),
    topIds: Int32Array.from(topIds),
  }
  return { record: ids as Partial<StepRecord> as StepRecord, sharedWithPrevious: shared }
}
const steps = [
  stepOf([0, 1, 2], [1, 3], [1, 2, 3, 4, 6, 3, 2, 4, 5, 6], 0),
  stepOf([0, 1, 2, 4, 5], [2], [2, 1, 3, 4, 6], 3),
]

test('every token of an episode gets its text once', () => {
  const { ids, texts, specialIds } = textsOf(steps, read)
  expect([...ids].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(ids.map((id, i) => [id, texts[i]])).toEqual(ids.map((id) => [id, vocabulary[id]]))
  expect(specialIds).toEqual([0])
})

test('a token that begins a sequence keeps what it shows there', () => {
  const { leading } = textsOf(steps, read)
  // Likeliest first tokens begin a completion too; `<s>` shows the same everywhere.
  expect(leading).toContainEqual({ id: 1, text: 'Is' })
  expect(leading).toContainEqual({ id: 6, text: 'a' })
  expect(leading.map(({ id }) => id).sort()).toEqual([1, 2, 6])
})

test('an episode without steps has no texts', () => {
  expect(textsOf([], read)).toEqual({ ids: [], texts: [], specialIds: [], leading: [] })
})
