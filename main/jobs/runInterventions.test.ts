import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleRun } from '../../tests/fixtures/store/sampleRun.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { AppError } from '../contract/errors.ts'
import { interventionList, type InterventionInput } from '../contract/interventions.ts'
import { collectSettings, type CollectInput, type RunRecord, type StepRecord } from '../contract/runs.ts'
import { numberHunt } from '../environments/numberHunt.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { writeSafetensors } from '../model/safetensors.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { Workspace } from '../store/workspace.ts'
import { collect, type CollectWorld } from './collect.ts'
import { openEngine, type EngineService } from './engineService.ts'
import { planForModel } from './interventions.ts'
import { LoadedModel } from './loadedModel.ts'
import { checkAllMet } from './runInterventions.ts'

const ignore = (): void => {}
const never = new AbortController().signal
const hook = 'blocks.1.hook_resid_post'
const width = 16
const ones = Array.from({ length: width }, () => 1)

let folder: string
let model: string
let vectors: string
/** For all that need no engine of its own: loading a model takes longer than playing a few steps. */
let shared: EngineService

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-run-interventions-'))
  model = await writeTinyModel(join(folder, 'tiny'))
  vectors = join(folder, 'vectors.safetensors')
  await writeVectors(1)
  shared = await open('shared')
})
afterAll(async () => {
  await shared.close()
  await rm(folder, { recursive: true, force: true })
})

const writeVectors = (value: number): Promise<void> =>
  writeSafetensors(
    vectors,
    [
      { name: 'v', dtype: 'F32', shape: [width], data: new Float32Array(width).fill(value) },
      { name: 'short', dtype: 'F32', shape: [8], data: new Float32Array(8).fill(value) },
      { name: 'infinite', dtype: 'F32', shape: [width], data: new Float32Array(width).fill(Infinity) },
      {
        name: 'set',
        dtype: 'F32',
        shape: [2, width],
        data: Float32Array.from([...ones, ...ones.map(() => 3)]),
      },
    ],
    {},
  )

const add = (further: object = {}): InterventionInput =>
  ({
    kind: 'add',
    hook,
    positions: 'lastPrompt',
    vector: { file: vectors, tensor: 'v' },
    alpha: 3,
    ...further,
  }) as InterventionInput

const settings = (interventions: InterventionInput[], changes: Partial<CollectInput> = {}) =>
  collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'number_hunt', maxSteps: 4 },
    oracle: { kind: 'kb' },
    episodes: 4,
    seed: 7,
    batch: 3,
    sampling: { maxNewTokens: 6 },
    capture: { hooks: [hook], positions: 'all' },
    interventions,
    ...changes,
  })

