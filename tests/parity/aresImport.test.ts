// Upstream's own files, written by torch (aresImport.py), through import, data set, vector and probe, against NumPy and scikit-learn; hostile files beside them.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { dataSetRecipe } from '../../main/contract/dataSets.ts'
import { probeSettings } from '../../main/contract/probes.ts'
import { episodeQuery, type RunRecord } from '../../main/contract/runs.ts'
import { vectorRecipe } from '../../main/contract/vectors.ts'
import { readEpisode, readTrajectoryStep } from '../../main/imports/aresFolder.ts'
import { choicesOf } from '../../main/jobs/dataSets/recipeHooks.ts'
import { readRows } from '../../main/jobs/dataSets/pooledRows.ts'
import { openEngine, type EngineService } from '../../main/jobs/engineService.ts'
import { Workspace } from '../../main/store/workspace.ts'

const golden = join(import.meta.dirname, 'golden/aresImport')
interface Expected {
  rows: Record<'lastPrompt' | 'meanPrompt' | 'lastK' | 'mean', number[][]>
  vectors: Record<string, number[]>
  probe: { weights: number[]; intercept: number }
  trajectory: Record<string, number[]>
}
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(golden, name), 'utf8'))
const expected = readJson('expected.json') as Expected

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'innerview-import-'))
  cleanUp.push(() => rmSync(folder, { recursive: true }))
  return folder
}
async function engineOn(workspaceFolder = temporaryFolder()): Promise<EngineService> {
  const engine = await openEngine({
    workspaceFolder,
    cacheFolder: join(workspaceFolder, 'cache'),
    resourcesFolder: join(import.meta.dirname, '../../resources'),
    transport: 'process',
  })
  cleanUp.push(() => engine.close())
  return engine
}

const quiet = { tell: () => {}, signal: new AbortController().signal }
const inputFor = (path: string) => ({ path, name: '', positions: 'all' as const })
const collection = inputFor(join(golden, 'collection'))
const importing = async (engine: EngineService, input = collection): Promise<RunRecord> =>
  (await engine.imports.import(input, quiet))[0]
const episodesOf = (engine: EngineService, runId: string) =>
  engine.episodes.list(episodeQuery.parse({ runId })).episodes

function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found).toHaveLength(wanted.length)
  const scale = Math.max(...wanted.map(Math.abs))
  const worst = Math.max(...found.map((value, i) => Math.abs(value - wanted[i])))
  expect(worst / scale).toBeLessThan(tolerance)
}

describe('a folder of the case study’s episodes', () => {
  it('becomes a run with upstream’s labels, wins and step counts', async () => {
    const engine = await engineOn()
    const run = await importing(engine)
    const about = readJson('collection/metadata.json') as {
      episodes: { n_steps: number; n_invalid: number }[]
    }
    const episodes = episodesOf(engine, run.id)
    expect(run).toMatchObject({ kind: 'import', status: 'done', name: 'collection' })
    expect(episodes.map(({ steps, invalid }) => [steps, invalid])).toEqual(
      about.episodes.map(({ n_steps, n_invalid }) => [n_steps, n_invalid]),
    )
    expect(episodes[7]).toMatchObject({ outcome: 'win', steps: 4, task: 'episode 7' })
    expect(episodes[6].outcome).toBe('limit')
  })

  it('can be looked at without its text', async () => {
    const engine = await engineOn()
    const run = await importing(engine)
    const { steps, texts } = await engine.episodes.view(run.id, 0)
    expect(steps).toHaveLength(6)
    expect(steps[1].record.promptIds).toEqual(new Int32Array(4).fill(-1))
    expect(texts).toMatchObject({ ids: [-1], texts: ['·'] })
    expect(run.manifest.imported?.missing).toContain('the prompts’ and the answers’ text')
  })

  it('gives the poolings that NumPy gives', async () => {
    const folder = temporaryFolder()
    const engine = await engineOn(folder)
    const run = await importing(engine)
    const workspace = Workspace.open(folder, { readOnly: true })
    cleanUp.push(() => workspace.close())
    const steps = episodesOf(engine, run.id).flatMap(({ episode }) =>
      engine.episodes.steps(run.id, episode).map(({ step, promptIds, completionIds }) => ({
        key: { runId: run.id, episode, step },
        prompt: promptIds.length,
        generated: completionIds.length,
      })),
    )
    for (const pooling of ['lastPrompt', 'meanPrompt', 'lastK', 'mean'] as const) {
      const [choice] = choicesOf(dataSetRecipe.parse({ runIds: [run.id], poolings: [pooling], lastK: 2 }))
      const { data } = readRows(workspace, steps, 'blocks.3.hook_resid_post', choice)
      expectClose([...data], expected.rows[pooling].flat(), 1e-6)
    }
  })

  it('gives the vector of each step and the probe that NumPy and scikit-learn give', async () => {
    const engine = await engineOn()
    const run = await importing(engine)
    const { id } = await engine.dataSets.create(
      dataSetRecipe.parse({ runIds: [run.id] }),
      quiet.tell,
      quiet.signal,
    )
    const vector = await engine.vectors.make(
      vectorRecipe.parse({ kind: 'contrast', dataSetId: id, settings: { scope: { kind: 'perStep' } } }),
      quiet.tell,
      quiet.signal,
    )
    const { data } = engine.vectors.values(vector.id)
    const steps = vector.rows.map(({ steps: range }) => String(range?.[0]))
    expect(steps).toEqual(Object.keys(expected.vectors))
    expectClose([...data], Object.values(expected.vectors).flat(), 1e-6)
    expect(vector).toMatchObject({
      model: null,
      flags: expect.arrayContaining([expect.stringContaining('Llama-3.2-1B')]) as string[],
    })

    const { id: probe } = engine.probes.train(
      probeSettings.parse({
        dataSetId: id,
        estimator: { kind: 'logistic', solver: 'liblinear', c: 1, tolerance: 1e-8 },
        permutations: 5,
        bootstraps: 100,
      }),
    )
    await engine.probes.ended(probe)
    const { document } = engine.probes.get(probe)
    expectClose(document?.coefficients[0] ?? [], expected.probe.weights, 1e-4)
    expectClose(document?.intercept ?? [], [expected.probe.intercept], 1e-3)
  })

  it('goes on where it was cut off, and is not read again when it is done', async () => {
    const engine = await engineOn()
    const stop = new AbortController()
    const tell = ({ label }: { label: string }): void => {
      if (label.includes('episode_0009')) stop.abort()
    }
    await expect(engine.imports.import(collection, { tell, signal: stop.signal })).rejects.toThrow()
    const [cut] = engine.runs.list()
    expect(cut).toMatchObject({ status: 'interrupted', progress: { episodesDone: 9 } })
    const run = await importing(engine)
    expect(run).toMatchObject({ id: cut.id, status: 'done', progress: { episodesDone: 24 } })
    await importing(engine)
    expect(engine.runs.list()).toHaveLength(2)
  })

  it('keeps decision points alone where asked', async () => {
    const engine = await engineOn()
    const [run] = await engine.imports.import({ ...collection, positions: 'decision' }, quiet)
    const read = () => engine.activation(run.id, 0, 0, 'blocks.3.hook_resid_post')
    expect(read).toThrow(expect.objectContaining({ code: 'not_captured' }))
  })

  it('says what is wrong with a folder', async () => {
    const engine = await engineOn()
    const folder = temporaryFolder()
    await expect(importing(engine, inputFor(join(folder, 'nowhere')))).rejects.toMatchObject({
      code: 'import_unreadable',
    })
    await expect(importing(engine, inputFor(folder))).rejects.toThrow('neither episode_0000.pt')
    await cp(collection.path, folder, { recursive: true })
    await rm(join(folder, 'metadata.json'))
    await expect(importing(engine, inputFor(folder))).rejects.toThrow('metadata.json is missing')
    expect(engine.runs.list()).toEqual([])
  })
})

