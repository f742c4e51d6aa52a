import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { collectSettings, type CollectInput, type StepRecord } from '../contract/runs.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { openEngine, type EngineService } from './engineService.ts'

let folder: string
let model: string
const ignore = (): void => {}
const never = new AbortController().signal

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-collect-'))
  model = await writeTinyModel(join(folder, 'tiny'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (workspace: string): Promise<EngineService> =>
  openEngine({
    workspaceFolder: join(folder, workspace),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })

const settings = (changes: Partial<CollectInput> = {}) =>
  collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 4, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes: 5,
    seed: 7,
    batch: 3,
    sampling: { maxNewTokens: 6 },
    capture: { hooks: ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post'], positions: 'all' },
    ...changes,
  })

/** All that must not differ between two runs of the same settings: everything but times. */
function rows(engine: EngineService, runId: string, episodes: number): unknown[] {
  const timeless = ({ runId: _run, prefillMs: _p, decodeMs: _d, oracleMs: _o, ...rest }: StepRecord) => rest
  return Array.from({ length: episodes }, (_, e) => ({
    summary: { ...engine.episodes.summary(runId, e), runId: '' },
    steps: engine.episodes.steps(runId, e).map(timeless),
    activations: engine.episodes
      .steps(runId, e)
      .map((step) => engine.activation(runId, e, step.step, 'blocks.1.hook_resid_post')),
  }))
}

async function collected(workspace: string, changes: Partial<CollectInput> = {}): Promise<unknown[]> {
  const engine = await open(workspace)
  await engine.models.add(model, ignore, never)
  const run = await engine.runs.ended((await engine.runs.start(settings(changes))).id)
  expect(run.error).toBeNull()
  expect(run.status).toBe('done')
  const result = rows(engine, run.id, run.settings.episodes)
  await engine.close()
  return result
}

test('a run has the same rows, activations included, whatever the batch size', async () => {
  const alone = await collected('alone', { batch: 1 })
  expect(await collected('together', { batch: 5 })).toEqual(alone)
  expect(alone).toHaveLength(5)
})

test('a run that is paused and resumed has the same rows as one that was not', async () => {
  // Long enough that a pause after three steps comes in the middle.
  const long: Partial<CollectInput> = {
    episodes: 10,
    sampling: { maxNewTokens: 40 },
    environment: { name: 'twenty_questions', maxSteps: 6, objects: 'simple' },
  }
  const whole = await collected('whole', long)
  const engine = await open('broken')
  await engine.models.add(model, ignore, never)
  const { id } = await engine.runs.start(settings(long))
  let steps = 0
  const watching = new AbortController()
  for await (const event of engine.events(watching.signal)) {
    if (event.kind === 'episode' && ++steps >= 3) {
      engine.runs.pause(id)
      break
    }
  }
  watching.abort()
  expect((await engine.runs.ended(id)).status).toBe('paused')
  await engine.close()

  const again = await open('broken')
  expect(again.runs.get(id).progress.steps).toBeLessThan(60)
  await again.runs.resume(id)
  expect((await again.runs.ended(id)).status).toBe('done')
  expect(rows(again, id, 10)).toEqual(whole)
  await again.close()
})

test('another seed plays otherwise', async () => {
  expect(await collected('other', { seed: 8 })).not.toEqual(await collected('one'))
})

test('a history that does not fit loses whole oldest turns and the step is marked', async () => {
  await writeTinyModel(model, { contextLength: 420 })
  const engine = await open('short')
  await engine.models.add(model, ignore, never)
  const run = await engine.runs.start(
    settings({
      environment: { name: 'twenty_questions', maxSteps: 8, objects: 'simple', systemPrompt: 'Ask well.' },
      sampling: { maxNewTokens: 40 },
      episodes: 2,
    }),
  )
  expect((await engine.runs.ended(run.id)).error).toBeNull()
  const steps = engine.episodes.steps(run.id, 0)
  expect(steps.at(-1)!.droppedTurns).toBeGreaterThan(0)
  for (const step of steps) {
    expect(step.promptIds.length).toBeLessThanOrEqual(380)
    expect(step.messages[0]).toEqual({ role: 'system', content: 'Ask well.' })
  }
  await engine.close()
})

test('what cannot work is refused before anything is loaded', async () => {
  const engine = await open('refused')
  await engine.models.add(model, ignore, never)
  const start = (changes: Partial<CollectInput>) => engine.runs.start(settings(changes))
  await expect(start({ capture: { hooks: ['blocks.9.hook_resid_post'] } })).rejects.toMatchObject({
    code: 'layer_out_of_range',
  })
  await expect(start({ capture: { hooks: ['blocks.0.hook_resid_pst'] } })).rejects.toMatchObject({
    code: 'hook_unknown',
  })
  await expect(start({ modelId: 'absent' })).rejects.toMatchObject({ code: 'not_found' })
  await expect(
    start({ environment: { name: 'twenty_questions', objects: 'simple', selection: ':10:20' } }),
  ).rejects.toMatchObject({ code: 'selection_empty' })
  await expect(start({ sampling: { maxNewTokens: 4096 } })).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(start({ sampling: { stopTokens: ['no such token'] } })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  expect(engine.runs.list()).toEqual([])
  await engine.close()
})

test('an engine that is closed in mid-run leaves an interrupted run that can be resumed', async () => {
  const engine = await open('closed')
  await engine.models.add(model, ignore, never)
  const { id } = await engine.runs.start(settings({ episodes: 40 }))
  await engine.close()
  const again = await open('closed')
  expect(again.runs.get(id).status).toBe('interrupted')
  await again.runs.resume(id)
  again.runs.cancel(id)
  expect((await again.runs.ended(id)).status).toBe('cancelled')
  await again.close()
})

test('a run does not go on with another chat template than it began with', async () => {
  const engine = await open('template')
  await engine.models.add(model, ignore, never)
  const { id } = await engine.runs.start(settings({ episodes: 40 }))
  await engine.close()
  await writeTinyModel(model, { chatTemplate: "{% for m in messages %}{{ m['content'] }}{% endfor %}" })
  const again = await open('template')
  await expect(again.runs.resume(id)).rejects.toMatchObject({ code: 'run_differs' })
  expect(again.runs.get(id).status).toBe('interrupted')
  await again.close()
})

test('a run does not go on with weights of which one bit has changed, whatever their file’s date says', async () => {
  const engine = await open('bit')
  await engine.models.add(model, ignore, never)
  const { id } = await engine.runs.start(settings({ episodes: 40 }))
  await engine.close()
  const weights = join(model, 'model.safetensors')
  const { atime, mtime } = await stat(weights)
  const flipLastBit = async (): Promise<void> => {
    const bytes = await readFile(weights)
    bytes[bytes.length - 1] ^= 1
    await writeFile(weights, bytes)
    await utimes(weights, atime, mtime)
  }
  await flipLastBit()
  const again = await open('bit')
  const { steps } = again.runs.get(id).progress
  await again.runs.resume(id)
  const refused = await again.runs.ended(id)
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'model_changed' }, progress: { steps } })
  await flipLastBit()
  await again.runs.resume(id)
  again.runs.pause(id)
  expect(await again.runs.ended(id)).toMatchObject({ status: 'paused', error: null })
  await again.close()
})

test('a run whose model was removed keeps its status until the model is back', async () => {
  const engine = await open('removed')
  await engine.models.add(model, ignore, never)
  const { id } = await engine.runs.start(settings({ episodes: 6 }))
  engine.runs.pause(id)
  await engine.runs.ended(id)
  await engine.models.remove('tiny')
  await expect(engine.runs.resume(id)).rejects.toMatchObject({ code: 'run_model_gone' })
  expect(engine.runs.get(id).status).toBe('paused')
  await engine.models.add(model, ignore, never)
  await engine.runs.resume(id)
  expect((await engine.runs.ended(id)).status).toBe('done')
  await engine.close()
})
