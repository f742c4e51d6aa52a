import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../../main/contract/runs.ts'
import { inventSweep } from '../testing/inventedSteering.ts'
import {
  canCancel,
  canPause,
  canResume,
  comparedRuns,
  isPlayed,
  isUnjudged,
  sweepFraction,
  sweepNow,
  sweepSecondsLeft,
} from './sweepProgress.ts'
import { cellNames, shortVerdict, tablesNote, titleIn } from './sweepText.ts'

const { record, runs } = inventSweep('s', { alphas: [1, 4] }, null, { status: 'running' })
const among = (list: readonly RunRecord[]) => (id: string) => list.find((run) => run.id === id) ?? null
const withStatus = (status: RunRecord['status'], which: (i: number) => boolean) =>
  runs.map((run, i) => (which(i) ? { ...run, status } : run))

describe('a sweep as its runs stand', () => {
  it('counts what they have counted since the sweep was told of', () => {
    const progress = { ...runs[1]!.progress, steps: 123, invalid: 45, wins: 6, episodesDone: 7 }
    const later = among([{ ...runs[1]!, progress }])
    expect(sweepNow(record, later).conditions[1]).toMatchObject({ steps: 123, hits: 45, episodesDone: 7 })
    const won = { ...record, settings: { ...record.settings, outcome: { kind: 'won' as const } } }
    expect(sweepNow(won, later).conditions[1]?.hits).toBe(6)
  })
  it('runs while any of them does, and is about to be judged when all are done', () => {
    const now = (list: RunRecord[]) => sweepNow(record, among(list)).status
    expect(now(withStatus('done', (i) => i > 0))).toBe('running')
    expect(now(withStatus('done', () => true))).toBe('judging')
    expect(now(withStatus('paused', () => true))).toBe('paused')
  })
  it('has failed where the baseline has, but not where one condition has', () => {
    const done = withStatus('done', () => true)
    const now = (failed: number) =>
      sweepNow(record, among(done.map((run, i) => (i === failed ? { ...run, status: 'failed' } : run))))
        .status
    expect([now(0), now(2)]).toEqual(['failed', 'judging'])
  })
  it('is done where the engine says that it rests', () => {
    const done = among(withStatus('done', () => true))
    expect(sweepNow({ ...record, status: 'done' }, done).status).toBe('done')
    expect(sweepNow({ ...record, status: 'paused' }, done).status).toBe('done')
  })
  it('stays at judging until the engine says otherwise', () => {
    expect(sweepNow({ ...record, status: 'judging' }, among(withStatus('done', () => true))).status).toBe(
      'judging',
    )
  })
  it('is as far as its conditions are together, or as its judging', () => {
    expect(sweepFraction(record, among(withStatus('done', () => true)))).toBe(1)
    expect(sweepFraction(record, among(runs))).toBeCloseTo(0.42, 1)
    const judging = { ...record, status: 'judging' as const, progress: { label: '', fraction: 0.4 } }
    expect(sweepFraction(judging, among(runs))).toBe(0.4)
  })
  it('takes as long as the slowest of its runs, which are played together', () => {
    const left = runs.map((run, i) => ({ ...run, progress: { ...run.progress, secondsLeft: i } }))
    expect(sweepSecondsLeft(record, among(left))).toBe(runs.length - 1)
    expect(sweepSecondsLeft(record, () => null)).toBeNull()
  })
})

it('is played but not judged where the scoring was cut short, and the list says so', () => {
  const cut = { ...record, status: 'done' as const, overall: null, error: null }
  expect(isUnjudged(cut)).toBe(true)
  expect(shortVerdict(cut)).toBe('Played, not judged')
  const overall = { colour: 'green' as const, sentence: 'It moves.', conditionId: null }
  expect(isUnjudged({ ...cut, overall })).toBe(false)
  expect(isUnjudged({ ...cut, status: 'judging' })).toBe(false)
  expect(isUnjudged({ ...cut, status: 'paused' })).toBe(false)
})

it('is to be judged anew where conditions were added to it since, as soon as it rests', () => {
  const overall = { colour: 'amber' as const, sentence: 'It moves.', conditionId: null }
  const wider = { ...record, status: 'done' as const, overall, isVerdictOutdated: true, error: null }
  expect(isUnjudged(wider)).toBe(true)
  expect(isUnjudged({ ...wider, status: 'cancelled' })).toBe(true)
  expect(isUnjudged({ ...wider, status: 'running' })).toBe(false)
  expect(shortVerdict(wider)).toBe('Verdict of fewer conditions')
})

it('what a status allows', () => {
  const of = (can: (sweep: { status: typeof record.status }) => boolean) =>
    (
      ['queued', 'running', 'judging', 'paused', 'interrupted', 'cancelled', 'failed', 'done'] as const
    ).filter((status) => can({ status }))
  expect(of(isPlayed)).toEqual(['queued', 'running', 'judging'])
  expect(of(canPause)).toEqual(['running'])
  expect(of(canCancel)).toEqual(['queued', 'running', 'judging', 'paused', 'interrupted'])
  expect(of(canResume)).toEqual(['paused', 'interrupted', 'cancelled', 'failed'])
})

describe('the runs of a sweep side by side', () => {
  const roleOf = (runId: string) => record.conditions.find((one) => one.runId === runId)?.role
  it('begin with the baseline and are all of them', () => {
    const shuffled = { conditions: record.conditions.toReversed() }
    expect(comparedRuns(shuffled)).toHaveLength(record.conditions.length)
    expect(roleOf(comparedRuns(shuffled)[0] ?? '')).toBe('baseline')
  })
  it('leave out directions that mean nothing where they are not wanted', () => {
    const roles = comparedRuns(record, { withControls: false }).map(roleOf)
    expect(roles).toContain('steered')
    expect(roles).not.toContain('random')
    expect(roles).not.toContain('shuffled')
  })
  it('are those of one cell, with what belongs to none', () => {
    const [baseline, steered, other] = record.conditions
    const conditions = [{ ...baseline!, cell: '' }, steered!, { ...other!, cell: 'v1 · layer 9' }]
    expect(comparedRuns({ conditions }, { cell: 'v1 · layer 9' })).toEqual([baseline!.runId, other!.runId])
  })
})

describe('conditions of several cells', () => {
  const cells = ['v1 · layer 2 · every token', '', 'v1 · layer 3 · every token']
  const names = cellNames(cells)
  it('are called by what tells the cells apart', () => {
    expect([...names.values()]).toEqual(['layer 2', 'layer 3'])
    expect(titleIn(names, { cell: cells[2]!, title: 'α = 4' })).toBe('layer 3, α = 4')
  })
  it('and by their titles alone where there is one, or none', () => {
    expect(titleIn(names, { cell: '', title: 'baseline' })).toBe('baseline')
    expect(titleIn(cellNames(cells.slice(0, 2)), { cell: cells[0]!, title: 'α = 1' })).toBe('α = 1')
  })
})

it('says that upstream’s tables count invalid answers where the verdict counts something else', () => {
  expect(tablesNote({ outcome: { kind: 'invalid' } })).toBeNull()
  expect(tablesNote({ outcome: { kind: 'won' } })).toMatch(/count invalid answers/)
})