describe('a trajectory of the toolkit', () => {
  it('becomes an episode with its hook points, strided and half ones too, and says what is left out', async () => {
    const engine = await engineOn()
    const run = await importing(engine, inputFor(join(golden, 'trajectory')))
    const left = 'blocks.0.attn.hook_pattern'
    expect(run.manifest.imported?.missing).toContain(left)
    expect(run.settings.capture.hooks).toEqual(
      Object.keys(expected.trajectory).filter((name) => name !== left),
    )
    const bytes = readFileSync(join(golden, 'trajectory/step_0001.pt'))
    const { step } = readTrajectoryStep(bytes, 'step_0001.pt')
    for (const { hook, data } of step.hooks) expectClose([...data], expected.trajectory[hook], 1e-7)
  })
})

describe('results of upstream’s sweep', () => {
  it('become a run for each condition, over the same objects', async () => {
    const engine = await engineOn()
    const runs = await engine.imports.import(inputFor(join(golden, 'results.json')), quiet)
    expect(runs.map(({ manifest }) => manifest.imported?.part)).toEqual(['baseline', 'α = 1', 'α = 4'])
    expect(episodesOf(engine, runs[2].id).map(({ task, steps }) => [task, steps])).toEqual([
      ['dog', 3],
      ['sun', 3],
      ['car', 3],
    ])
    expect(engine.episodes.steps(runs[0].id, 1)[0]).toMatchObject({
      completion: 'Is it number 0?',
      answer: 'Invalid Question.',
      isInvalid: true,
    })
  })
})

describe('hostile files', () => {
  const folder = join(golden, 'hostile')
  const metadata = { model_name: 'm', n_layers: 6, d_model: 6, middle_layer: 3, max_steps_per_episode: 20 }
  const asksForCode = ['eval.pt', 'stackGlobal.pt', 'system.pt', 'torchLoad.pt']

  it.each(readdirSync(folder))('%s is refused and nothing of it runs', (name) => {
    const bytes = readFileSync(join(folder, name))
    const code = asksForCode.includes(name) ? 'import_refused' : 'import_unreadable'
    expect(() => readEpisode(bytes, name, metadata)).toThrow(expect.objectContaining({ code }))
    expect(existsSync('canary')).toBe(false)
  })

  it('leave no run, and say which file it was', async () => {
    const engine = await engineOn()
    const mixed = temporaryFolder()
    await cp(collection.path, mixed, { recursive: true })
    await cp(join(folder, 'system.pt'), join(mixed, 'episode_0000.pt'))
    await expect(importing(engine, inputFor(mixed))).rejects.toMatchObject({
      code: 'import_refused',
      message: expect.stringContaining('episode_0000.pt') as string,
    })
    expect(engine.runs.list()).toEqual([])
    expect(existsSync('canary')).toBe(false)
  })
})
