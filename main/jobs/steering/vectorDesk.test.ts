import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../../tests/support/tinyModel.ts'
import { dataSetRecipe } from '../../contract/dataSets.ts'
import { collectSettings, type CollectInput } from '../../contract/runs.ts'
import { vectorRecipe, type VectorRecipeInput } from '../../contract/vectors.ts'
import { controlVectorBytes } from '../../model/controlVectorFile.ts'
import { safetensorsBytes } from '../../model/safetensors.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { openEngine, type EngineService } from '../engineService.ts'
import { npyBytes } from '../probes/npy.ts'

const hook = 'blocks.1.hook_resid_post'
const width = 16
const ignore = (): void => {}
const never = new AbortController().signal

let folder: string
let engine: EngineService
let run: string
let dataSet: string

const settings = (changes: Partial<CollectInput> = {}) =>
  collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 3, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes: 8,
    seed: 7,
    batch: 8,
    sampling: { maxNewTokens: 6 },
    capture: { hooks: [hook] },
    ...changes,
  })

async function collected(changes: Partial<CollectInput> = {}): Promise<string> {
  const ended = await engine.runs.ended((await engine.runs.start(settings(changes))).id)
  expect(ended.error).toBeNull()
  return ended.id
}

const make = (recipe: VectorRecipeInput) => engine.vectors.make(vectorRecipe.parse(recipe), ignore, never)

/** Too little to mean anything is enough to reckon with. */
const contrast = (scope: 'pooled' | 'perStep') => ({
  kind: 'contrast' as const,
  dataSetId: dataSet,
  settings: { scope: { kind: scope }, leastPerClass: 1 },
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-vectors-'))
  engine = await openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.add(await writeTinyModel(join(folder, 'tiny')), ignore, never)
  run = await collected()
  const recipe = dataSetRecipe.parse({
    runIds: [run],
    label: { kind: 'text', contains: 'e' },
    poolings: ['firstGenerated'],
    layers: [1],
  })
  dataSet = (await engine.dataSets.create(recipe, ignore, never)).id
}, 120_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a vector between two classes of stored steps', () => {
  test('is the difference of their means, towards what the label names', async () => {
    const steps = Array.from({ length: 8 }, (_, episode) => engine.episodes.steps(run, episode)).flat()
    const sums = [new Float64Array(width), new Float64Array(width)]
    const counts = [0, 0]
    for (const step of steps) {
      const label = Number(step.completion.toLowerCase().includes('e'))
      const source = { run, episode: step.episode, step: step.step, at: 'firstGenerated' as const }
      const { data } = await engine.readRun(source, hook)
      counts[label]++
      data.forEach((value, i) => (sums[label][i] += value))
    }
    expect(Math.min(...counts)).toBeGreaterThan(0)
    const record = await make(contrast('pooled'))
    const { data, shape } = engine.vectors.values(record.id)
    expect(shape).toEqual([1, width])
    const difference = sums[1].map((sum, i) => sum / counts[1] - sums[0][i] / counts[0])
    data.forEach((value, i) => expect(value).toBeCloseTo(difference[i], 4))
    expect(record).toMatchObject({
      width,
      model: { name: 'tiny' },
      origin: { kind: 'contrast', towards: 'with “e”', away: 'without “e”' },
      rows: [{ hook, steps: null }],
      hasShuffled: true,
    })
    expect(record.documents[0].document.vectors[0]).toMatchObject({ away: counts[0], towards: counts[1] })
  })

  test('counts objects, not the episodes of them, where objects were played again', async () => {
    expect((await make(contrast('pooled'))).flags.join()).not.toContain('objects')
    const again = await collected({
      environment: { name: 'twenty_questions', maxSteps: 3, objects: 'simple', selection: ':0:4' },
    })
    const recipe = dataSetRecipe.parse({
      runIds: [again],
      label: { kind: 'text', contains: 'e' },
      poolings: ['firstGenerated'],
      layers: [1],
    })
    const { id } = await engine.dataSets.create(recipe, ignore, never)
    const { documents, flags } = await make({ ...contrast('pooled'), dataSetId: id })
    expect(documents[0].document.vectors[0].episodes).toBe(4)
    expect(flags).toContainEqual(expect.stringContaining('Its 8 episodes are of 4 objects'))
  })

  test('is made once, and points the other way where that is asked', async () => {
    const one = await make(contrast('pooled'))
    expect((await make(contrast('pooled'))).id).toBe(one.id)
    const other = await make({ ...contrast('pooled'), towards: 'without “e”' })
    const [forth, back] = [one.id, other.id].map((id) => engine.vectors.values(id).data)
    expect([...back]).toEqual([...forth].map((value) => -value))
  })

  test.each([
    ['a layer that the data set has not', { layers: [0] }, 'invalid_input'],
    ['a pooling that it has not', { pooling: 'lastPrompt' as const }, 'invalid_input'],
    ['a class that it has not', { towards: 'x' }, 'invalid_input'],
    ['a data set that is not there', { dataSetId: 'd99' }, 'not_found'],
    ['classes of fewer rows than asked for', { settings: { leastPerClass: 100 } }, 'vector_refused'],
  ])('is refused for %s', async (_name, changes, code) => {
    await expect(make({ ...contrast('pooled'), ...changes })).rejects.toMatchObject({ code })
  })

  test('is refused where the activations do not tell the classes apart: the first prompt is the same in all', async () => {
    const recipe = dataSetRecipe.parse({
      runIds: [run],
      label: { kind: 'text', contains: 'e' },
      filter: { lastStep: 0 },
      layers: [1],
    })
    const { id } = await engine.dataSets.create(recipe, ignore, never)
    await expect(make({ ...contrast('pooled'), dataSetId: id })).rejects.toMatchObject({
      code: 'vector_refused',
      message: expect.stringContaining('zero') as string,
    })
  })
})

