import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import {
  collectSettings,
  forkSettings,
  type CollectInput,
  type ForkInput,
  type RunRecord,
  type StepRecord,
} from '../contract/runs.ts'
import { dataSetRecipe } from '../contract/dataSets.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { Workspace } from '../store/workspace.ts'
import { openEngine, type EngineService } from './engineService.ts'
import { probeDataOf } from './probes/probeRows.ts'

const hook = 'blocks.1.hook_resid_post'
const width = 16
const ignore = (): void => {}
const never = new AbortController().signal
const push = (alpha: number, further: object = {}) => ({
  kind: 'add' as const,
  hook,
  positions: 'lastPrompt' as const,
  vector: { values: Array.from({ length: width }, (_, i) => Math.cos(i)) },
  alpha,
  ...further,
})

let folder: string
let engine: EngineService
let origin: RunRecord

const open = (): Promise<EngineService> =>
  openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })

async function collected(changes: Partial<CollectInput> = {}): Promise<RunRecord> {
  const settings = collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 5, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes: 3,
    seed: 7,
    batch: 3,
    sampling: { maxNewTokens: 6 },
    capture: { hooks: [hook], positions: 'all' },
    interventions: [push(3, { applyAtSteps: [0, 1, 2, 3] })],
    ...changes,
  })
  return done((await engine.runs.start(settings)).id)
}

async function done(id: string): Promise<RunRecord> {
  const run = await engine.runs.ended(id)
  expect(run.error).toBeNull()
  expect(run.status).toBe('done')
  return run
}

const fork = async (asked: Omit<ForkInput, 'runId'>, runId = origin.id): Promise<RunRecord> =>
  done((await engine.runs.fork(forkSettings.parse({ runId, ...asked }))).id)

/** All that must not differ between two plays of the same: everything but times, and what was reused where nothing can change it. */
const bits = (runId: string, episode: number): unknown[] =>
  engine.episodes.steps(runId, episode).map((record) => {
    const { runId: _, prefillMs: _p, decodeMs: _d, oracleMs: _o, ...rest }: StepRecord = record
    return { ...rest, activation: engine.activation(runId, episode, record.step, hook) }
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-forks-'))
  await writeTinyModel(join(folder, 'tiny'))
  engine = await open()
  await engine.models.add(join(folder, 'tiny'), ignore, never)
  origin = await collected()
}, 60_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a fork', () => {
  test.each([0, 2, 4])('with nothing changed has the bits of the original from step %i on', async (step) => {
    const { id, manifest, settings } = await fork({ episode: 1, step })
    expect(bits(id, 1)).toEqual(bits(origin.id, 1))
    expect(engine.episodes.summary(id, 1)).toEqual({ ...engine.episodes.summary(origin.id, 1), runId: id })
    expect(manifest.fork).toMatchObject({ runId: origin.id, name: origin.name, episode: 1, step })
    expect(settings.episodes).toBe(1)
  })

  test('keeps the steps before and does the rest otherwise', async () => {
    const { id, settings } = await fork({
      episode: 1,
      step: 2,
      changes: { interventions: [push(-40)], temperature: 0.5, seed: 99, systemPrompt: 'Ask.' },
    })
    const [own, old] = [bits(id, 1), bits(origin.id, 1)]
    expect(own.slice(0, 2)).toEqual(old.slice(0, 2))
    expect(own[2]).not.toEqual(old[2])
    expect(engine.episodes.steps(id, 1)[2].messages[0]).toEqual({ role: 'system', content: 'Ask.' })
    expect(settings.interventions.map((each) => each.applyAtSteps)).toEqual([
      [0, 1],
      [2, 3, 4],
    ])
  })

  test('of a fork, unchanged, has the bits of that fork, however its copied steps were drawn', async () => {
    const changes = { interventions: [push(-40)], temperature: 0.5, seed: 99 }
    const first = await fork({ episode: 1, step: 2, changes })
    const second = await fork({ episode: 1, step: 4 }, first.id)
    expect(bits(second.id, 1)).toEqual(bits(first.id, 1))
    expect(second.manifest.fork?.copied.map(({ until, seed }) => [until, seed])).toEqual([
      [2, 7],
      [4, 99],
    ])
    const third = await fork({ episode: 1, step: 1 }, first.id)
    expect(third.manifest.fork?.copied.map(({ until, seed }) => [until, seed])).toEqual([[1, 7]])
  })

  test('goes on after a stop with the rows that it would have had', async () => {
    const changes = { temperature: 2 }
    const long = { ...origin.settings, sampling: { ...origin.settings.sampling, maxNewTokens: 60 } }
    const slow = await done((await engine.runs.start({ ...long, episodes: 1 })).id)
    const whole = await fork({ episode: 0, step: 1, changes }, slow.id)
    const { id } = await engine.runs.fork(
      forkSettings.parse({ runId: slow.id, episode: 0, step: 1, changes }),
    )
    while (engine.runs.get(id).progress.steps < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    engine.runs.pause(id)
    const rests = await engine.runs.ended(id)
    expect(rests.progress.steps).toBeLessThan(5)
    await engine.close()
    engine = await open()
    await engine.runs.resume(id)
    await done(id)
    expect(bits(id, 0)).toEqual(bits(whole.id, 0))
  })

  test('is an episode of its own: the run has no other, and the original may go', async () => {
    const lost = await collected({ episodes: 2 })
    const { id, progress } = await fork({ episode: 1, step: 3 }, lost.id)
    expect(progress).toMatchObject({ episodes: 1, episodesDone: 1 })
    const before = bits(id, 1)
    engine.runs.remove(lost.id)
    expect(bits(id, 1)).toEqual(before)
    const again = await fork({ episode: 1, step: 4 }, id)
    expect(bits(again.id, 1)).toEqual(before)
  })
})