const open = async (workspace: string): Promise<EngineService> => {
  const engine = await openEngine({
    workspaceFolder: join(folder, workspace),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.add(model, ignore, never)
  return engine
}

/** All that must not differ between two runs that change the same values: everything but times and what was asked for. */
function rows(engine: EngineService, { id, settings: { episodes } }: RunRecord): unknown[] {
  const bare = ({
    runId: _r,
    prefillMs: _p,
    decodeMs: _d,
    oracleMs: _o,
    interventions: _i,
    ...rest
  }: StepRecord) => rest
  return Array.from({ length: episodes }, (_, episode) => {
    const steps = engine.episodes.steps(id, episode)
    return steps.map((step) => [bare(step), engine.activation(id, episode, step.step, hook)])
  })
}

async function done(engine: EngineService, wanted: ReturnType<typeof settings>): Promise<RunRecord> {
  const run = await engine.runs.ended((await engine.runs.start(wanted)).id)
  expect(run.error).toBeNull()
  return run
}

/** A run's record and rows, on the engine that the tests share. */
async function played(wanted: ReturnType<typeof settings>): Promise<{ run: RunRecord; rows: unknown[] }> {
  const run = await done(shared, wanted)
  return { run, rows: rows(shared, run) }
}

/** At its third stored step. */
async function stopInTheMiddle(
  engine: EngineService,
  id: string,
  stop: 'pause' | 'cancel',
): Promise<RunRecord> {
  const watching = new AbortController()
  let steps = 0
  for await (const event of engine.events(watching.signal))
    if (event.kind === 'episode' && ++steps >= 3) {
      engine.runs[stop](id)
      break
    }
  watching.abort()
  return engine.runs.ended(id)
}

describe('a run with interventions', () => {
  const mixed = (): InterventionInput[] => [
    add({ name: 'push', applyAtSteps: [1, 2] }),
    {
      kind: 'resampleAblate',
      hook: 'blocks.*.hook_resid_mid',
      positions: 'all',
      source: { file: vectors, tensor: 'set' },
    },
  ]

  test('has the same rows whatever the batch size, and says in each step what acted', async () => {
    const together = await played(settings(mixed(), { batch: 4 }))
    const alone = await played(settings(mixed(), { batch: 1 }))
    expect(together.rows).toEqual(alone.rows)
    expect(together.rows).not.toEqual((await played(settings([]))).rows)
    const acted = shared.episodes.steps(alone.run.id, 0).map(({ interventions }) => interventions)
    expect(acted.map((step) => step.map(({ index }) => index))).toEqual([[1], [0, 1], [0, 1], [1]])
    expect(acted[1][0]).toEqual({ index: 0, tokens: 1, open: null })
    const { interventions: totals } = alone.run.progress
    expect(totals[0]).toEqual({ index: 0, steps: 8, tokens: 8, open: null })
    expect(totals[1]).toMatchObject({ index: 1, steps: 16 })
    expect(alone.run.manifest.interventions.map((each) => [each.name, each.hook])).toEqual([
      ['push', hook],
      ['2, resampleAblate (blocks.0.hook_resid_mid)', 'blocks.0.hook_resid_mid'],
      ['2, resampleAblate (blocks.1.hook_resid_mid)', 'blocks.1.hook_resid_mid'],
    ])
    expect(alone.run.manifest.interventions[0]).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      sources: [`vector: ${vectors} v, 1 row`],
    })
  })

  test('that is stopped and resumed has the rows of one that was not', async () => {
    const long = { episodes: 6, sampling: { maxNewTokens: 24 } }
    // What a gate is found to be does not depend on who computed the start of a prompt.
    const gated = add({
      positions: 'allPrompt',
      alpha: 1e-3,
      gate: { vector: { file: vectors, tensor: 'v' }, above: 0 },
    })
    const whole = await played(settings([...mixed(), gated], long))
    // In the order in which they are asked for: the gate decides first.
    const { sources } = whole.run.manifest.interventions[3]
    expect(sources).toEqual([`gate: ${vectors} v, 1 row`, `vector: ${vectors} v, 1 row`])
    const engine = await open('stopped')
    const { id } = await engine.runs.start(settings([...mixed(), gated], long))
    expect((await stopInTheMiddle(engine, id, 'pause')).status).toBe('paused')
    await engine.close()
    const again = await open('stopped')
    expect(again.runs.get(id).progress.steps).toBeLessThan(24)
    await again.runs.resume(id)
    const run = await again.runs.ended(id)
    expect(run).toMatchObject({ status: 'done', error: null })
    expect(rows(again, run)).toEqual(whole.rows)
    expect(run.progress.interventions).toEqual(whole.run.progress.interventions)
    expect(run.progress.interventions[2].open).toBeGreaterThan(24)
    const acted = (of: EngineService, one: string) =>
      Array.from({ length: 6 }, (_, episode) => of.episodes.steps(one, episode)).map((steps) =>
        steps.map(({ interventions }) => interventions),
      )
    expect(acted(again, id)).toEqual(acted(shared, whole.run.id))
    await again.close()
  })

  test('of α = 0 has the bits of a run without any', async () => {
    const idle = await played(settings([add({ alpha: 0, positions: 'all' })]))
    expect(idle.rows).toEqual((await played(settings([]))).rows)
    expect(idle.run.progress.interventions).toMatchObject([{ index: 0, steps: 16 }])
  })

  test('leaves no hook behind, however it ends', async () => {
    const fresh = await open('fresh')
    const bare = rows(fresh, await done(fresh, settings([])))
    await fresh.close()
    const engine = await open('after')
    const strong = [add({ alpha: 50, positions: 'all' })]
    await done(engine, settings(strong))
    expect(rows(engine, await done(engine, settings([])))).toEqual(bare)

    const { id } = await engine.runs.start(settings(strong, { episodes: 300 }))
    expect((await stopInTheMiddle(engine, id, 'cancel')).status).toBe('cancelled')
    expect(rows(engine, await done(engine, settings([])))).toEqual(bare)

    // No prompt of a first step is so long.
    const absent = await engine.runs.start(settings([...strong, add({ positions: { at: 1500 } })]))
    expect(await engine.runs.ended(absent.id)).toMatchObject({
      status: 'failed',
      error: { code: 'intervention_nowhere' },
    })
    expect(rows(engine, await done(engine, settings([])))).toEqual(bare)
    await engine.close()
  })

  test('does not go on with other numbers in its vector’s file, nor without the file', async () => {
    const own = join(folder, 'own.safetensors')
    const write = (value: number): Promise<void> =>
      writeSafetensors(
        own,
        [{ name: 'v', dtype: 'F32', shape: [width], data: new Float32Array(width).fill(value) }],
        {},
      )
    await write(1)
    const engine = await open('changed')
    const { id } = await engine.runs.start(
      settings([add({ vector: { file: own, tensor: 'v' } })], { episodes: 40 }),
    )
    engine.runs.pause(id)
    await engine.runs.ended(id)
    await write(2)
    await expect(engine.runs.resume(id)).rejects.toThrow(/numbers of intervention “1, add” at blocks\.1/)
    await expect(engine.runs.resume(id)).rejects.toMatchObject({ code: 'run_differs' })
    await rm(own)
    await expect(engine.runs.resume(id)).rejects.toMatchObject({ code: 'intervention_source_missing' })
    expect(engine.runs.get(id).status).toBe('paused')
    await write(1)
    await engine.runs.resume(id)
    engine.runs.cancel(id)
    await engine.runs.ended(id)
    await engine.close()
  })
})

