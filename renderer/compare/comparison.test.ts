import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { RunComparison } from '../../main/contract/comparison.ts'
import type { Engine } from '../client.ts'
import { Toasts } from '../shared/toasts.svelte.ts'
import { inventRun, inventStatistics } from '../testing/invented.ts'
import { inventComparison } from '../testing/fakeComparison.ts'
import { differenceRows, rateCurves } from './comparedFigures.ts'
import { isClear, metricDifference, settingName, settingText } from './comparedText.ts'
import { Comparison } from './comparison.svelte.ts'
import { listRows, withRuns } from './runChoice.ts'
import { forgetComparison, keepComparison } from './savedComparisons.ts'

const runs = ['a', 'b', 'c'].map((id) => inventRun(id, 'done', {}, { episodes: 5 }))
const byId = (id: string) => runs.find((run) => run.id === id) ?? runs[0]!

describe('a comparison', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const open = () => {
    const asked: string[][] = []
    const comparison = new Comparison(
      async (ids): Promise<RunComparison> => {
        asked.push(ids)
        return inventComparison(ids.map(byId))
      },
      async (id) => inventStatistics(byId(id), 5),
    )
    return { asked, comparison }
  }
  it('is asked for once for the same runs, and never for fewer than two', async () => {
    const { asked, comparison } = open()
    comparison.open(['a'])
    comparison.open(['a', 'b'])
    comparison.open(['a', 'b'])
    await vi.runAllTimersAsync()
    expect(asked).toEqual([['a', 'b']])
    expect(comparison.of('b')?.metrics[0]?.difference?.value).not.toBeNull()
    expect([...comparison.curves.keys()]).toEqual(['a', 'b'])
  })
  it('is asked for again some time after one of its runs went on, once for many changes', async () => {
    const { asked, comparison } = open()
    comparison.open(['a', 'b'])
    await vi.runAllTimersAsync()
    for (let i = 0; i < 20; i++) comparison.changed('a')
    comparison.changed('c')
    await vi.runAllTimersAsync()
    expect(asked).toHaveLength(2)
  })
  it('drops an answer that comes after other runs were chosen', async () => {
    let answer = (_: RunComparison): void => {}
    const comparison = new Comparison(
      (ids) =>
        ids.includes('c')
          ? Promise.resolve(inventComparison(ids.map(byId)))
          : new Promise((resolve) => (answer = resolve)),
      async (id) => inventStatistics(byId(id), 5),
    )
    comparison.open(['a', 'b'])
    comparison.open(['a', 'c'])
    await vi.runAllTimersAsync()
    answer(inventComparison([byId('a'), byId('b')]))
    await vi.runAllTimersAsync()
    expect(comparison.of('b')).toBeNull()
    expect(comparison.of('c')).not.toBeNull()
  })
  it('says why it cannot be made', async () => {
    const comparison = new Comparison(
      () => Promise.reject(errors.notFound({ kind: 'run', id: 'b' })),
      () => Promise.reject(errors.notFound({ kind: 'run', id: 'b' })),
    )
    comparison.open(['a', 'b'])
    await vi.runAllTimersAsync()
    expect(comparison.problem?.code).toBe('not_found')
    expect(comparison.isLoading).toBe(false)
  })
})

describe('what figures draw of it', () => {
  it('differences of all but the first, shares in points', () => {
    const result = inventComparison(runs)
    const rows = differenceRows(runs, result, 'invalidRate', 'c')
    expect(rows.map(({ name, isFocused }) => [name, isFocused])).toEqual([
      ['b', false],
      ['c', true],
    ])
    expect(rows[0]?.difference.value).toBeCloseTo(
      100 * (result.runs[1]?.metrics[0]?.difference?.value ?? 0),
      9,
    )
  })
  it('curves of the runs that were read, steps without an answer empty', () => {
    const counts = inventStatistics(byId('a'), 5)
    const curves = rateCurves(
      runs,
      new Map([['a', { ...counts, n: counts.n.map((n, i) => (i === 1 ? 0 : n)) }]]),
      'c',
    )
    expect(curves).toHaveLength(1)
    expect(curves[0]?.role).toBe('base')
    expect(curves[0]?.rates[1]).toEqual({ value: null, low: null, high: null })
  })
})

