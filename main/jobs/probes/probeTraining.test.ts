import type * as z from 'zod'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { EngineEvent } from '../../contract/api.ts'
import { dataSetRecipe, type DataSetRecipe } from '../../contract/dataSets.ts'
import { probeSettings } from '../../contract/probes.ts'
import type { ProbeSummary } from '../../contract/storedProbes.ts'
import { collectSettings, type CollectInput } from '../../contract/runs.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { Probes } from '../../store/probes.ts'
import { openEngine, type EngineService } from '../engineService.ts'

const ignore = (): void => {}
const never = new AbortController().signal
const failing = (code: string): unknown => expect.objectContaining({ code })

let folder: string
let engine: EngineService
let runId: string
/** Both middle layers of the run at two poolings. */
let dataSetId: string

const open = (): Promise<EngineService> =>
  openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
const hooks = [2, 3].map((layer) => `blocks.${layer}.hook_resid_post`)
async function collected(changes: Partial<CollectInput> = {}): Promise<string> {
  const settings = collectSettings.parse({
    modelId: 'embedded',
    environment: { name: 'twenty_questions', maxSteps: 8 },
    oracle: { kind: 'kb' },
    episodes: 12,
    seed: 1,
    sampling: {},
    capture: { hooks },
    ...changes,
  })
  const run = await engine.runs.ended((await engine.runs.start(settings)).id)
  expect(run.error).toBeNull()
  return run.id
}
const makeDataSet = async (changes: Partial<DataSetRecipe> = {}): Promise<string> => {
  const recipe = dataSetRecipe.parse({ runIds: [runId], poolings: ['lastPrompt', 'meanPrompt'], ...changes })
  return (await engine.dataSets.create(recipe, ignore, never)).id
}
const train = (changes: Partial<z.input<typeof probeSettings>> = {}): ProbeSummary =>
  engine.probes.train(probeSettings.parse({ dataSetId, permutations: 10, bootstraps: 100, ...changes }))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-probes-'))
  engine = await open()
  await engine.models.addEmbedded()
  runId = await collected()
  dataSetId = await makeDataSet()
}, 120_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** A probe that is done, of one cell. */
async function trained(changes: Partial<z.input<typeof probeSettings>> = {}): Promise<string> {
  const { id } = train({ layers: [3], poolings: ['lastPrompt'], ...changes })
  const probe = await engine.probes.ended(id)
  expect(probe.error).toBeNull()
  expect(probe.status).toBe('done')
  return id
}

describe('runs of the same seed', () => {
  test('keep their twin episodes together: neither folds nor transfer judge what was learnt from', async () => {
    const other = await collected()
    const both = await makeDataSet({ runIds: [runId, other] })
    const id = await trained({ dataSetId: both })
    const { document } = engine.probes.get(id)
    expect(document!.data.groups).toBe(12)
    expect(document!.warnings.map(({ kind }) => kind)).toContain('twinEpisodes')
    const foldsOf = (episode: number) =>
      new Set(document!.predictions.filter((row) => row.episode === episode).map(({ fold }) => fold))
    for (let episode = 0; episode < 12; episode++) expect(foldsOf(episode).size).toBe(1)

    const carried = await trained({ dataSetId: both, split: { kind: 'transfer', testRunIds: [other] } })
    const { predictions } = engine.probes.get(carried).document!
    expect(predictions.every((row) => row.runId === other)).toBe(true)
    expect(new Set(predictions.map(({ fold }) => fold)).size).toBeGreaterThan(1)
    engine.dataSets.remove(both)
  })
})

