import { describe, expect, it } from 'vitest'
import { inventSweep } from '../testing/inventedSteering.ts'
import { inventRun } from '../testing/invented.ts'
import { EndWatch, overallProgress, ProgressSender, titleOf } from './shell.ts'

describe('EndWatch', () => {
  it('tells once that a run which ran is done, with what came of it', () => {
    const watch = new EndWatch()
    expect(watch.look([inventRun('a', 'running')], [])).toEqual([])
    const [news] = watch.look([inventRun('a', 'done')], [])
    expect(news?.title).toBe('“a” is done')
    expect(news?.body).toMatch(/^30 episodes, \d+ steps, \d+\.\d % invalid\.$/)
    expect(watch.look([inventRun('a', 'done')], [])).toEqual([])
  })
  it('tells why a run failed', () => {
    const watch = new EndWatch()
    watch.look([inventRun('a', 'queued')], [])
    const error = { code: 'disk_full', title: 'Full', message: 'No space left.', cure: '', details: {} }
    expect(watch.look([inventRun('a', 'failed', { error })], [])[0]).toMatchObject({
      title: '“a” failed',
      body: 'No space left.',
    })
  })
  it('is silent about runs that had ended before, were paused, or were cancelled', () => {
    const watch = new EndWatch()
    const before = [inventRun('a', 'done'), inventRun('b', 'running'), inventRun('c', 'running')]
    expect(watch.look(before, [])).toEqual([])
    expect(watch.look([inventRun('b', 'paused'), inventRun('c', 'cancelled')], [])).toEqual([])
  })
  it('tells of a sweep once, when it is judged, and of none of its conditions', () => {
    const watch = new EndWatch()
    const { record, runs } = inventSweep('s', {}, { slope: -0.1, harm: 0.2, half: 0.05 })
    const { overall } = record
    const played = runs.map((run) => ({ ...run, status: 'running' as const }))
    watch.look(played, [{ ...record, status: 'running', overall: null }])
    expect(watch.look(runs, [{ ...record, status: 'judging', overall: null }])).toEqual([])
    const news = watch.look(runs, [{ ...record, status: 'done' }])
    expect(news).toMatchObject([{ body: overall?.sentence, place: { view: 'steer', sweep: 's' } }])
    expect(watch.look(runs, [{ ...record, status: 'done' }])).toEqual([])
  })
  it('tells why a sweep could not be judged, and nothing of one whose judging was cancelled', () => {
    const { record } = inventSweep('s', {}, null)
    const judging = { ...record, status: 'judging' as const, overall: null }
    const error = { code: 'disk_full', title: 'Full', message: 'No space left.', cure: '', details: {} }
    const ended = (end: object) => {
      const watch = new EndWatch()
      watch.look([], [judging])
      return watch.look([], [{ ...judging, status: 'done', ...end }])
    }
    expect(ended({ error })).toMatchObject([{ title: `“${record.name}” failed`, error }])
    expect(ended({})).toEqual([])
    const { overall } = inventSweep('s', {}, { slope: -0.1, harm: 0.2, half: 0.05 }).record
    expect(ended({ overall })).toHaveLength(1)
    expect(ended({ overall, isVerdictOutdated: true })).toEqual([])
  })
})

it('the overall progress is the mean of what runs, and nothing where nothing runs', () => {
  expect(overallProgress([inventRun('a', 'done')])).toBeNull()
  const one = overallProgress([inventRun('a', 'running')])
  expect(one).toBeCloseTo(0.4, 1)
})

it('the title starts with the progress, so that a narrow tab shows it', () => {
  expect(titleOf(0.429, 'Runs')).toBe('42 % · Runs – Innerview')
  expect(titleOf(null, '')).toBe('Innerview')
})

it('progress is sent when it changed by half a percent, and taken away once', () => {
  const sent: (number | null)[] = []
  const sender = new ProgressSender({ progress: (fraction) => sent.push(fraction) })
  for (const fraction of [null, 0.1, 0.1001, 0.106, null, null]) sender.send(fraction)
  expect(sent).toEqual([null, 0.1, 0.105, null])
})
