import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../../tests/support/tinyModel.ts'
import { dataSetRecipe, pooling, type DataSetRecipe, type Pooling } from '../../contract/dataSets.ts'
import { collectSettings, type CollectInput } from '../../contract/runs.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { Workspace } from '../../store/workspace.ts'
import { openEngine, type EngineService } from '../engineService.ts'
import { readRows } from './pooledRows.ts'

const [here, other] = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']
const ignore = (): void => {}
const never = new AbortController().signal
const failing = (code: string): unknown => expect.objectContaining({ code })

let folder: string
let engine: EngineService
/** A run that stored every position of both layers; others of the same settings and seed differ in that alone. */
let whole: string

const settings = (changes: Partial<CollectInput> = {}) =>
  collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 4, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes: 4,
    seed: 7,
    batch: 3,
    sampling: { maxNewTokens: 6 },
    capture: {},
    ...changes,
  })
async function collected(changes: Partial<CollectInput> = {}): Promise<string> {
  const run = await engine.runs.ended((await engine.runs.start(settings(changes))).id)
  expect(run.error).toBeNull()
  return run.id
}
const recipe = (changes: Partial<DataSetRecipe> = {}): DataSetRecipe =>
  dataSetRecipe.parse({
    runIds: [whole],
    label: { kind: 'text', contains: 'e' },
    layers: [0, 1],
    replayMissing: true,
    ...changes,
  })
const create = (changes: Partial<DataSetRecipe> = {}) =>
  engine.dataSets.create(recipe(changes), ignore, never)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-datasets-'))
  engine = await openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.add(await writeTinyModel(join(folder, 'tiny')), ignore, never)
  whole = await collected({ capture: { hooks: [here, other], positions: 'all' } })
})
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** What lies in the workspace, read beside the engine. */
function stored<T>(read: (workspace: Workspace) => T): T {
  const workspace = Workspace.open(join(folder, 'workspace'), { readOnly: true })
  try {
    return read(workspace)
  } finally {
    workspace.close()
  }
}
const rowsOf = (workspace: Workspace, runId: string, hook: string, each: Pooling): Float32Array => {
  const steps = workspace.stepFacts.list(runId).map(({ episode, step, promptTokens, completionTokens }) => ({
    key: { runId, episode, step },
    prompt: promptTokens,
    generated: completionTokens,
  }))
  return readRows(workspace, steps, hook, { pooling: each, lastK: 3, leaveOutSink: false }).data
}

describe('a replay', () => {
  test('of the prompt alone, a token of the answer as its proof, stores bit for bit what a capture would have', async () => {
    const run = await collected()
    await create({ runIds: [run], poolings: ['lastPrompt', 'meanPrompt', 'firstGenerated'] })
    stored(({ activations }) => {
      for (const hook of [here, other])
        for (const at of ['lastPrompt', 'meanPrompt', 'firstGenerated'] as const) {
          const replayed = activations.matrix({ runId: run, hook, at })
          expect(replayed.keys).toHaveLength(16)
          expect(replayed).toEqual(activations.matrix({ runId: whole, hook, at }))
        }
      expect(activations.matrix({ runId: run, hook: here, at: 'meanGenerated' }).keys).toEqual([])
    })
  })

  test('of every pooling gives what follows from all stored positions', async () => {
    const run = await collected()
    const { hash } = await create({
      runIds: [run],
      poolings: [...pooling.options],
      lastK: 3,
      leaveOutSink: false,
    })
    stored((workspace) => {
      for (const each of pooling.options)
        expect(rowsOf(workspace, run, other, each)).toEqual(rowsOf(workspace, whole, other, each))
    })
    const again = await create({
      runIds: [run],
      poolings: [...pooling.options],
      lastK: 3,
      leaveOutSink: false,
    })
    expect(again.hash).toBe(hash)
    expect(engine.dataSets.list().filter((each) => each.hash === hash)).toHaveLength(1)
  })

  test('that was stopped goes on where it was', async () => {
    const run = await collected()
    const stop = new AbortController()
    const half = engine.dataSets.create(
      recipe({ runIds: [run] }),
      ({ label, fraction }) => {
        if (label.startsWith('Replaying') && fraction >= 0.5) stop.abort(new Error('enough'))
      },
      stop.signal,
    )
    await expect(half).rejects.toThrow('enough')
    const { missing, rows } = engine.dataSets.preview(recipe({ runIds: [run] }))
    expect(missing).toBeGreaterThan(0)
    expect(missing).toBeLessThanOrEqual(rows / 2)
    const fractions: number[] = []
    await engine.dataSets.create(recipe({ runIds: [run] }), ({ fraction }) => fractions.push(fraction), never)
    expect(fractions.filter((fraction) => fraction > 0).length).toBeLessThanOrEqual(missing + 10)
    expect(engine.dataSets.preview(recipe({ runIds: [run] })).missing).toBe(0)
  })

  test('goes on beside a run that has the same model, and both come out as alone', async () => {
    const run = await collected()
    const second = await engine.runs.start(settings({ episodes: 8 }))
    const { rows } = await create({ runIds: [run] })
    expect(rows).toBe(16)
    expect((await engine.runs.ended(second.id)).error).toBeNull()
  })

  test('of a steered run is steered as it was', async () => {
    const values = Array.from({ length: 16 }, (_, i) => (i % 3) - 1)
    const add = (positions: 'lastPrompt' | 'everyGenerated') => ({
      kind: 'add' as const,
      hook: here,
      positions,
      vector: { values },
      alpha: 1,
    })
    const interventions = [add('lastPrompt'), add('everyGenerated')]
    const captured = await collected({ interventions, capture: { hooks: [other] } })
    const run = await collected({ interventions })
    const point = { hook: other, at: 'meanGenerated' as const }
    await create({ runIds: [run], layers: [1], poolings: ['lastPrompt', 'meanGenerated'] })
    stored(({ activations }) => {
      const replayed = activations.matrix({ runId: run, ...point })
      expect(replayed).toEqual(activations.matrix({ runId: captured, ...point }))
      expect(replayed).not.toEqual(activations.matrix({ runId: whole, ...point }))
    })
  })

  test('whose model is gone or whose answers differ is refused in words, before and after', async () => {
    const run = await collected({ episodes: 1 })
    const asked = recipe({ runIds: [run] })
    const record = engine.models.get('tiny')
    await engine.models.remove('tiny')
    expect(engine.dataSets.preview({ ...asked, layers: [0] }).replayRefused).toMatch(
      /tiny, is not in the workspace/,
    )
    await expect(create({ runIds: [run], layers: [0] })).rejects.toEqual(failing('replay_refused'))
    await engine.models.add(record.path, ignore, never)
    expect(engine.dataSets.preview(asked).replayRefused).toBeNull()
  })
})