test('a vector between two lists of prompts is the mean of what the pairs differ by', async () => {
  const pairs = [
    { positive: 'a cat', negative: 'a dog' },
    { positive: 'one cat more', negative: 'one dog more' },
  ]
  const record = await make({
    kind: 'prompts',
    modelId: 'tiny',
    pairs,
    form: 'text',
    layers: [0, 1],
    settings: { leastPerClass: 1 },
  })
  expect(record.rows.map((row) => row.hook)).toEqual(['blocks.0.hook_resid_post', hook])
  expect(record.documents).toHaveLength(2)
  expect(record.rows.every(({ norm }) => norm > 0)).toBe(true)
  await expect(
    make({ kind: 'prompts', modelId: 'tiny', pairs, form: 'text', layers: [2] }),
  ).rejects.toMatchObject({ code: 'layer_out_of_range' })
})

describe('the step at which upstream would steer', () => {
  test('is not told without a probe of each step, nor for a vector of all steps', async () => {
    const each = await make(contrast('perStep'))
    const pooled = await make(contrast('pooled'))
    expect([engine.vectors.targetStep(each.id), engine.vectors.targetStep(pooled.id)]).toEqual([null, null])
    expect(() => engine.vectors.targetStep('nothing')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

describe('in a run', () => {
  const add = (vector: object, more: object = {}) =>
    [
      { kind: 'add', hook, positions: 'lastPrompt', vector, alpha: 3, ...more },
    ] as CollectInput['interventions']
  const answers = (id: string) =>
    Array.from({ length: 8 }, (_, episode) => engine.episodes.steps(id, episode)).flat()

  test('a vector of the library does what its numbers do', async () => {
    const { id } = await make(contrast('pooled'))
    const values = [...engine.vectors.values(id).data]
    const named = await collected({ interventions: add({ vector: id }) })
    const written = await collected({ interventions: add({ values }) })
    expect(answers(named).map(({ completion }) => completion)).toEqual(
      answers(written).map(({ completion }) => completion),
    )
    const [mine, theirs] = [named, written].map((each) => engine.runs.get(each).manifest.interventions)
    expect(mine.map(({ hash }) => hash)).toEqual(theirs.map(({ hash }) => hash))
    expect(mine[0].sources[0]).toContain(`vector ${id}`)
  })

  test('one for each step acts in every step with that step’s own, and in others not at all', async () => {
    const record = await make({ ...contrast('perStep') })
    const steps = record.rows.map((row) => row.steps![0])
    expect(steps.length).toBeGreaterThan(0)
    const id = await collected({ interventions: add({ vector: record.id }) })
    for (const step of answers(id)) expect(step.interventions.length).toBe(steps.includes(step.step) ? 1 : 0)
    const { interventions } = engine.runs.get(id).manifest
    expect(interventions).toHaveLength(steps.length)
    const values = engine.vectors.values(record.id).data
    const [first] = steps
    const alone = await collected({
      interventions: add({ values: [...values.subarray(0, width)] }, { applyAtSteps: [first] }),
    })
    const upTo = (run: string) =>
      answers(run)
        .filter(({ step }) => step <= first)
        .map(({ completion }) => completion)
    expect(upTo(id)).toEqual(upTo(alone))
  })

  test('controls of the same vector have its length, and another direction', async () => {
    const { id } = await make(contrast('pooled'))
    const read = async (variant?: object) =>
      (await engine.readRun({ vector: id, ...(variant && { variant }) } as { vector: string }, hook)).data
    const norm = (row: Float32Array) => Math.hypot(...row)
    const own = await read()
    for (const variant of [
      { kind: 'random', index: 0, seed: 1 },
      { kind: 'random', index: 3, seed: 1 },
      { kind: 'shuffled' },
    ]) {
      const other = await read(variant)
      expect(norm(other) / norm(own)).toBeCloseTo(1, 4)
      expect(own.reduce((sum, value, i) => sum + value * other[i], 0) / norm(own) ** 2).toBeLessThan(0.99)
      expect([...(await read(variant))]).toEqual([...other])
    }
    const data = npyBytes(
      Float64Array.from({ length: width }, (_, i) => i - 5),
      [width],
    )
    const { id: other } = await engine.vectors.import({ fileName: 'other.npy', data, name: '', hook })
    const left = await read({ kind: 'orthogonal', to: other })
    expect(norm(left) / norm(own)).toBeCloseTo(1, 5)
    expect(Math.abs(left.reduce((sum, value, i) => sum + value * (i - 5), 0)) / norm(own)).toBeLessThan(1e-4)
    await expect(read({ kind: 'orthogonal', to: id })).rejects.toMatchObject({ code: 'vector_lacks' })
  })

  test.each([
    ['a vector that is not there', { vector: 'v99' }, 'not_found'],
    ['a name of another kind', { vector: 'r1' }, 'not_found'],
  ])('%s is refused before the run is stored', async (_name, vector, code) => {
    const before = engine.runs.list().length
    await expect(engine.runs.start(settings({ interventions: add(vector) }))).rejects.toMatchObject({ code })
    expect(engine.runs.list()).toHaveLength(before)
  })
})

describe('as a file', () => {
  const numbers = Float32Array.from({ length: width }, (_, i) => i - 7.25)
  const take = (fileName: string, data: Uint8Array, more: object = {}) =>
    engine.vectors.import({ fileName, data, name: '', modelId: 'tiny', ...more })

  test.each(['safetensors', 'npy', 'gguf'] as const)('%s brings the same numbers back', async (format) => {
    const { id } = await make(contrast('pooled'))
    const { data, fileName } = engine.vectors.export(id, format)
    const back = await take(fileName, data, { hook })
    expect(back.rows).toMatchObject([{ hook, steps: null }])
    expect([...engine.vectors.values(back.id).data]).toEqual([...engine.vectors.values(id).data])
  })

  test('safetensors of NumPy’s doubles is rounded to float32', async () => {
    const doubles = Float64Array.from(numbers, (value) => value + 1e-9)
    const file = safetensorsBytes([{ name: hook, dtype: 'F64', shape: [width], data: doubles }])
    const { id, rows } = await take('doubles.safetensors', file)
    expect(rows).toMatchObject([{ hook, steps: null }])
    expect([...engine.vectors.values(id).data]).toEqual([...Float32Array.from(doubles)])
    const huge = doubles.map((value) => value * 1e300)
    const beyond = safetensorsBytes([{ name: hook, dtype: 'F64', shape: [width], data: huge }])
    await expect(take('huge.safetensors', beyond)).rejects.toMatchObject({ code: 'vector_not_finite' })
  })

  test('safetensors keeps a direction for each step, which a control vector has no place for', async () => {
    const { id, rows } = await make(contrast('perStep'))
    const { data, fileName } = engine.vectors.export(id, 'safetensors')
    expect((await take(fileName, data)).rows).toEqual(rows)
    expect(() => engine.vectors.export(id, 'gguf')).toThrow(
      expect.objectContaining({ code: 'vector_format' }),
    )
  })

  test.each([
    ['another width', 'a.npy', npyBytes(new Float64Array(8).fill(1), [8]), { hook }, 'vector_width'],
    ['NaN', 'a.npy', npyBytes(new Float64Array(16).fill(NaN), [16]), { hook }, 'vector_not_finite'],
    ['nothing but zeros', 'a.npy', npyBytes(new Float64Array(16), [16]), { hook }, 'vector_refused'],
    ['no hook point', 'a.npy', npyBytes(new Float64Array(16).fill(1), [16]), {}, 'invalid_input'],
    [
      'an unknown hook point',
      'a.npy',
      npyBytes(new Float64Array(16).fill(1), [16]),
      { hook: 'x' },
      'hook_unknown',
    ],
    [
      'a layer out of range',
      'a.gguf',
      controlVectorBytes([{ layer: 9, values: numbers }], 'llama'),
      {},
      'layer_out_of_range',
    ],
    ['another ending', 'a.pt', new Uint8Array(100), {}, 'array_unreadable'],
    ['bytes that are no such file', 'a.gguf', new Uint8Array(100), {}, 'array_unreadable'],
    [
      'other weights',
      'a.safetensors',
      safetensorsBytes([{ name: hook, dtype: 'F32', shape: [width], data: numbers }], {
        model_hash: '0'.repeat(64),
      }),
      {},
      'invalid_input',
    ],
  ])('one of %s is refused', async (_name, fileName, data, more, code) => {
    const before = engine.vectors.list().length
    await expect(take(fileName, data, more)).rejects.toMatchObject({ code })
    expect(engine.vectors.list()).toHaveLength(before)
  })
})

describe('refused as a file is', () => {
  const bring = (data: Uint8Array, fileName = 'x.npy', at = hook) =>
    engine.vectors.import({ fileName, data, name: '', hook: at })
  const rowsOf = (n: number) =>
    npyBytes(
      Float64Array.from({ length: n * width }, () => 1),
      [n, width],
    )

  test('one without a number, or with more rows than an episode has steps', async () => {
    await expect(bring(rowsOf(0))).rejects.toMatchObject({ code: 'array_unreadable' })
    await expect(bring(rowsOf(201))).rejects.toThrow(/at most 200/)
  })

  test('one of which no model here is known is taken, and says so where none has its hook point or width', async () => {
    const { flags, id } = await bring(rowsOf(1), 'x.npy', 'blocks.77.hook_resid_post')
    expect(flags.join(' ')).toContain('No model of this workspace has 16 values at blocks.77')
    expect((await bring(rowsOf(2), 'x.npy')).flags.join(' ')).not.toContain('No model of this workspace')
    engine.vectors.remove(id)
  })

  test('one for a hook point that no model could have', async () => {
    await expect(bring(rowsOf(1), 'x.npy', 'banana')).rejects.toThrow(/“banana”/)
  })

  test('what a run captured: rows of steps are no directions', async () => {
    const tensors = [
      { name: hook, dtype: 'F32' as const, shape: [2, width], data: new Float32Array(2 * width).fill(1) },
      { name: 'episode', dtype: 'F32' as const, shape: [2], data: Float32Array.of(0, 0) },
      { name: 'step', dtype: 'F32' as const, shape: [2], data: Float32Array.of(0, 1) },
    ]
    await expect(bring(safetensorsBytes(tensors, {}), 'x.safetensors')).rejects.toThrow(
      /activations of a run/,
    )
  })

  test('nothing, but as a control: more rows than values have no random directions with their cosines', async () => {
    const values = Float64Array.from({ length: (width + 1) * width }, (_, i) => Math.sin(i))
    const many = await bring(npyBytes(values, [width + 1, width]), 'many.npy')
    const random = { kind: 'random' as const, index: 0, seed: 1 }
    expect(() => engine.readRun({ vector: many.id, variant: random }, hook)).toThrow(/so many have none/)
  })

  test('an array of steps that do not begin at 0 and follow one another', async () => {
    const { id, rows } = await make(contrast('perStep'))
    const isWhole = rows.every(({ steps }, row) => steps?.[0] === row)
    if (isWhole) expect(engine.vectors.export(id, 'npy').fileName).toBe(`${id}.npy`)
    else expect(() => engine.vectors.export(id, 'npy')).toThrow(/other steps/)
    const pushed = await bring(
      npyBytes(
        Float64Array.from({ length: 2 * width }, (_, i) => (i < width ? 0 : 1)),
        [2, width],
      ),
    )
    expect(pushed.rows.map(({ steps }) => steps)).toEqual([[1, 1]])
    expect(() => engine.vectors.export(pushed.id, 'npy')).toThrow(/other steps/)
  })
})

test('a vector that a run may still go on with stays', async () => {
  const { id } = await make({ ...contrast('pooled'), towards: 'without “e”' })
  const { id: going } = await engine.runs.start(
    settings({
      interventions: [{ kind: 'add', hook, positions: 'lastPrompt', vector: { vector: id }, alpha: 1 }],
    }),
  )
  engine.runs.pause(going)
  await engine.runs.ended(going)
  expect(() => engine.vectors.remove(id)).toThrow(expect.objectContaining({ code: 'vector_in_use' }))
  engine.runs.remove(going)
  engine.vectors.remove(id)
  expect(() => engine.vectors.get(id)).toThrow(expect.objectContaining({ code: 'not_found' }))
})