describe('its words', () => {
  it('write differences with signs, in points where they are shares', () => {
    expect(metricDifference('invalidRate', { value: -0.112, low: -0.18, high: 0.01 })).toBe(
      '−11.2 [−18.0, +1.0]',
    )
    expect(metricDifference('newTokens', { value: 3, low: null, high: null })).toBe('+3.00')
    expect(metricDifference('steps', { value: null, low: null, high: null })).toBe('–')
    expect(isClear({ value: 1, low: 0.2, high: 2 })).toBe(true)
    expect(isClear({ value: 1, low: null, high: 2 })).toBe(false)
  })
  it('name settings and their values', () => {
    expect(settingName('sampling.topK')).toBe('top k')
    expect(settingText('environment.systemPrompt', '')).toBe('none')
    expect(settingText('interventions', [])).toBe('none')
    expect(settingText('interventions', ['odd'])).toBe('["odd"]')
    expect(settingText('seed', null)).toBe('–')
    const add = { kind: 'add', hook: 'blocks.3.hook_resid_post', positions: 'lastPrompt', alpha: -2 }
    expect(settingText('interventions', [{ ...add, vector: { vector: 'v3' } }])).toBe('v3, α −2')
  })
})

describe('the list of runs', () => {
  const condition = (id: string, title: string, isPlain: boolean) =>
    inventRun(
      id,
      'done',
      { sweep: { id: 's1', title } },
      isPlain
        ? {}
        : { interventions: [{ kind: 'zeroAblate', hook: 'blocks.0.hook_mlp_out', positions: 'lastPrompt' }] },
    )
  it('puts a sweep’s conditions under one row, the baseline first', () => {
    const rows = listRows([condition('r3', 'α = 4', false), byId('a'), condition('r2', 'baseline', true)])
    expect(rows.map(({ kind, title, runs: some }) => [kind, title, some.map(({ id }) => id)])).toEqual([
      ['sweep', 'Sweep s1', ['r2', 'r3']],
      ['condition', 'baseline', ['r2']],
      ['condition', 'α = 4', ['r3']],
      ['run', 'a', ['a']],
    ])
  })
  it('names a chosen run once', () => {
    expect(withRuns(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c'])
  })
})

describe('kept comparisons', () => {
  const open = (isBroken = false) => {
    const kept = new Map<string, string>()
    const refuse = (): void => {
      if (isBroken) throw errors.notFound({ kind: 'comparison', id: 'x' })
    }
    const comparisons = {
      save: async ({ name, address }: { name: string; address: string }) => {
        refuse()
        kept.set(name, address)
      },
      remove: async ({ name }: { name: string }) => {
        refuse()
        kept.delete(name)
      },
    }
    return { kept, calls: { comparisons } as unknown as Pick<Engine, 'comparisons'>, messages: new Toasts() } // the two calls made here
  }
  const one = { name: 'x', address: '#/compare?runs=a&runs=b' }
  it('are taken back after they were forgotten', async () => {
    const { kept, calls, messages } = open()
    expect(await keepComparison(one, calls, messages)).toBe(true)
    await forgetComparison(one, calls, messages)
    expect(kept.size).toBe(0)
    messages.list[0]?.action?.run()
    await Promise.resolve()
    expect(kept.get('x')).toBe(one.address)
  })
  it('say why one cannot be kept or forgotten', async () => {
    const keeping = open(true)
    expect(await keepComparison(one, keeping.calls, keeping.messages)).toBe(false)
    expect(keeping.messages.list.map(({ tone }) => tone)).toEqual(['error'])
    const forgetting = open(true)
    await forgetComparison(one, forgetting.calls, forgetting.messages)
    expect(forgetting.messages.list.map(({ tone }) => tone)).toEqual(['error'])
  })
})