test('an episode and its forks are one group, whatever the forks draw with: none is judged by what learnt from another', async () => {
  const { id } = await fork({ episode: 1, step: 3, changes: { seed: 99 } })
  const recipe = dataSetRecipe.parse({
    runIds: [origin.id, id],
    label: { kind: 'text', contains: 'e' },
    layers: [1],
  })
  const dataSet = await engine.dataSets.create(recipe, ignore, never)
  await engine.close()
  const workspace = Workspace.open(join(folder, 'workspace'), { readOnly: true })
  const { keys, groups } = probeDataOf(workspace, dataSet.id, { categories: new Map() })
  workspace.close()
  engine = await open()
  expect(new Set(keys.map(({ runId }) => runId)).size).toBe(2)
  const own = new Set([...groups].filter((_, row) => keys[row].episode === 1))
  expect(own.size).toBe(1)
  expect(new Set(groups).size).toBe(3)
})

describe('refused is', () => {
  const asked = (further: Partial<ForkInput>) =>
    engine.runs.fork(forkSettings.parse({ runId: origin.id, episode: 1, step: 1, ...further }))

  test('a step that is not stored', () => expect(asked({ step: 5 })).rejects.toThrow(/from step 0 to 4/))
  test('an episode or a run that is not there', async () => {
    await expect(asked({ episode: 3 })).rejects.toMatchObject({ code: 'not_found' })
    await expect(asked({ runId: 'r999' })).rejects.toMatchObject({ code: 'not_found' })
  })
  test('an intervention that no step is left for, before anything is stored', async () => {
    const runs = engine.runs.list().length
    const interventions = [push(1, { applyAtSteps: [0] })]
    await expect(asked({ changes: { interventions } })).rejects.toThrow(/own steps are 1 to 4/)
    await expect(asked({ changes: { interventions: [push(1, { hook: 'no' })] } })).rejects.toMatchObject({
      code: 'hook_unknown',
    })
    expect(engine.runs.list()).toHaveLength(runs)
  })
})
