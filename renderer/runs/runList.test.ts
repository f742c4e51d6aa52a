import { describe, expect, it } from 'vitest'
import { inventRun } from '../testing/invented.ts'
import { matches, RunList } from './runList.svelte.ts'
import { fractionDone, invalidRate, layersOf } from './runText.ts'

const runs = [inventRun('sweep 10', 'failed'), inventRun('sweep 9', 'done'), inventRun('probe', 'queued')]

describe('matches', () => {
  it('wants every word, in the name, the model, the status or the environment', () => {
    expect(matches(runs[0]!, 'SWEEP smollm failed')).toBe(true)
    expect(matches(runs[0]!, 'twenty questions')).toBe(true)
    expect(matches(runs[0]!, 'sweep done')).toBe(false)
    expect(matches(runs[0]!, '  ')).toBe(true)
  })
})

describe('RunList', () => {
  it('sorts names by their numbers and puts runs without a rate last', () => {
    const list = new RunList(() => runs)
    list.sort = 'name'
    expect(list.rows.map((run) => run.name)).toEqual(['probe', 'sweep 9', 'sweep 10'])
    list.sort = 'invalid'
    expect(list.rows.at(-1)?.name).toBe('probe')
    list.sort = 'newest'
    expect(list.rows).toEqual(runs)
  })
  it('stops at its ends, starts at the first, and is empty without runs', () => {
    const list = new RunList(() => runs)
    expect(list.neighbour(null, 1)?.id).toBe('sweep 10')
    expect(list.neighbour('sweep 10', -1)?.id).toBe('sweep 10')
    expect(list.neighbour('probe', 1)?.id).toBe('probe')
    expect(list.neighbour('sweep 10', 1)?.id).toBe('sweep 9')
    expect(new RunList(() => null).neighbour('a', 1)).toBeNull()
  })
})

describe('conditions of a sweep', () => {
  const member = (id: string, sweep: string) => ({
    ...inventRun(id, 'done'),
    sweep: { id: sweep, title: id },
  })
  const mixed = [inventRun('alone', 'done'), member('b10', 's2'), member('b2', 's2'), member('a1', 's1')]
  const keys = (list: RunList) => list.items.map(({ key }) => key)
  it('are folded into one row where the first of them would stand', () => {
    const list = new RunList(() => mixed)
    expect(keys(list)).toEqual(['alone', 'sweep s2', 'sweep s1'])
    list.toggle('s2')
    expect(keys(list)).toEqual(['alone', 'sweep s2', 'b2', 'b10', 'sweep s1'])
    list.sort = 'name'
    expect(keys(list).slice(-2)).toEqual(['b2', 'b10'])
    list.sort = 'newest'
    list.toggle('s2')
    expect(list.items).toHaveLength(3)
  })
  it('are passed over by the keys while folded, and shown where something is looked for', () => {
    const list = new RunList(() => mixed)
    expect(list.neighbour('alone', 1)?.id).toBe('alone')
    list.toggle('s1')
    expect(list.neighbour('alone', 1)?.id).toBe('a1')
    list.filter = 'b2'
    expect(keys(list)).toEqual(['sweep s2', 'b2'])
  })
})

it('an invalid rate before the first step is unknown, not zero', () => {
  expect(invalidRate(inventRun('a', 'queued'))).toBeNull()
  expect(invalidRate(inventRun('a', 'done'))).toBeGreaterThan(0)
})

it('the fraction done is whole only at the end and never beyond', () => {
  expect(fractionDone(inventRun('a', 'done'))).toBe(1)
  expect(fractionDone(inventRun('a', 'queued'))).toBe(0)
  const run = inventRun('a', 'running')
  expect(fractionDone({ ...run, progress: { ...run.progress, steps: 1e9 } })).toBe(1)
})

it('layers are read from residuals after a block only, once each and in order', () => {
  const hooks = [
    'blocks.15.hook_resid_post',
    'blocks.2.hook_resid_post',
    'blocks.2.hook_resid_post',
    'blocks.x.hook_resid_post',
  ]
  expect(layersOf([...hooks, 'blocks.3.hook_resid_pre'])).toEqual([2, 15])
})