describe('what cannot act is refused before the run is there', () => {
  let engine: EngineService
  beforeAll(async () => (engine = await open('refused')))
  afterAll(() => engine.close())

  test.each<[string, object, string, RegExp]>([
    [
      'a hook point with a typo',
      { hook: 'blocks.1.hook_resid_pst' },
      'hook_unknown',
      /blocks\.1\.hook_resid_post/,
    ],
    [
      'a pattern that fits none',
      { hook: 'blocks.*.hook_resid_pst' },
      'hook_unknown',
      /blocks\.\*\.hook_resid_post/,
    ],
    ['a layer too many', { hook: 'blocks.{1,2}.hook_resid_post' }, 'layer_out_of_range', /2/],
    [
      'a vector of another width',
      { vector: { file: 'V', tensor: 'short' } },
      'intervention_width',
      /8 values/,
    ],
    [
      'an infinite vector',
      { vector: { file: 'V', tensor: 'infinite' } },
      'intervention_not_finite',
      /Infinity/,
    ],
    [
      'a tensor that is not there',
      { vector: { file: 'V', tensor: 'w' } },
      'intervention_source_missing',
      /v, set/,
    ],
    ['a run that is not there', { vector: { run: 'r99', at: 'meanPrompt' } }, 'not_found', /r99/],
    ['heads where there are none', { heads: [0] }, 'intervention_invalid', /no heads/],
    ['steps that no episode has', { applyAtSteps: [4] }, 'intervention_never_fired', /steps 4 of 4/],
    ['a path from nowhere', { vector: { file: 'v.safetensors', tensor: 'v' } }, 'invalid_input', /full path/],
  ])('%s', async (_, further, code, message) => {
    const text = JSON.stringify(add(further)).replaceAll('"V"', JSON.stringify(vectors))
    const starting = engine.runs.start(settings([JSON.parse(text) as InterventionInput]))
    await expect(starting).rejects.toMatchObject({ code })
    const { message: said, cure } = (await starting.catch((error: unknown) => error)) as AppError
    expect(`${said} ${cure}`).toMatch(message)
    expect(engine.runs.list()).toEqual([])
  })
})

test('what a run captured steers another of the same dtype, and none of another', async () => {
  const engine = await open('chain')
  const source = await done(engine, settings([], { episodes: 2 }))
  const vector = { run: source.id, episode: 0, step: 1, at: 'lastPrompt' }
  const steered = await done(engine, settings([add({ vector })]))
  expect(steered.manifest.interventions[0].sources[0]).toContain(`run ${source.id}`)
  const rounded = engine.runs.start(settings([add({ vector })], { computeDtype: 'int8' }))
  await expect(rounded).rejects.toMatchObject({ code: 'intervention_foreign' })
  await expect(rounded).rejects.toThrow(/compute dtype float32; this model has int8/)
  await engine.close()
})

