import { describe, expect, it } from 'vitest'
import { inventRun } from '../testing/invented.ts'
import { EndWatch, overallProgress, ProgressSender, titleOf } from './shell.ts'

describe('EndWatch', () => {
  it('tells once that a run which ran is done, with what came of it', () => {
    const watch = new EndWatch()
    expect(watch.look([inventRun('a', 'running')])).toEqual([])
    const [news] = watch.look([inventRun('a', 'done')])
    expect(news?.title).toBe('“a” is done')
    expect(news?.body).toMatch(/^30 episodes, \d+ steps, \d+\.\d % invalid\.$/)
    expect(watch.look([inventRun('a', 'done')])).toEqual([])
  })
  it('tells why a run failed', () => {
    const watch = new EndWatch()
    watch.look([inventRun('a', 'queued')])
    const error = { code: 'disk_full', title: 'Full', message: 'No space left.', cure: '', details: {} }
    expect(watch.look([inventRun('a', 'failed', { error })])[0]).toMatchObject({
      title: '“a” failed',
      body: 'No space left.',
    })
  })
  it('is silent about runs that had ended before, were paused, or were cancelled', () => {
    const watch = new EndWatch()
    expect(
      watch.look([inventRun('a', 'done'), inventRun('b', 'running'), inventRun('c', 'running')]),
    ).toEqual([])
    expect(watch.look([inventRun('b', 'paused'), inventRun('c', 'cancelled')])).toEqual([])
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