describe('training', () => {
  test('tells its progress, stores the document, and leaves the engine free meanwhile', async () => {
    const stop = new AbortController()
    const seen: ProbeSummary[] = []
    const listening = (async () => {
      for await (const event of engine.events(stop.signal) as AsyncGenerator<EngineEvent>)
        if (event.kind === 'probe') seen.push(event.probe)
    })()
    const started = train()
    expect(started).toMatchObject({ status: 'queued', dataSetId, progress: null })
    let turns = 0
    const ticking = setInterval(() => turns++, 5)
    const done = await engine.probes.ended(started.id)
    clearInterval(ticking)
    await new Promise((resolve) => setTimeout(resolve, 60))
    stop.abort()
    await listening
    expect(done).toMatchObject({ status: 'done', error: null, progress: null })
    expect(turns).toBeGreaterThan(10)
    const fractions = seen.flatMap(({ progress }) => (progress ? [progress.fraction] : []))
    expect(fractions.length).toBeGreaterThan(0)
    expect(fractions).toEqual([...fractions].sort((one, other) => one - other))
    expect(seen.at(-1)!.status).toBe('done')
    const { document, summary } = engine.probes.get(started.id)
    expect(document!.cells).toHaveLength(4)
    expect(document!.predictions.length).toBe(document!.figures.n)
    expect(document!.data.rows).toBe(engine.dataSets.get(dataSetId).rows)
    expect(summary.auroc).toEqual(document!.figures.auroc)
    expect(document!.seconds).toBeGreaterThan(0)
  })

  test('finds what the embedded model knows about its next question', async () => {
    const { document } = engine.probes.get(await trained())
    expect(document!.figures.auroc.value).toBeGreaterThan(0.75)
    expect(document!.coefficients[0]).toHaveLength(engine.dataSets.get(dataSetId).width)
    expect(document!.rivals.find(({ kind }) => kind === 'questionMark')).toBeDefined()
  })

  test('lays rivals beside it that take a pass over the steps, where they are asked for', async () => {
    const own = await makeDataSet({ layers: [3], poolings: ['lastPrompt', 'meanGenerated'] })
    const rivalsOf = async (changes: Parameters<typeof train>[0]) => {
      const { status, id } = await engine.probes.ended(
        train({ dataSetId: own, permutations: 0, ...changes }).id,
      )
      expect(status).toBe('done')
      return engine.probes.get(id).document!.rivals.filter(({ kind }) => /embed|layer|weights/i.test(kind))
    }
    for (const { missing, available } of await rivalsOf({})) {
      expect(missing).toMatch(/replay|Not asked for/)
      expect(available).toBe(false)
    }
    const recipe = engine.dataSets.get(own).recipe
    const before = engine.dataSets.preview(recipe).rivals
    expect(before.replayed).toMatchObject({ steps: engine.dataSets.get(own).rows, refused: null })
    expect(before.randomWeights.seconds!).toBeGreaterThan(0)
    const found = await rivalsOf({ costlyRivals: ['replayed', 'randomWeights'] })
    expect(found.map(({ kind }) => kind)).toEqual(['embedding', 'firstLayer', 'randomWeights'])
    for (const { missing, auroc, available } of found) {
      expect(missing).toBeNull()
      expect(available).toBe(true)
      expect(auroc.value).not.toBeNull()
    }
    // The embedded model knows its next question's fate; one with other weights does not.
    expect(found[2].advantage.value!).toBeGreaterThan(0.1)
    expect(engine.dataSets.preview(recipe).rivals.replayed.steps).toBe(0)
    expect(await rivalsOf({ costlyRivals: ['randomWeights'] })).toEqual(found)
  }, 120_000)

  test('is cancelled at once, waits its turn, and goes on with the cells that are left', async () => {
    const first = train({ permutations: 5000 })
    const second = train()
    expect(engine.probes.cancel(second.id).status).toBe('cancelled')
    await until(() => cellsOf(first.id) > 0)
    engine.probes.cancel(first.id)
    expect((await engine.probes.ended(first.id)).status).toBe('cancelled')
    expect(() => engine.probes.cancel(first.id)).toThrow(failing('probe_not_active'))
    const kept = cellsOf(first.id)
    expect(kept).toBeGreaterThan(0)
    engine.probes.resume(first.id)
    expect(() => engine.probes.resume(first.id)).toThrow(failing('probe_not_resumable'))
    await until(() => engine.probes.get(first.id).summary.progress !== null)
    expect(cellsOf(first.id)).toBeGreaterThanOrEqual(kept)
    engine.probes.remove(first.id)
    expect(() => engine.probes.get(first.id)).toThrow(failing('not_found'))
    engine.probes.resume(second.id)
    expect((await engine.probes.ended(second.id)).status).toBe('done')
  })

  test('that is removed, queued or running, ends the waiting for it', async () => {
    const [running, queued] = [train({ permutations: 5000 }), train()]
    const ends = [running, queued].map(({ id }) => engine.probes.ended(id))
    engine.probes.remove(queued.id)
    engine.probes.remove(running.id)
    for (const end of ends) await expect(end).rejects.toThrow(failing('not_found'))
  })

  test('fails where a cell cannot be stored, and the engine goes on', async () => {
    const full = vi.spyOn(Probes.prototype, 'addCell').mockImplementation(() => {
      throw new Error('database or disk is full')
    })
    const probe = await engine.probes.ended(train().id)
    full.mockRestore()
    expect(probe.status).toBe('failed')
    engine.probes.resume(probe.id)
    expect((await engine.probes.ended(probe.id)).status).toBe('done')
  })

  test('cancelled when the thread has answered already stores nothing, so that it can be resumed', async () => {
    let id = ''
    const end = Worker.prototype.terminate
    const ending = vi.spyOn(Worker.prototype, 'terminate').mockImplementation(function (this: Worker) {
      engine.probes.cancel(id)
      return end.call(this)
    })
    id = train({ layers: [3], poolings: ['lastPrompt'] }).id
    const { status } = await engine.probes.ended(id)
    ending.mockRestore()
    expect(status).toBe('cancelled')
    expect(engine.probes.get(id).document).toBeNull()
  })

  test('that the engine left is interrupted, and comes out as if it had not been', async () => {
    const whole = await engine.probes.ended(train().id)
    const cut = train()
    await until(() => cellsOf(cut.id) > 0)
    await engine.close()
    engine = await open()
    expect(engine.probes.get(cut.id).summary.status).toBe('interrupted')
    engine.probes.resume(cut.id)
    expect((await engine.probes.ended(cut.id)).status).toBe('done')
    const timeless = (id: string) => ({ ...engine.probes.get(id).document, seconds: 0 })
    expect(timeless(cut.id)).toEqual(timeless(whole.id))
  })

  test.each([
    ['a data set that is not there', { dataSetId: 'd99' }, 'not_found'],
    ['a layer that the data set lacks', { layers: [7] }, 'invalid_input'],
    ['a pooling that the data set lacks', { poolings: ['last'] }, 'invalid_input'],
    ['more folds than episodes', { split: { kind: 'grouped', folds: 50 } }, 'probe_too_few_groups'],
    [
      'a run to judge on that is not in it',
      { split: { kind: 'transfer', testRunIds: ['r9'] } },
      'probe_no_rows',
    ],
  ] as [string, Partial<z.input<typeof probeSettings>>, string][])(
    'of %s is refused before it is queued',
    (_what, changes, code) => {
      const before = engine.probes.list().length
      expect(() => train(changes)).toThrow(failing(code))
      expect(engine.probes.list()).toHaveLength(before)
    },
  )

  test('of one class, or on a run that was deleted, is refused', async () => {
    const single = await makeDataSet({
      label: { kind: 'text', of: 'prompt', contains: 'e', ignoreCase: true },
    })
    expect(() => train({ dataSetId: single })).toThrow(failing('probe_one_class'))
    const gone = await collected({ episodes: 2, seed: 5 })
    const resting = await makeDataSet({ runIds: [gone] })
    engine.runs.remove(gone)
    expect(() => train({ dataSetId: resting })).toThrow(failing('data_set_run_gone'))
  })
})