describe('an intervention that met nothing in the whole run', () => {
  test('ends the run with an error that names it; its rows are kept', async () => {
    const engine = await open('unused')
    const wanted = settings([add(), add({ name: 'later', positions: { at: 1500 }, ifAbsent: 'skip' })])
    const run = await engine.runs.ended((await engine.runs.start(wanted)).id)
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'intervention_unused' },
      progress: { steps: 16 },
    })
    expect(run.error?.message).toBe(
      `In the 16 steps of run ${run.id} nothing was met by “later” ({"at":1500}).`,
    )
    await engine.runs.resume(run.id)
    expect((await engine.runs.ended(run.id)).error?.code).toBe('intervention_unused')
    await engine.close()
  })

  test('may have waited for steps that no episode came to', () => {
    const progress = { steps: 3, interventions: [{ index: 0, steps: 3, tokens: 3, open: 0 }] }
    const wanted = settings([
      add({ gate: { vector: { values: ones }, above: 1e9 } }),
      add({ applyAtSteps: [2, 3] }),
    ])
    // Of a record only what is looked at.
    const { manifest } = sampleRun()
    const run = { id: 'r1', settings: wanted, progress, manifest } as RunRecord
    expect(() => checkAllMet(run)).toThrow(/by “2, add” \(no episode came to step 2, 3\)/)
    const met = {
      ...progress,
      interventions: [...progress.interventions, { index: 1, steps: 1, tokens: 1, open: null }],
    }
    expect(() => checkAllMet({ ...run, progress: met } as RunRecord)).not.toThrow()
    const chosen = { ...manifest, chooser: 'program: mine' }
    expect(() => checkAllMet({ ...run, manifest: chosen } as RunRecord)).not.toThrow()
  })
})

describe('interventions that somebody chooses before each step', () => {
  const environment = numberHunt({
    name: 'number_hunt',
    upTo: 100,
    maxSteps: 4,
    systemPrompt: '',
    selection: '',
  })
  let loaded: LoadedModel
  let world: Omit<CollectWorld, 'workspace' | 'onStep'>

  beforeAll(async () => {
    const files = await openModelFiles(model)
    loaded = await LoadedModel.open(files, { cacheFolder: folder, rows: 3 }, ignore, never)
    const list = interventionList.parse([
      add({ positions: 'allPrompt' }),
      add({ alpha: -9, positions: 'all' }),
    ])
    const planned = await planForModel(list, files, { computeDtype: 'float32', readRun: null })
    world = { environment, model: loaded, planned }
  })
  afterAll(() => loaded.close())

  /** Plays until `steps` are stored, then stops; goes on where `workspace` has been left. */
  async function playOn(
    workspace: Workspace,
    choose: NonNullable<CollectWorld['choose']>,
    steps = Infinity,
  ): Promise<void> {
    const stop = new AbortController()
    const onStep = (): void => {
      if (workspace.runs.get('r1').progress.steps >= steps) stop.abort()
    }
    await collect(workspace.runs.get('r1'), { ...world, workspace, choose, onStep }, stop.signal)
  }

  function begin(name: string): Workspace {
    const workspace = Workspace.open(join(folder, name))
    const wanted = { ...settings([add({ positions: 'allPrompt' }), add({ alpha: -9 })]), batch: 2 }
    workspace.runs.create({ ...sampleRun(), settings: wanted })
    return workspace
  }

  const stored = (workspace: Workspace): unknown[] =>
    [0, 1, 2, 3].flatMap((episode) =>
      workspace.steps.list('r1', episode).map(({ prefillMs: _p, decodeMs: _d, oracleMs: _o, ...rest }) => ({
        ...rest,
        positions: workspace.activations.positions({ runId: 'r1', episode, step: rest.step, hook }),
      })),
    )

  test('come back in a resumed run as they were, without being chosen again', async () => {
    const whole = begin('chosen')
    const asked: string[] = []
    const choose: NonNullable<CollectWorld['choose']> = async ({ episode, step, promptIds }) => {
      asked.push(`${episode}.${step}`)
      await Promise.resolve()
      return step === 0 ? [] : promptIds.length % 2 === 0 ? [0] : [1, 0]
    }
    await playOn(whole, choose)
    expect(asked).toHaveLength(16)
    const parts = begin('chosen-again')
    asked.length = 0
    await playOn(parts, choose, 5)
    expect(parts.runs.get('r1').progress.steps).toBeLessThan(16)
    const before = asked.length
    await playOn(parts, choose)
    const storedBefore = 16 - (asked.length - before)
    expect(storedBefore).toBeGreaterThanOrEqual(5)
    expect(stored(parts)).toEqual(stored(whole))
    expect(parts.runs.get('r1').progress.interventions).toEqual(whole.runs.get('r1').progress.interventions)
    for (const workspace of [whole, parts]) workspace.close()
  })

  test('must be in the run’s list', async () => {
    const workspace = begin('no-such-place')
    await expect(playOn(workspace, () => [2])).rejects.toThrow(/no intervention at place 2/)
    workspace.close()
  })
})
