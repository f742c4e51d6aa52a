import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { interventionList, type InterventionInput } from '../contract/interventions.ts'
import { numberHunt } from '../environments/numberHunt.ts'
import { checkEveryStep, checkSteps } from '../inference/interventionPlan.ts'
import { hashModel, hashTokenizer } from '../model/hashModel.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { writeSafetensors } from '../model/safetensors.ts'
import { Workspace } from '../store/workspace.ts'
import { planForModel, readInterventions, runReader } from './interventions.ts'
import { LoadedModel } from './loadedModel.ts'
import { changesOf, earlierOf } from './runInterventions.ts'
import {
  playEpisode,
  stepSeed,
  type ChooseChanges,
  type EpisodePosition,
  type RecordedStep,
  type StepSituation,
} from './playEpisode.ts'

const never = new AbortController().signal
const hook = 'blocks.1.hook_resid_post'
const width = 16
const ones = Array.from({ length: width }, () => 1)

let folder: string
let files: ModelFiles
let vectors: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-interventions-'))
  files = await openModelFiles(await writeTinyModel(join(folder, 'tiny')))
  vectors = join(folder, 'vectors.safetensors')
  const row = (value: number, length = width): Float32Array => new Float32Array(length).fill(value)
  await writeSafetensors(
    vectors,
    [
      { name: 'v', dtype: 'F32', shape: [width], data: row(1) },
      { name: 'short', dtype: 'F32', shape: [8], data: row(1, 8) },
      { name: 'doubles', dtype: 'F64', shape: [width], data: new Float64Array(width).fill(0.1) },
      { name: 'huge', dtype: 'F64', shape: [width], data: new Float64Array(width).fill(1e39) },
      { name: 'nan', dtype: 'F32', shape: [width], data: row(NaN) },
      { name: 'ids', dtype: 'I32', shape: [width], data: new Int32Array(width) },
      {
        name: 'rows',
        dtype: 'F32',
        shape: [1, 3, width],
        data: Float32Array.from([...row(100), ...row(1), ...row(3)]),
      },
      {
        name: 'set',
        dtype: 'F32',
        shape: [2, width],
        data: Float32Array.from([...row(1), ...row(3)]),
      },
      { name: 'batch', dtype: 'F32', shape: [2, 3, width], data: row(1, 6 * width) },
      { name: 'headBatch', dtype: 'F32', shape: [2, 3, 4, 4], data: row(1, 96) },
      { name: 'heads', dtype: 'F32', shape: [2, 4, 4], data: Float32Array.from({ length: 32 }, (_, i) => i) },
    ],
    { tokenizer_hash: await hashTokenizer(files.tokenizer) },
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const plan = (list: InterventionInput[], readRun: Parameters<typeof planForModel>[2]['readRun'] = null) =>
  planForModel(interventionList.parse(list), files, {
    modelHash: 'weights',
    computeDtype: 'float32',
    readRun,
  })
const add = (vector: object, further: object = {}): InterventionInput =>
  ({ kind: 'add', hook, positions: 'lastPrompt', vector, alpha: 1, ...further }) as InterventionInput

describe('a file of interventions', () => {
  const write = async (text: string): Promise<string> => {
    const path = join(folder, 'list.json')
    await writeFile(path, text)
    return path
  }

  it('is the list, bare or in an object, with paths relative to itself', async () => {
    const list = [add({ file: 'vectors.safetensors', tensor: 'v' })]
    for (const content of [list, { interventions: list }]) {
      const [read] = await readInterventions(await write(JSON.stringify(content)), '--intervene')
      expect(read).toMatchObject({ kind: 'add', unit: 'vector', vector: { file: vectors } })
    }
  })

  it.each([
    ['{', /is not JSON/],
    ['[{"kind": "ad"}]', /zeroAblate/],
    [JSON.stringify([add({ values: ones }, { alfa: 1 })]), /alfa/],
    [JSON.stringify([add({ values: ones }, { positions: 'last' })]), /lastPrompt/],
    [JSON.stringify([add({ values: ones }, { phase: 'decode' })]), /prompt/],
    [JSON.stringify([add({ values: [null] })]), /file, tensor/],
    [JSON.stringify([{ kind: 'clamp', hook, positions: 'all', vector: { values: ones } }]), /low/],
    ['null', /holds no list/],
    ['3', /holds no list/],
    ['{}', /interventions: /],
    ['{"interventions": [], "intervention": [{"kind": "nonsense"}]}', /“?intervention"/],
  ])('that is wrong is an error: %s', async (text, message) => {
    const reading = readInterventions(await write(text), '--intervene')
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(/^--intervene: .*list\.json/)
    await expect(reading).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('that is not there is an error', async () => {
    await expect(readInterventions(join(folder, 'none.json'), '--intervene')).rejects.toThrow(/--intervene/)
  })
})

describe('a plan', () => {
  it('rounds what a file has in float64', async () => {
    const [{ intervention }] = await plan([add({ file: vectors, tensor: 'doubles' })])
    expect(intervention.change).toMatchObject({
      vector: { data: new Float32Array(width).fill(Math.fround(0.1)), rows: 1 },
    })
  })

  it('takes means and rows without the attention sink, unless asked', async () => {
    const source = { file: vectors, tensor: 'rows' }
    const [mean, all, drawn, ofSet] = await plan([
      { kind: 'meanAblate', hook, positions: 'allPrompt', source },
      { kind: 'meanAblate', hook, positions: 'allPrompt', source, includeSink: true },
      { kind: 'resampleAblate', hook, positions: 'allPrompt', source },
      { kind: 'meanAblate', hook, positions: 'allPrompt', source: { file: vectors, tensor: 'set' } },
    ])
    const rows = ({ intervention: { change } }: typeof mean): number[] =>
      change.kind === 'replace' ? [...change.table.data] : []
    expect(rows(mean)).toEqual(ones.map(() => 2))
    expect(rows(ofSet)).toEqual(ones.map(() => 2)) // each row of a set counts
    expect(rows(all)[0]).toBeCloseTo(104 / 3, 5)
    expect(new Set(rows(drawn))).toEqual(new Set([1, 3]))
    expect([mean, all].map(({ intervention }) => intervention.leavesSink)).toEqual([true, false])
    expect(mean.provenance).toEqual([`source: ${vectors} rows, 3 rows`])
  })

  it('has one entry for each hook point, and heads as they lie in the file', async () => {
    const planned = await plan([
      { kind: 'zeroAblate', hook: [hook, 'blocks.0.hook_resid_post'], positions: 'all', name: 'off' },
      {
        kind: 'patch',
        hook: 'blocks.0.attn.hook_z',
        positions: { at: 1 },
        source: { file: vectors, tensor: 'heads' },
        sourcePosition: -1,
      },
    ])
    expect(planned.map(({ intervention }) => intervention.name)).toEqual([
      `off (${hook})`,
      'off (blocks.0.hook_resid_post)',
      '2, patch',
    ])
    const { change } = planned[2].intervention
    expect(change).toMatchObject({ kind: 'replace', table: { rows: 1, units: 4 }, choice: { kind: 'first' } })
    expect(change.kind === 'replace' && change.table.data[0]).toBe(16)
  })

  it.each<[string, InterventionInput, string, RegExp]>([
    [
      'a file that is not there',
      add({ file: '/none.safetensors', tensor: 'v' }),
      'intervention_source_missing',
      /none/,
    ],
    [
      'a tensor that is not in it',
      add({ file: 'V', tensor: 'w' }),
      'intervention_source_missing',
      /it has v/,
    ],
    ['whole numbers', add({ file: 'V', tensor: 'ids' }), 'intervention_source_missing', /I32/],
    [
      'a sum on attention patterns',
      add({ values: ones }, { hook: 'blocks.0.attn.hook_pattern' }),
      'intervention_invalid',
      /whole rows can be replaced/,
    ],
    [
      'a gate on attention patterns',
      {
        kind: 'zeroAblate',
        hook: 'blocks.0.attn.hook_attn_scores',
        positions: 'all',
        gate: { vector: { values: ones }, above: 0 },
      },
      'intervention_invalid',
      /whole rows can be replaced/,
    ],
    ['another width', add({ file: 'V', tensor: 'short' }), 'intervention_width', /8 values/],
    ['float64 beyond float32', add({ file: 'V', tensor: 'huge' }), 'intervention_not_finite', /Infinity/],
    ['NaN', add({ file: 'V', tensor: 'nan' }), 'intervention_not_finite', /NaN/],
    ['several rows for one vector', add({ file: 'V', tensor: 'rows' }), 'intervention_invalid', /3 rows/],
    [
      'a run without a workspace',
      add({ run: 'r1', at: 'meanPrompt' }),
      'intervention_source_missing',
      /workspace/,
    ],
    [
      'a hook point with a typo',
      add({ values: ones }, { hook: 'blocks.1.hook_resid_pst' }),
      'hook_unknown',
      /pst/,
    ],
    [
      'a pattern elsewhere',
      { kind: 'freezePattern', hook, positions: 'allPrompt', source: { file: 'V', tensor: 'rows' } },
      'intervention_invalid',
      /no attention pattern/,
    ],
  ])('refuses before anything is loaded: %s', async (_, setting, code, message) => {
    const text = JSON.stringify(setting).replaceAll('"V"', JSON.stringify(vectors))
    const planning = plan([JSON.parse(text) as InterventionInput])
    await expect(planning).rejects.toThrow(message)
    await expect(planning).rejects.toMatchObject({ code })
  })

  it('refuses activations of another tokeniser and of other weights', async () => {
    const foreign = join(folder, 'foreign.safetensors')
    const tensor = { name: 'v', dtype: 'F32' as const, shape: [width], data: new Float32Array(width).fill(1) }
    for (const [metadata, what] of [
      [{ tokenizer_hash: 'other' }, /the tokeniser other/],
      [{ model_hash: 'other' }, /the weights other/],
    ] as const) {
      await writeSafetensors(foreign, [tensor], metadata)
      const planning = plan([add({ file: foreign, tensor: 'v' })])
      await expect(planning).rejects.toThrow(what)
      await expect(planning).rejects.toMatchObject({ code: 'intervention_foreign' })
    }
    await writeSafetensors(foreign, [tensor], { model_hash: await hashModel(files) })
    const own = interventionList.parse([add({ file: foreign, tensor: 'v' })])
    expect(await planForModel(own, files, { computeDtype: 'float32', readRun: null })).toHaveLength(1)
  })

  it('refuses activations of weights that were computed otherwise', async () => {
    const rounded = join(folder, 'rounded.safetensors')
    const tensor = { name: 'v', dtype: 'F32' as const, shape: [width], data: new Float32Array(width).fill(1) }
    await writeSafetensors(rounded, [tensor], { compute_dtype: 'int8' })
    const planning = plan([add({ file: rounded, tensor: 'v' })])
    await expect(planning).rejects.toThrow(/the compute dtype int8; this model has float32/)
    await expect(planning).rejects.toMatchObject({ code: 'intervention_foreign' })
  })

  it('has an entry for each hook point that a pattern fits, all of one place in the list', async () => {
    const planned = await plan([
      add({ values: ones }),
      {
        kind: 'zeroAblate',
        hook: ['blocks.{0,1}.hook_attn_out', 'blocks.*.hook_attn_out'],
        positions: 'all',
      },
    ])
    expect(planned.map(({ intervention: { hook: own, index } }) => [own, index])).toEqual([
      [hook, 0],
      ['blocks.0.hook_attn_out', 1],
      ['blocks.1.hook_attn_out', 1],
    ])
    const beyond = plan([{ kind: 'zeroAblate', hook: 'blocks.{1,2}.hook_attn_out', positions: 'all' }])
    await expect(beyond).rejects.toMatchObject({ code: 'layer_out_of_range' })
  })

  it('refuses steps that no episode reaches, and for a whole episode any of them', async () => {
    const planned = await plan([add({ values: ones }, { applyAtSteps: [3, 4] })])
    expect(() => checkSteps(planned, 3)).toThrow(/steps 3, 4 of 3/)
    expect(() => checkSteps(planned, 4)).not.toThrow()
    expect(() => checkEveryStep(planned, 4)).toThrow(/\(steps 4 of 4\)/)
    expect(() => checkEveryStep(planned, 5)).not.toThrow()
  })

  it('refuses vectors and gates of zeros, which would do nothing', async () => {
    const zeros = { values: ones.map(() => 0) }
    for (const unit of ['vector', 'valueNorm'])
      await expect(plan([add(zeros, { unit })])).rejects.toThrow(/its vector is zero/)
    const gate = { vector: zeros, above: 0.5 }
    const planning = plan([add({ values: ones }, { gate })])
    await expect(planning).rejects.toThrow(/its gate is zero/)
    await expect(planning).rejects.toMatchObject({ code: 'intervention_invalid' })
  })

  it('refuses several sequences as one source', async () => {
    const several = { file: vectors, tensor: 'batch' }
    for (const kind of ['patch', 'meanAblate', 'resampleAblate'] as const) {
      const planning = plan([{ kind, hook, positions: 'lastPrompt', source: several }])
      await expect(planning).rejects.toThrow(/\[2, 3, 16\].*one sequence/)
      await expect(planning).rejects.toMatchObject({ code: 'intervention_invalid' })
    }
    const z = 'blocks.0.attn.hook_z'
    const heads = (tensor: string): InterventionInput => ({
      kind: 'patch',
      hook: z,
      positions: 'lastPrompt',
      source: { file: vectors, tensor },
    })
    await expect(plan([heads('headBatch')])).rejects.toThrow(/one sequence/)
    expect(await plan([heads('heads')])).toHaveLength(1)
  })
})

describe('activations of a run', () => {
  it('are one step’s, or a row for every step', async () => {
    const workspace = Workspace.open(join(folder, 'workspace'))
    const { manifest } = sampleRun()
    const { id } = workspace.runs.create(sampleRun())
    workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
    workspace.steps.append(sampleStep(id, 0, 0))
    workspace.steps.append(sampleStep(id, 0, 1))
    const read = runReader(workspace)
    const captured = sampleStep(id, 0, 1).captures[0]
    const one = await read({ run: id, episode: 0, step: 1, at: 'lastPrompt' }, captured.hook)
    expect([...one.data]).toEqual([...captured.lastPrompt])
    expect(one).toMatchObject({ modelHash: manifest.modelHash, tokenizerHash: manifest.tokenizerHash })
    const all = await read({ run: id, at: 'lastPrompt' }, captured.hook)
    expect(all.shape).toEqual([2, captured.width])
    expect([...all.data.subarray(captured.width)]).toEqual([...captured.lastPrompt])
    await expect(async () => read({ run: id, at: 'all' }, captured.hook)).rejects.toThrow(
      /episode and a step/,
    )
    await expect(async () => read({ run: id, episode: 7, at: 'lastPrompt' }, captured.hook)).rejects.toThrow(
      /no .* for episode 7/,
    )
    workspace.close()
  })
})

describe('episodes under interventions', () => {
  const environment = numberHunt({
    name: 'number_hunt',
    upTo: 100,
    maxSteps: 4,
    systemPrompt: '',
    selection: '',
  })
  let model: LoadedModel
  beforeAll(async () => {
    model = await LoadedModel.open(files, { cacheFolder: folder, rows: 2, hash: undefined }, () => {}, never)
  })
  afterAll(() => model.close())

  async function play(choose?: ChooseChanges, from?: Partial<EpisodePosition>): Promise<RecordedStep[]> {
    const steps: RecordedStep[] = []
    const start = { episode: 0, task: '7', state: environment.reset('7'), step: 0, earlierPrompts: [] }
    await playEpisode(
      { ...start, ...from },
      {
        runId: 'r1',
        seed: 5,
        sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 6, stopTokens: [] },
        capture: { hooks: [hook], positions: 'all' },
        environment,
        model,
        changes: choose,
        record: (step) => void steps.push(step),
      },
      never,
    )
    return steps
  }
  const bits = ({ record, captures }: RecordedStep): unknown => {
    const { prefillMs: _, decodeMs: __, oracleMs: ___, ...rest } = record
    return { rest, captures }
  }

  it('act at the steps they name, and leave those before as they are', async () => {
    const planned = await plan([add({ values: ones }, { alpha: 9, positions: 'all', applyAtSteps: [2] })])
    const [plain, steered] = [await play(), await play(changesOf(planned))]
    expect(steered.slice(0, 2).map(bits)).toEqual(plain.slice(0, 2).map(bits))
    expect(steered[2].record.promptIds).toEqual(plain[2].record.promptIds)
    expect(steered[2].record.completionIds).not.toEqual(plain[2].record.completionIds)
    expect(steered[2].record.reusedTokens).toBe(0)
    expect(steered.map(({ interventions }) => interventions.length)).toEqual([0, 0, 1, 0])
    const { promptIds, completionIds } = steered[2].record
    const tokens = promptIds.length + completionIds.length
    expect(steered.map(({ record }) => record.interventions)).toEqual([
      [],
      [],
      [{ index: 0, tokens, open: null }],
      [],
    ])
  })

  it('go on after a stop with the bits of an episode that was not stopped', async () => {
    const planned = await plan([
      add({ values: ones }, { alpha: 2, positions: 'allPrompt', applyAtSteps: [0, 1, 3] }),
      { kind: 'resampleAblate', hook, positions: 'lastPrompt', source: { file: vectors, tensor: 'rows' } },
    ])
    const whole = await play(changesOf(planned))
    const rest = await play(changesOf(planned), {
      step: 2,
      state: whole[1].state,
      earlierPrompts: whole.slice(0, 2).map(({ record }) => record.promptIds),
      earlierInterventions: earlierOf(
        planned,
        whole.slice(0, 2).map(({ record }) => record.interventions),
        (step) => stepSeed(5, 0, step),
      ),
    })
    expect(rest.map(bits)).toEqual(whole.slice(2).map(bits))
  })

  it('may follow from the state, which is all there before the step', async () => {
    const [{ intervention }] = await plan([add({ values: ones }, { alpha: 9, positions: 'all' })])
    const seen: StepSituation[] = []
    const steps = await play(async (situation) => {
      seen.push(situation)
      await Promise.resolve()
      const { turns } = situation.state as unknown as { turns: unknown[] }
      return { interventions: turns.length === 1 ? [intervention] : [] }
    })
    expect(
      seen.map(({ step, messages, earlierPrompts }) => [step, messages.length, earlierPrompts.length]),
    ).toEqual(steps.map((_, step) => [step, 1, step]))
    expect(steps.map(({ interventions }) => interventions.length)).toEqual(
      steps.map((_, step) => Number(step === 1)),
    )
  })

  it('may be functions, of which later steps keep nothing', async () => {
    const called = new Set<number>()
    const choose: ChooseChanges = ({ step }) => ({
      functions:
        step === 1
          ? [
              {
                hook,
                run({ data }) {
                  called.add(step)
                  return data.map((value) => value + 9)
                },
              },
            ]
          : [],
    })
    const [plain, whole] = [await play(), await play(choose)]
    expect([...called]).toEqual([1])
    expect(bits(whole[0])).toEqual(bits(plain[0]))
    expect(whole[1].record.completionIds).not.toEqual(plain[1].record.completionIds)
    const rest = await play(choose, {
      step: 2,
      state: whole[1].state,
      earlierPrompts: whole.slice(0, 2).map(({ record }) => record.promptIds),
    })
    expect(rest.map(bits)).toEqual(whole.slice(2).map(bits))
  })
})
