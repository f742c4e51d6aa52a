import { describe, expect, test } from 'vitest'
import { interventionList } from '../../contract/interventions.ts'
import { sweepSettings, type SweepInput } from '../../contract/sweeps.ts'
import type { VectorSummary } from '../../contract/vectors.ts'
import { sweepConditions } from './sweepPlan.ts'

const vector = (id: string, hooks: string[], hasShuffled = true): VectorSummary => ({
  id,
  name: id,
  createdAt: '',
  origin: { kind: 'file', fileName: 'x', format: 'npy', sha256: '', metadata: {} },
  model: null,
  computeDtype: null,
  width: 4,
  rows: hooks.map((hook) => ({ hook, steps: null, norm: 1 })),
  hash: '',
  hasShuffled,
  flags: [],
})
const known = [
  vector('v1', ['blocks.3.hook_resid_post']),
  vector('v2', ['blocks.1.hook_resid_post', 'blocks.2.hook_resid_post'], false),
  vector('v3', ['blocks.1.hook_mlp_out']),
]

function planned(changes: Partial<SweepInput> = {}) {
  const settings = sweepSettings.parse({
    modelId: 'm',
    environment: { name: 'twenty_questions', systemPrompt: 'Play.' },
    oracle: { kind: 'kb' },
    sampling: {},
    capture: {},
    vectors: ['v1'],
    ...changes,
  })
  const conditions = sweepConditions(settings, (id) => known.find((each) => each.id === id)!)
  for (const { interventions } of conditions) interventionList.parse(interventions)
  return conditions
}
const titles = (changes?: Partial<SweepInput>) => planned(changes).map(({ title }) => title)

describe('conditions of a sweep', () => {
  test('are by default upstream’s doses at the last prompt token, each with all of its controls', () => {
    const conditions = planned()
    const of = (role: string) => conditions.filter((each) => each.role === role)
    expect(of('steered').map(({ alpha }) => alpha)).toEqual([0.5, 1, 2, 4])
    expect(of('random')).toHaveLength(20)
    expect(of('shuffled')).toHaveLength(4)
    expect(of('negated').map(({ alpha }) => alpha)).toEqual([-0.5, -1, -2, -4])
    expect(conditions[0]).toMatchObject({ id: 'baseline', interventions: [] })
    expect(conditions[1].interventions).toMatchObject([
      { kind: 'add', hook: 'blocks.3.hook_resid_post', positions: 'lastPrompt', vector: { vector: 'v1' } },
    ])
    expect(new Set(conditions.map(({ id }) => id)).size).toBe(conditions.length)
  })

  test('have the same ids whatever else is asked, so that some can be added later', () => {
    const few = planned({ alphas: [1] }).map(({ id }) => id)
    const more = planned({ alphas: [1, 2], vectors: ['v1', 'v2'] }).map(({ id }) => id)
    expect(more).toEqual(expect.arrayContaining(few))
  })

  test('have controls beside the largest dose alone where that is asked, and a dose and its opposite share them', () => {
    const controls = { random: 1, shuffled: false, negated: true, at: 'largest' as const }
    expect(titles({ alphas: [1, 2], controls })).toEqual([
      'baseline',
      'α = 1',
      'α = 2',
      'α = 2, random 1',
      'α = −2, negated',
    ])
    expect(titles({ alphas: [-2, 2], controls })).toEqual(['baseline', 'α = −2', 'α = 2', 'α = 2, random 1'])
  })

  test('are a cell for each vector, layer, place and gate', () => {
    const cells = new Set(
      planned({
        vectors: ['v1', 'v2'],
        places: [{ kind: 'lastPrompt' }, { kind: 'firstGenerated', count: 3 }],
        gate: { vector: 'v1', above: 2 },
        controls: { random: 0 },
      }).map(({ cell }) => cell),
    )
    cells.delete('')
    expect([...cells]).toEqual(
      ['v1 · layer 3', 'v2 · layer 1', 'v2 · layer 2'].flatMap((place) =>
        ['last prompt token', 'first 3 generated tokens'].flatMap((where) => [
          `${place} · ${where}`,
          `${place} · ${where} · gated by v1 > 2`,
        ]),
      ),
    )
  })

  test('have random directions of their own in each cell, the same ones at every dose of it', () => {
    const of = (cell: string) =>
      planned({ vectors: ['v1', 'v2'], controls: { random: 2 } })
        .filter((each) => each.role === 'random' && each.cell.startsWith(cell))
        .map(({ interventions: [added] }) =>
          JSON.stringify(added.kind === 'add' && 'vector' in added.vector && added.vector.variant),
        )
    const cells = ['v1 · layer 3', 'v2 · layer 1', 'v2 · layer 2'].map((cell) => new Set(of(cell)))
    for (const directions of cells) expect(directions.size).toBe(2)
    expect(new Set(cells.flatMap((directions) => [...directions])).size).toBe(6)
    const more = planned({ vectors: ['v1'], alphas: [1, 7], controls: { random: 2 } })
    expect(JSON.stringify(more)).toContain(of('v1')[0])
  })

  test('act where the vector was made if that is elsewhere than in the residual stream', () => {
    const [, first] = planned({ vectors: ['v3'], controls: { random: 0 } })
    expect(first.interventions[0].hook).toBe('blocks.1.hook_mlp_out')
  })

  test('tell the model in words what steering is for, beside what it is told anyway', () => {
    const told = planned({ controls: { prompt: 'Be brief.' } }).at(-1)
    expect(told).toMatchObject({ role: 'prompt', systemPrompt: 'Play.\nBe brief.', interventions: [] })
  })

  test.each([
    ['no dose', { alphas: [] }],
    ['a dose of nothing, which is the baseline', { alphas: [0] }],
    ['no vector', { vectors: [] }],
    ['labels that only a person gives', { outcome: { kind: 'hand' as const, name: 'x' } }],
    ['a gate without a threshold', { gate: { vector: 'v1' } }],
  ])('%s is refused', (_name, changes) => {
    expect(() => planned(changes)).toThrow()
  })
})
