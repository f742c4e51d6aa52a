import { expect, it } from 'vitest'
import { sweepSettings } from '../../main/contract/sweeps.ts'
import { plainSettings } from './vectorDefaults.ts'
import { changesOf } from './sweepChanges.ts'

const settings = (change: object) =>
  sweepSettings.parse({ ...plainSettings('m'), vectors: ['v1'], ...change })

it('what was played stays, whatever the fields say now', () => {
  const before = settings({
    alphas: [1, 4],
    controls: { random: 5, shuffled: true, prompt: 'Ask.', seed: 7 },
  })
  const after = settings({
    ...{ vectors: ['v2'], alphas: [2], places: [{ kind: 'everyGenerated' }] },
    controls: { random: 2, shuffled: false, prompt: '', seed: 1, orthogonalTo: ['v3'] },
  })
  expect(changesOf(before, after)).toMatchObject({
    vectors: ['v1', 'v2'],
    alphas: [1, 4, 2],
    places: [{ kind: 'lastPrompt' }, { kind: 'everyGenerated' }],
    controls: { random: 5, shuffled: true, prompt: 'Ask.', seed: 7, orthogonalTo: ['v3'] },
  })
})
it('a place that is there already is not named twice', () => {
  const before = settings({ places: [{ kind: 'firstGenerated', count: 5 }] })
  const after = settings({
    places: [
      { kind: 'firstGenerated', count: 5 },
      { kind: 'firstGenerated', count: 8 },
    ],
  })
  expect(changesOf(before, after).places).toHaveLength(2)
})