describe('a data set', () => {
  test('is previewed without being made: counts by class and step, layers, what is missing', async () => {
    const run = await collected()
    const preview = engine.dataSets.preview(recipe({ runIds: [run, whole], replayMissing: false }))
    expect(preview).toMatchObject({
      rows: 32,
      episodes: 8,
      classes: ['without “e”', 'with “e”'],
      layers: [0, 1],
      missing: 16,
      replayRefused: null,
      bytes: 32 * 2 * 16 * 4,
    })
    expect(preview.counts.reduce((sum, count) => sum + count)).toBe(32)
    expect(preview.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3])
    expect(engine.dataSets.list().some((each) => each.recipe.runIds.includes(run))).toBe(false)
  })

  test('takes the layers that were captured, and leaves rows out by step, task and truncation', async () => {
    const captured = recipe({ runIds: [whole], layers: 'captured', replayMissing: false })
    expect(engine.dataSets.preview(captured)).toMatchObject({ layers: [0, 1], missing: 0 })
    const filter = { firstStep: 1, lastStep: 2, tasks: [], truncated: 'keep' as const, conditions: [] }
    expect(engine.dataSets.preview({ ...captured, filter }).rows).toBe(8)
    const [task] = engine.dataSets.choices([whole]).tasks
    expect(engine.dataSets.preview({ ...captured, filter: { ...filter, tasks: [task.task] } }).rows).toBe(2)
    expect(engine.dataSets.preview({ ...captured, filter: { ...filter, truncated: 'only' } })).toMatchObject({
      rows: 0,
      warnings: [
        expect.stringContaining('No step is left: the filter keeps steps that lost their oldest turns'),
      ],
    })
    expect(engine.dataSets.choices([whole]).conditions).toEqual([])
  })

  test.each<[string, Partial<DataSetRecipe['filter']>, Partial<DataSetRecipe>, RegExp]>([
    ['steps', { firstStep: 50 }, {}, /keeps steps 50 to the last, and there are 0 to 3/],
    ['tasks', { tasks: ['nothing'] }, {}, /keeps nothing, and there are \w+/],
    ['conditions', { conditions: ['α = 4'] }, {}, /conditions α = 4, and there are none/],
    ['two parts', { lastStep: 0, tasks: ['nothing'] }, {}, /keeps nothing/],
    ['the label', {}, { label: { kind: 'hand', name: 'colour' } }, /set “colour”, and there are/],
    ['a label', {}, { label: { kind: 'classes', label: 'colour' } }, /label “colour”, and there are/],
  ])('that is empty says that it is by %s, and what there is', async (_what, filter, changes, reason) => {
    const asked = recipe({ ...changes, filter: { ...recipe().filter, ...filter } })
    await expect(engine.dataSets.create(asked, ignore, never)).rejects.toMatchObject({
      code: 'data_set_empty',
      message: expect.stringMatching(reason),
    })
  })

  test('is labelled by hand, in several classes, steps without a label left out', async () => {
    const step = { runId: whole, episode: 0, name: 'mood' }
    for (const [index, label] of ['glad', 'sad', 'glad'].entries())
      engine.dataSets.handLabel({ ...step, step: index, label })
    const label = { kind: 'hand' as const, name: 'mood' }
    const made = await create({ runIds: [whole], label })
    expect(made).toMatchObject({ classes: ['glad', 'sad'], counts: [2, 1], rows: 3, width: 16 })
    engine.dataSets.handLabel({ ...step, step: 0, label: 'sad' })
    engine.dataSets.handLabel({ ...step, step: 0, label: 'glad' })
    expect((await create({ runIds: [whole], label })).id).toBe(made.id)
    engine.dataSets.handLabel({ ...step, step: 1, label: null })
    const preview = engine.dataSets.preview(recipe({ runIds: [whole], label }))
    expect(preview.warnings).toEqual([expect.stringContaining('All 2 steps are “glad”')])
    expect(engine.dataSets.choices([whole]).handLabels).toEqual(['mood'])
  })

  test.each([
    ['a run that is not there', { runIds: ['r99'] }, 'not_found'],
    [
      'no step left',
      { filter: { firstStep: 50, lastStep: null, tasks: [], truncated: 'keep', conditions: [] } },
      'data_set_empty',
    ],
    ['a layer that the model lacks', { layers: [5] }, 'layer_out_of_range'],
    ['an unknown hook point', { hook: 'blocks.{layer}.hook_resid' }, 'hook_unknown'],
    ['a hook point whose rows grow', { hook: 'blocks.{layer}.attn.hook_pattern' }, 'hook_not_stored'],
  ] as const)('of %s is refused before anything is computed', async (_what, changes, code) => {
    const nothing = (): never => {
      throw new Error('it began')
    }
    const asked = recipe(changes as Partial<DataSetRecipe>)
    await expect(engine.dataSets.create(asked, nothing, never)).rejects.toEqual(failing(code))
  })

  test('of activations that are missing is refused unless they may be replayed', async () => {
    const run = await collected()
    await expect(create({ runIds: [run], replayMissing: false })).rejects.toMatchObject({
      code: 'data_set_not_captured',
      details: { missing: 16, rows: 16 },
    })
  })

  test('of models of different widths is refused', async () => {
    const wide = await writeTinyModel(join(folder, 'wide'), { scale: 2 })
    const { id } = await engine.models.add(wide, ignore, never)
    const run = await collected({ modelId: id, capture: { hooks: [here] } })
    const asked = recipe({ runIds: [whole, run], layers: [0] })
    expect(() => engine.dataSets.preview(asked)).toThrow(failing('data_set_widths_differ'))
  })

  test('gives interventions the rows of a class, with what they were made from', async () => {
    const mood = { runId: whole, episode: 1, name: 'weather' }
    for (const step of [0, 1, 2, 3])
      engine.dataSets.handLabel({ ...mood, step, label: step % 2 === 0 ? 'fair' : 'foul' })
    const made = await create({ label: { kind: 'hand', name: 'weather' } })
    const labels = stored((workspace) => workspace.dataSets.rows(made.id).labels)
    const all = await engine.readRun({ dataSet: made.id }, other)
    const some = await engine.readRun({ dataSet: made.id, class: made.classes[1] }, other)
    expect(all).toMatchObject({ shape: [4, 16], isSequence: false, computeDtype: 'float32' })
    const rows = Array.from(labels.keys()).filter((row) => labels[row] === 1)
    expect([...some.data]).toEqual(rows.flatMap((row) => [...all.data.subarray(row * 16, (row + 1) * 16)]))
    expect(some.provenance).toContain(made.hash.slice(0, 12))
    const source = { dataSet: made.id, class: made.classes[1] }
    const run = await collected({
      interventions: [{ kind: 'meanAblate', hook: other, positions: 'lastPrompt', source }],
    })
    expect(engine.runs.get(run).manifest.interventions).toMatchObject([
      { sources: [expect.stringContaining(some.provenance)] },
    ])
    expect(engine.runs.get(run).progress.interventions).toMatchObject([{ tokens: 16 }])
  })

  test.each([
    ['a hook point', {}, 'blocks.1.hook_mlp_out'],
    ['a pooling', { pooling: 'last' }, other],
    ['a class', { class: 'purple' }, other],
  ] as const)('says that it does not have %s that an intervention asks for', async (_what, part, hook) => {
    const { id } = await create()
    expect(() => engine.readRun({ dataSet: id, ...part }, hook)).toThrow(failing('data_set_lacks'))
  })

  test('says which of its runs was removed', async () => {
    const run = await collected()
    const { id } = await create({ runIds: [run] })
    engine.runs.remove(run)
    expect(engine.dataSets.get(id).missingRuns).toEqual([run])
  })
})
