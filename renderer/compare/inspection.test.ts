import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { InspectionQuery, StepInspection } from '../../main/contract/inspection.ts'
import { divergingAt } from '../shared/diverging.ts'
import { inventRun } from '../testing/invented.ts'
import { inventInspection } from '../testing/fakeInspection.ts'
import { answerFacts, answerStyle, totalDifference } from './answerColours.ts'
import { Inspection } from './inspection.svelte.ts'

const runs = ['a', 'b'].map((id) => inventRun(id, 'done', {}, { episodes: 3 }))
const find = (id: string) => runs.find((run) => run.id === id) ?? runs[0]!
const query = (step: number, runIds = ['a', 'b']): InspectionQuery => ({ runIds, episode: 0, step })

describe('the inspection of a step', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const open = () => {
    const asked: number[] = []
    const inspection = new Inspection(async (wanted) => {
      asked.push(wanted.step)
      return (async function* (): AsyncGenerator<{ label: string; fraction: number }, StepInspection> {
        yield { label: 'asking', fraction: 0.5 }
        return inventInspection(wanted, find)
      })()
    })
    return { asked, inspection }
  }
  it('asks once for keys pressed in a row, and not again for a step that was whole', async () => {
    const { asked, inspection } = open()
    for (const step of [0, 1, 2, 1]) inspection.open(query(step))
    await vi.runAllTimersAsync()
    inspection.open(query(0))
    await vi.runAllTimersAsync()
    inspection.open(query(1))
    await vi.runAllTimersAsync()
    expect(asked).toEqual([1, 0])
    expect(inspection.result?.runs).toHaveLength(2)
    expect(inspection.isLoading).toBe(false)
  })
  it('asks again where a run had not come to the step', async () => {
    const { asked, inspection } = open()
    inspection.open(query(180))
    await vi.runAllTimersAsync()
    inspection.open(query(0))
    await vi.runAllTimersAsync()
    inspection.open(query(180))
    await vi.runAllTimersAsync()
    expect(asked).toEqual([180, 0, 180])
    expect(inspection.result?.runs[0]?.missing).toContain('ended before step 180')
  })
  it('shows nothing of other runs, and stops when it is closed', async () => {
    const { asked, inspection } = open()
    inspection.open(query(0))
    await vi.runAllTimersAsync()
    inspection.open(query(0, ['b', 'a']))
    expect(inspection.result).toBeNull()
    inspection.close()
    await vi.runAllTimersAsync()
    expect(asked).toEqual([0])
    expect(inspection.isLoading).toBe(false)
  })
  it('says what went wrong and can be tried again', async () => {
    let fails = true
    const inspection = new Inspection((wanted) =>
      fails
        ? Promise.reject(errors.notFound({ kind: 'run', id: 'a' }))
        : Promise.resolve(
            (async function* (): AsyncGenerator<{ label: string; fraction: number }, StepInspection> {
              yield { label: 'asking', fraction: 0 }
              return inventInspection(wanted, find)
            })(),
          ),
    )
    inspection.open(query(0))
    await vi.runAllTimersAsync()
    expect(inspection.problem?.code).toBe('not_found')
    fails = false
    inspection.retry()
    await vi.runAllTimersAsync()
    expect(inspection.problem).toBeNull()
    expect(inspection.result).not.toBeNull()
  })
})

describe('colours of an answer', () => {
  it('are none where steering changed nothing, red where it made a token likelier, blue where less likely', () => {
    expect(answerStyle('difference', { steered: -1, plain: -1 })).toMatch(/ 0%, transparent\)$/)
    const [red, blue] = [
      answerStyle('difference', { steered: -1, plain: -9 }),
      answerStyle('difference', { steered: -9, plain: -1 }),
    ]
    expect(red).toContain('rgb(178 24 43)')
    expect(blue).toContain('rgb(33 102 172)')
    expect(divergingAt(NaN)).toEqual([255, 255, 255])
    // Black ink stands on as much colour as it can be read on in the dark.
    expect(answerStyle('difference', { steered: -1, plain: -2 })).toMatch(
      /rgb\(244 165 130\) 67%, transparent\); color: #000/,
    )
  })
  it('say nothing of what was not asked', () => {
    expect(answerStyle('plain', { steered: -1, plain: null })).toBe('')
    expect(answerStyle('none', { steered: -1, plain: -1 })).toBe('')
    expect(answerFacts({ steered: -1, plain: null }).map(({ value }) => value)).toContain('not asked')
    expect(totalDifference(Float32Array.of(-1), null)).toBeNull()
  })
  it('name probability, logarithm and difference', () => {
    expect(answerFacts({ steered: 0, plain: -2 }).map(({ value }) => value)).toEqual([
      '1.00 (log 0.00)',
      '0.135 (log −2.00)',
      '+2.00 nats',
    ])
    expect(totalDifference(Float32Array.of(-1, -2), Float32Array.of(-2, -4))).toBe(3)
  })
})