const cellsOf = (id: string): number => engine.probes.doneCells(id)
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a trained probe', () => {
  test('reads an episode step by step, its held-out probabilities beside it', async () => {
    const id = await trained()
    const { steps } = await engine.probeReader.readOut(
      { id, runId, episode: 3, tokens: false },
      ignore,
      never,
    )
    const { document } = engine.probes.get(id)
    const held = document!.predictions.filter(({ episode }) => episode === 3)
    expect(steps.map(({ heldOut }) => heldOut)).toEqual(held.map(({ probability }) => probability))
    for (const { probability, named, tokens } of steps) {
      expect(probability).toBeGreaterThanOrEqual(0)
      expect(named).toBe(Number(probability! >= 0.5))
      expect(tokens).toBeNull()
    }
    const { mean, max } = engine.probeReader.scores(id, runId)[3]
    // All of the episode's steps were held out: what the probe says of them now, having learnt from them, does not count.
    const unseen = steps.map(({ heldOut }) => heldOut!)
    expect(unseen).not.toEqual(steps.map(({ probability }) => probability))
    expect(max).toBe(Math.max(...unseen))
    expect(mean).toBeCloseTo(unseen.reduce((sum, each) => sum + each, 0) / unseen.length, 12)
  })

  test('tells steps that it learnt from, and no fold judged, from those it never saw', async () => {
    const id = await trained({ split: { kind: 'episode', testShare: 0.3, seed: 1 } })
    const tested = new Set(engine.probes.get(id).document!.predictions.map(({ episode }) => episode))
    const { episodes } = engine.runs.get(runId).settings
    for (let episode = 0; episode < episodes; episode++) {
      const out = await engine.probeReader.readOut({ id, runId, episode, tokens: false }, ignore, never)
      expect(new Set(out.steps.map(({ isRow }) => isRow))).toEqual(new Set([true]))
      expect(out.steps.every(({ heldOut }) => (heldOut !== null) === tested.has(episode))).toBe(true)
    }
    const other = await collected({ episodes: 1, seed: 9 })
    const asked = { id, runId: other, episode: 0, tokens: false }
    const { steps } = await engine.probeReader.readOut(asked, ignore, never)
    expect(steps.some(({ isRow, heldOut }) => isRow || heldOut !== null)).toBe(false)
  })

  test('reads every token by a replay, and says at the last prompt token what it says of the step', async () => {
    const id = await trained()
    const { steps } = await engine.probeReader.readOut({ id, runId, episode: 2, tokens: true }, ignore, never)
    const records = engine.episodes.steps(runId, 2)
    steps.forEach(({ tokens, probability }, step) => {
      const { promptIds, completionIds } = records[step]
      expect(tokens).toHaveLength(promptIds.length + completionIds.length)
      expect(tokens![promptIds.length - 1]).toBeCloseTo(probability!, 5)
    })
  })

  test('is found again at its own layer when it is attributed to layers and positions', async () => {
    const id = await trained()
    const { document } = engine.probes.get(id)
    const step = { runId, episode: 1, step: 2 }
    const found = await engine.probeReader.attribution({ id, ...step }, ignore, never)
    const { promptIds } = engine.episodes.steps(runId, 1)[2]
    const value = found.values[3 * found.positions + promptIds.length - 1] + document!.intercept[0]
    const out = await engine.probeReader.readOut({ id, runId, episode: 1, tokens: false }, ignore, never)
    expect(1 / (1 + Math.exp(-value))).toBeCloseTo(out.steps[2].probability!, 4)
  })

  test('of another space than the residual stream has no attribution, however wide it is', async () => {
    const hook = 'blocks.{layer}.attn.hook_z'
    const other = await makeDataSet({ hook, layers: [3], poolings: ['lastPrompt'], replayMissing: true })
    const id = await trained({ dataSetId: other, layers: [3] })
    const step = { runId, episode: 1, step: 2 }
    await expect(engine.probeReader.attribution({ id, ...step }, ignore, never)).rejects.toThrow(
      failing('probe_foreign'),
    )
  })

  test('is a direction for interventions, and a gate, at its own hook point', async () => {
    const id = await trained()
    const { document } = engine.probes.get(id)
    const hook = 'blocks.3.hook_resid_post'
    const source = await engine.readRun({ probe: id }, hook)
    const length = Math.hypot(...document!.coefficients[0])
    expect(source).toMatchObject({
      shape: [document!.data.width],
      isSequence: false,
      computeDtype: 'float32',
    })
    source.data.forEach((value, i) => expect(value).toBeCloseTo(document!.coefficients[0][i] / length, 6))
    const { above } = engine.probeReader.gate(id, 0.05)
    const steered = await collected({
      episodes: 2,
      interventions: [
        {
          ...{ kind: 'add', hook, positions: 'lastPrompt', vector: { probe: id }, alpha: -4 },
          gate: { vector: { probe: id }, above },
        },
      ],
    })
    const { manifest, progress } = engine.runs.get(steered)
    expect(manifest.interventions[0].sources.join()).toContain(`probe ${id}`)
    const [count] = progress.interventions!
    expect(count.open!).toBeGreaterThan(0)
    expect(count.open!).toBeLessThan(count.tokens)
    expect(() => engine.readRun({ probe: id }, 'blocks.2.hook_resid_post')).toThrow(failing('probe_lacks'))
    expect(() => engine.readRun({ probe: 'p99' }, hook)).toThrow(failing('not_found'))
  })

  test('names the steps that are most like one, the likest first', async () => {
    const id = await trained()
    const step = { runId, episode: 1, step: 2 }
    const near = await engine.probeReader.neighbours({ id, ...step, count: 5 }, never)
    expect(near).toHaveLength(5)
    expect(near.map(({ cosine }) => cosine)).toEqual(near.map(({ cosine }) => cosine).sort((a, b) => b - a))
    expect(near).not.toContainEqual(expect.objectContaining(step))
    await expect(
      engine.probeReader.neighbours({ id, runId, episode: 99, step: 0, count: 5 }, never),
    ).rejects.toEqual(failing('not_found'))
  })

  test('of another model, not linear, or not done yet says so', async () => {
    const id = await trained({ estimator: { kind: 'mlp', epochs: 5 } })
    const asked = { id, runId, episode: 0, tokens: false }
    await expect(engine.probeReader.readOut(asked, ignore, never)).rejects.toEqual(
      failing('probe_not_linear'),
    )
    const running = train({ permutations: 5000 }).id
    expect(() => engine.probeReader.scores(running, runId)).toThrow(failing('probe_not_done'))
    engine.probes.cancel(running)
  })
})
