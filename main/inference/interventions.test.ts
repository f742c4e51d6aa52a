import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'
import { listHooks, parseHook } from '../model/hookNames.ts'
import { rowLayout } from '../model/interventionGraph.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import {
  makeIntervention,
  type Intervention,
  type InterventionChange,
  type InterventionDraft,
  type RowTable,
} from './interventions.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { DecoderSession } from './session.ts'

let folder: string
let config: DecoderConfig
let weights: WeightMap
let plain: DecoderSession
const others: DecoderSession[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interventions-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model'), { layers: 3 }))
  config = files.config
  weights = await prepareWeights(files, { cacheFolder: folder })
  plain = await newSession()
})
afterAll(async () => {
  for (const session of others) await session.release()
  await rm(folder, { recursive: true })
})

async function newSession(threads = 1): Promise<DecoderSession> {
  const session = await DecoderSession.create(config, weights, { threads })
  others.push(session)
  return session
}

const schedulerOn = (session: DecoderSession, maxRows = 1): Scheduler =>
  new Scheduler(session, { maxRows, cacheBytes: 2 ** 26 })

function randomIds(seed: string, length: number): Int32Array {
  const next = seededGenerator(seed)
  return Int32Array.from({ length }, () => Math.floor(next() * config.shape.vocabulary))
}

const hooks = ['blocks.0.hook_resid_post', 'blocks.2.hook_resid_post']
const request = (promptIds: Int32Array, further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 4, stopIds: [], seed: 'seed' },
  capture: { hooks, positions: 'all' },
  ...further,
})

/** All that a result says but its timings. */
const content = ({ prefillMs: _, decodeMs: __, ...rest }: GenerateResult): unknown => rest

const table = (data: number[], rows = 1, units = 1): RowTable => ({
  data: Float32Array.from(data),
  rows,
  units,
})

const draft = (further: Partial<InterventionDraft> & { change: InterventionChange }): InterventionDraft => ({
  name: 'test',
  hook: 'blocks.1.hook_resid_post',
  heads: null,
  positions: 'allPrompt',
  phase: 'prompt',
  gate: null,
  leavesSink: false,
  ifAbsent: 'error',
  ...further,
})
const make = (further: Partial<InterventionDraft> & { change: InterventionChange }): Intervention =>
  makeIntervention(draft(further), config.shape)

/** An intervention of any kind at any hook point, on tokens that every prompt has. */
function randomIntervention(seed: string): Intervention {
  const next = seededGenerator(seed)
  const below = (limit: number): number => Math.floor(next() * limit)
  const points = listHooks(config.shape)
  const { name, sizes } = points[below(points.length)]
  const { units, width } = rowLayout(parseHook(name, config.shape))
  const values = (rows = 1): RowTable =>
    table(
      Array.from({ length: rows * (width ?? 400) }, () => (width === null ? 1 / 400 : next() * 4 - 2)),
      rows,
    )
  const changes: InterventionChange[] = [
    { kind: 'replace', table: values(3), choice: { kind: 'drawn', seed } },
  ]
  if (width !== null)
    changes.push(
      { kind: 'add', vector: values(), alpha: 2, unit: 'vector', normMatched: false },
      { kind: 'add', vector: values(), alpha: 0.5, unit: 'valueNorm', normMatched: true },
    )
  // A divisor of 0 would leave no numbers to compare.
  if (!name.endsWith('hook_scale')) changes.push({ kind: 'zero' })
  if (width !== null && width > 1) changes.push({ kind: 'clamp', direction: values(), low: 0, high: 0 })
  const rules = [
    { positions: 'lastPrompt', phase: 'prompt' },
    { positions: 'allPrompt', phase: 'prompt' },
    { positions: 'all', phase: 'both' },
    { positions: 'everyGenerated', phase: 'decode' },
    { positions: { first: -3, last: -2 }, phase: 'prompt' },
  ] as const
  return make({
    name: seed,
    hook: name,
    heads: units !== null && below(2) ? [below(sizes[0])] : null,
    ...rules[below(rules.length)],
    gate: width !== null && below(3) === 0 ? { direction: values(), threshold: 0 } : null,
    change: changes[below(changes.length)],
  })
}

describe('rows of a batch', () => {
  it('have the bits they have alone, with and without interventions, at any hook points', async () => {
    const cases = Array.from({ length: 40 }, (_, index) => {
      const next = seededGenerator(`case ${index}`)
      const interventions =
        index % 3 === 0
          ? []
          : Array.from({ length: 1 + Math.floor(next() * 3) }, (_, nth) =>
              randomIntervention(`${index}/${nth}`),
            )
      const sampling = { ...request(randomIds('', 1)).sampling, seed: `case ${index}` }
      return request(randomIds(`case ${index}`, 4 + Math.floor(next() * 200)), { interventions, sampling })
    })
    const alone: unknown[] = []
    for (const one of cases) {
      const session = one.interventions?.length ? await newSession() : plain
      alone.push(content(await schedulerOn(session).submit(1, one)))
    }
    for (const threads of [1, 2]) {
      const crowded = schedulerOn(await newSession(threads), 7)
      const together = await Promise.all(cases.map((one, id) => crowded.submit(id, one)))
      together.forEach((result, index) =>
        expect(content(result), cases[index].interventions?.map(({ hook }) => hook).join(' ')).toEqual(
          alone[index],
        ),
      )
    }
  }, 60_000)
})

const width = 16
const steering = (further: Partial<InterventionDraft> = {}, alpha = 3): Intervention =>
  make({
    change: {
      kind: 'add',
      vector: table(Array.from({ length: width }, (_, index) => Math.sin(index))),
      alpha,
      unit: 'vector',
      normMatched: false,
    },
    ...further,
  })

const all = (result: GenerateResult, hook: string): Float32Array => {
  const values = result.captures.find((capture) => capture.hook === hook)?.all?.data
  if (!values) throw new TypeError(`${hook} was not captured`)
  return values
}
const capture = (...names: string[]): GenerateRequest['capture'] => ({ hooks: names, positions: 'all' })

describe('an intervention', () => {
  const hook = 'blocks.1.hook_resid_post'
  const prompt = (): Int32Array => randomIds('prompt', 20)
  const rows = (values: Float32Array): Float32Array[] =>
    Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width))

  async function run(...interventions: Intervention[]): Promise<GenerateResult> {
    return schedulerOn(plain).submit(1, request(prompt(), { interventions, capture: capture(hook) }))
  }

  it('that does nothing leaves every bit as it is', async () => {
    const none = await schedulerOn(await newSession()).submit(
      1,
      request(prompt(), { capture: capture(hook) }),
    )
    const idle = await run(steering({}, 0), make({ change: { ...unbounded } }))
    expect({ ...idle, interventions: undefined, prefillMs: 0, decodeMs: 0 }).toEqual({
      ...none,
      interventions: undefined,
      prefillMs: 0,
      decodeMs: 0,
    })
  })

  it('adds to the positions it names and to no other', async () => {
    const before = rows(all(await run(), hook))
    const after = rows(all(await run(steering({ positions: { at: [4, -2] } })), hook))
    const difference = (row: number): number[] => [...after[row]].map((value, i) => value - before[row][i])
    for (let row = 0; row < 20; row++) {
      const expected = row === 4 || row === 18 ? 3 : 0
      difference(row).forEach((value, i) => expect(value).toBeCloseTo(expected * Math.sin(i), 4))
      if (expected === 0) expect(after[row]).toEqual(before[row])
    }
  })

  it('acts on what those before it left, in the stated order', async () => {
    const zero = make({ change: { kind: 'zero' }, positions: 'lastPrompt' })
    const add = steering({ positions: 'lastPrompt' })
    const zeroed = rows(all(await run(add, zero), hook))[19]
    const added = rows(all(await run(zero, add), hook))[19]
    expect([...zeroed]).toEqual(Array.from({ length: width }, () => 0))
    added.forEach((value, i) => expect(value).toBeCloseTo(3 * Math.sin(i), 6))
  })

  it('takes a direction out, clamps along it, keeps norms', async () => {
    const direction = table(Array.from({ length: width }, (_, i) => (i === 2 ? 5 : 0)))
    const at = { positions: 'lastPrompt' as const }
    const [own] = [rows(all(await run(), hook))[19]]
    const projected = await run(make({ ...at, change: { kind: 'clamp', direction, low: 0, high: 0 } }))
    expect(rows(all(projected, hook))[19][2]).toBeCloseTo(0, 6)
    const high = own[2] - 0.25
    const clamped = await run(make({ ...at, change: { kind: 'clamp', direction, low: -Infinity, high } }))
    expect(rows(all(clamped, hook))[19][2]).toBeCloseTo(high, 6)
    const norm = (row: Float32Array): number => Math.hypot(...row)
    const matched = await run(
      make({
        ...at,
        change: { kind: 'add', vector: direction, alpha: 0.5, unit: 'valueNorm', normMatched: true },
      }),
    )
    expect(norm(rows(all(matched, hook))[19])).toBeCloseTo(norm(own), 4)
    expect(rows(all(matched, hook))[19][2]).not.toBeCloseTo(own[2], 1)
  })

  it('that keeps norms leaves zeros as they are, and numbers beside them', async () => {
    const direction = table(Array.from({ length: width }, (_, i) => (i === 2 ? 5 : 0)))
    const kept = (vector: RowTable, alpha: number): Intervention =>
      make({ change: { kind: 'add', vector, alpha, unit: 'valueNorm', normMatched: true } })
    const zeroed = await run(
      make({ change: { kind: 'zero' }, positions: { at: [4, 19] } }),
      kept(direction, 0.5),
    )
    const [four, five] = rows(all(zeroed, hook)).slice(4, 6)
    expect(four).toEqual(new Float32Array(width))
    expect(five.every(Number.isFinite)).toBe(true)
    expect(five).not.toEqual(new Float32Array(width))
    // A value that is its own direction, taken away whole, leaves nothing to be stretched.
    const along = make({
      positions: 'lastPrompt',
      change: { kind: 'replace', table: direction, choice: { kind: 'first' } },
    })
    const taken = await run(along, { ...kept(direction, -1), positions: 'lastPrompt' })
    expect(rows(all(taken, hook))[19]).toEqual(new Float32Array(width))
  })

  it('behind a gate acts where the gate is open, and says how often', async () => {
    const before = rows(all(await run(), hook))
    const direction = table(Array.from({ length: width }, (_, i) => Number(i === 0)))
    const result = await run(steering({ gate: { direction, threshold: 0 } }))
    const after = rows(all(result, hook))
    const open = before.slice(0, 20).filter((row) => row[0] > 0).length
    expect(open).toBeGreaterThan(0)
    expect(open).toBeLessThan(20)
    before.slice(0, 20).forEach((row, index) => {
      if (row[0] > 0) expect(after[index]).not.toEqual(row)
      else expect(after[index]).toEqual(row)
    })
    expect(result.interventions).toEqual([{ name: 'test', tokens: 20, open }])
  })

  it('behind a gate counts the same where the start of its prompt was computed for another', async () => {
    const direction = table(Array.from({ length: width }, (_, i) => Number(i === 0)))
    const gate = { direction, threshold: 0 }
    // The second has another gate, on heads, and works on what the first left.
    const heads = table([1, 0, 0, 0])
    const z = make({
      name: 'z',
      hook: 'blocks.1.attn.hook_z',
      gate: { direction: heads, threshold: 0 },
      change: { kind: 'zero' },
    })
    const interventions = [steering({ gate }), z]
    const start = randomIds('start', 200)
    const first = request(start, { interventions, capture: capture() })
    const longer = request(Int32Array.from([...start.subarray(0, 150), ...randomIds('end', 9)]), {
      interventions,
      capture: capture(),
    })
    const next = { ...longer, earlierPrompts: [start], earlierInterventions: [interventions] }
    const counted = async (one: Scheduler, id: number, asked: GenerateRequest) =>
      (await one.submit(id, asked)).interventions
    const alone = (asked: GenerateRequest) => counted(schedulerOn(plain), 1, asked)
    const one = schedulerOn(plain, 2)
    expect(await counted(one, 1, first)).toEqual(await alone(first))
    expect(await counted(one, 2, first)).toEqual(await alone(first)) // all of it from the first prompts
    expect(await counted(one, 3, longer)).toEqual(await alone(longer)) // a chunk of it
    expect(await counted(one, 4, next)).toEqual(await alone(next)) // 150 tokens in its slot
    expect(one.stats().continued).toBe(1)
    const [byRow, byHead] = (await alone(next))!
    expect(byRow.open).toBeGreaterThan(20)
    expect(byHead.open).toBeGreaterThan(100)
    const together = await Promise.all([5, 6].map((id) => counted(one, id, next)))
    expect(together).toEqual([await alone(next), await alone(next)])
  })

  it('of α = 0 does not ask its gate, and says so', async () => {
    const direction = table(Array.from({ length: width }, () => 1))
    const result = await run(steering({ gate: { direction, threshold: 0 } }, 0))
    expect(result.interventions).toEqual([{ name: 'test', tokens: 20, open: null }])
  })

  it('on one head leaves the others alone', async () => {
    const z = 'blocks.1.attn.hook_z'
    const cut = make({ hook: z, heads: [2], change: { kind: 'zero' }, positions: 'lastPrompt' })
    const ask = (interventions: Intervention[]): Promise<GenerateResult> =>
      schedulerOn(plain).submit(1, request(prompt(), { interventions, capture: capture(z) }))
    const before = rows(all(await ask([]), z))[19]
    const after = rows(all(await ask([cut]), z))[19]
    expect([...after]).toEqual([...before].map((value, i) => (i >= 8 && i < 12 ? 0 : value)))
  })

  it('on attention patterns replaces the keys that a query sees, those of earlier passes too', async () => {
    const pattern = 'blocks.2.attn.hook_pattern'
    const long = randomIds('long', 150)
    const seen = 150
    const uniform = table(
      Array.from({ length: 150 * seen }, () => 1 / seen),
      150,
    )
    const frozen = make({
      hook: pattern,
      heads: [1],
      positions: 'lastPrompt',
      change: { kind: 'replace', table: uniform, choice: { kind: 'byPosition' } },
    })
    const result = await schedulerOn(plain).submit(
      1,
      request(long, { interventions: [frozen], capture: capture(pattern) }),
    )
    const found = result.captures[0].all!
    const [, , positions, keys] = found.shape
    const row = found.data.subarray((positions + 149) * keys, (positions + 149) * keys + keys)
    expect([...row.subarray(0, 150)]).toEqual(Array.from({ length: 150 }, () => Math.fround(1 / seen)))
    expect(Math.max(...row.subarray(150))).toBe(0)
  })

  it('on generated tokens acts on each when it is read back, even where the first one ends the answer', async () => {
    const every = steering({ positions: 'everyGenerated', phase: 'decode' })
    const steered = await run(every)
    const own = await run()
    expect(steered.interventions).toEqual([{ name: 'test', tokens: 4, open: null }])
    expect(steered.completionIds[0]).toBe(own.completionIds[0])
    expect(rows(all(steered, hook))[20]).not.toEqual(rows(all(own, hook))[20])
    const sampling = { ...request(prompt()).sampling, stopIds: [own.completionIds[0]] }
    const short = await schedulerOn(plain).submit(
      1,
      request(prompt(), { sampling, interventions: [every], capture: capture() }),
    )
    expect(short.completionIds).toHaveLength(1)
    expect(short.interventions?.[0].tokens).toBe(1)
  })

  it.each<[string, Partial<InterventionDraft>, number]>([
    ['every one', { positions: 'everyGenerated', phase: 'decode' }, 4],
    ['all while decoding', { positions: 'all', phase: 'decode' }, 4],
    ['all', { positions: 'all', phase: 'both' }, 24],
  ])('on generated tokens meets as many without a capture: %s', async (_, where, tokens) => {
    const met = async (hooks: string[], maxNewTokens: number): Promise<number | undefined> => {
      const sampling = { ...request(prompt()).sampling, maxNewTokens }
      const further = { sampling, interventions: [steering(where, 1e-6)], capture: capture(...hooks) }
      return (await schedulerOn(plain).submit(1, request(prompt(), further))).interventions?.[0].tokens
    }
    expect([await met([hook], 4), await met([], 4)]).toEqual([tokens, tokens])
    expect([await met([hook], 1), await met([], 1)]).toEqual([tokens - 3, tokens - 3])
  })

  it('meets a text that the very last token of the answer completes', async () => {
    const tokens = [...(await run()).completionIds.subarray(2)]
    const there = steering({ positions: { tokens }, phase: 'decode' })
    const asked = request(prompt(), { interventions: [there], capture: capture() })
    expect((await schedulerOn(plain).submit(1, asked)).interventions?.[0].tokens).toBe(1)
  })

  it('follows a token pattern into the answer', async () => {
    const own = await run()
    const [first, second] = own.completionIds
    const tokens = [first, second]
    const there = steering({ positions: { tokens }, phase: 'decode' }, 1e-6)
    expect((await run(there)).interventions?.[0].tokens).toBe(1)
    const absent = steering({ positions: { tokens: [first, first, first, first] }, phase: 'decode' })
    await expect(run(absent)).rejects.toMatchObject({ code: 'intervention_never_fired' })
    await expect(run({ ...absent, ifAbsent: 'skip' })).resolves.toBeDefined()
  })

  it('is gone with its request, however that ends', async () => {
    const session = await newSession()
    const some = schedulerOn(session, 3)
    const ask = (id: number, interventions: Intervention[]): Promise<GenerateResult> =>
      some.submit(id, request(randomIds('later', 30), { interventions }))
    const before = content(await ask(1, []))
    void ask(2, [steering()])
    await new Promise((resolve) => setTimeout(resolve, 3))
    some.cancel(2)
    expect(content(await ask(3, []))).toEqual(before)
    const absent = steering({ positions: { tokens: [1, 2, 3, 4, 5] }, phase: 'decode' })
    await expect(ask(4, [absent])).rejects.toMatchObject({ code: 'intervention_never_fired' })
    await ask(5, [steering()])
    expect(content(await ask(6, []))).toEqual(before)
    expect(some.stats()).toMatchObject({ running: 0, waiting: 0 })
  })

  const divisor = 'blocks.1.ln2.hook_scale'
  it('is gone where it ended in values that are no numbers', async () => {
    const later = (id: number): GenerateRequest => request(randomIds(`later ${id}`, 30))
    const before = content(await schedulerOn(plain).submit(1, later(1)))
    const one = schedulerOn(await newSession())
    const broken = make({ hook: divisor, change: { kind: 'zero' } })
    const long = request(randomIds('long', 150), { interventions: [broken] })
    await expect(one.submit(1, long)).rejects.toMatchObject({
      code: 'logits_not_finite',
      cure: expect.stringMatching(/^Where interventions act.*weights/) as string,
    })
    expect(content(await one.submit(2, later(1)))).toEqual(before)
  })

  it('is gone where the last token, read back, left values that are no numbers', async () => {
    const broken = make({
      hook: divisor,
      positions: 'everyGenerated',
      phase: 'decode',
      change: { kind: 'zero' },
    })
    const sampling = { ...request(prompt()).sampling, maxNewTokens: 1 }
    const first = request(prompt(), { sampling, interventions: [broken] })
    const next = request(Int32Array.from([...prompt(), 1]), { earlierPrompts: [first.promptIds] })
    const one = schedulerOn(await newSession())
    await one.submit(1, first)
    const following = content(await one.submit(2, { ...next, earlierInterventions: [[broken]] }))
    expect(one.stats().continued).toBe(1)
    expect(following).toEqual(content(await schedulerOn(plain).submit(1, next)))
  })
})

const unbounded: InterventionChange = {
  kind: 'clamp',
  direction: table(Array.from({ length: width }, () => 1)),
  low: -Infinity,
  high: Infinity,
}

describe('episodes', () => {
  /** Steps whose prompts grow, each under none, the same or other interventions. */
  function randomEpisode(seed: string): GenerateRequest[] {
    const next = seededGenerator(seed)
    const below = (limit: number): number => Math.floor(next() * limit)
    const choices: Intervention[][] = [
      [],
      [steering()],
      [steering({ positions: 'all', phase: 'both' })],
      [steering({ positions: { at: [10] } })],
      [steering({ positions: 'lastPrompt' })],
    ]
    const requests: GenerateRequest[] = []
    let prompt = randomIds(`${seed} 0`, 20 + below(200))
    for (let step = 0; step < 5; step++) {
      requests.push(
        request(prompt, {
          earlierPrompts: requests.map(({ promptIds }) => promptIds),
          earlierInterventions: requests.map(({ interventions = [] }) => interventions),
          interventions: choices[below(choices.length)],
        }),
      )
      prompt = Int32Array.from([
        ...prompt.subarray(0, prompt.length - 5),
        ...randomIds(`${seed} ${step + 1}`, 30),
      ])
    }
    return requests
  }

  it('have the same bits when they go on, when they begin again, and in a crowd', async () => {
    const episodes = Array.from({ length: 6 }, (_, index) => randomEpisode(`episode ${index}`))
    const crowd = schedulerOn(await newSession(), 6)
    let id = 0
    await Promise.all(
      episodes.map(async (requests) => {
        for (const one of requests) {
          const result = content(await crowd.submit(++id, one))
          expect(result).toEqual(content(await schedulerOn(plain).submit(1, one)))
        }
      }),
    )
    expect(crowd.stats().continued).toBeGreaterThan(10)
  }, 60_000)

  it('reuse of the step before only what was computed under the same interventions', async () => {
    const first = randomIds('first', 60)
    const next = Int32Array.from([...first.subarray(0, 50), 1, 2, 3])
    const reused = async (before: Intervention[], now: Intervention[]): Promise<number> => {
      const step = request(next, {
        earlierPrompts: [first],
        earlierInterventions: [before],
        interventions: now,
      })
      return (await schedulerOn(plain).submit(1, step)).reusedTokens
    }
    const atTen = steering({ positions: { at: [10] } })
    expect(await reused([], [])).toBe(50)
    expect(await reused([steering()], [steering()])).toBe(50)
    expect(await reused([], [steering()])).toBe(0)
    expect(await reused([steering()], [])).toBe(0)
    expect(await reused([atTen], [])).toBe(10)
    expect(await reused([steering({ positions: 'lastPrompt' })], [])).toBe(50)
    expect(await reused([steering()], [steering({}, 2)])).toBe(0)
  })
})

describe('what cannot be applied', () => {
  const vector = (length: number, value = 1): RowTable => table(Array.from({ length }, () => value))
  const add = (of: RowTable, alpha = 1): InterventionChange => ({
    kind: 'add',
    vector: of,
    alpha,
    unit: 'vector',
    normMatched: false,
  })

  it.each<[string, Partial<InterventionDraft> & { change: InterventionChange }, string, RegExp]>([
    [
      'a hook point with a typo',
      { hook: 'blocks.1.hook_resid_pst', change: { kind: 'zero' } },
      'hook_unknown',
      /pst/,
    ],
    [
      'a layer beyond the last',
      { hook: 'blocks.3.hook_resid_post', change: { kind: 'zero' } },
      'layer_out_of_range',
      /3/,
    ],
    ['another width', { change: add(vector(8)) }, 'intervention_width', /8 values.*16/],
    ['NaN', { change: add(vector(width, NaN)) }, 'intervention_not_finite', /NaN/],
    ['an infinity', { change: add(vector(width, -Infinity)) }, 'intervention_not_finite', /-Infinity/],
    ['an α that is no number', { change: add(vector(width), NaN) }, 'intervention_invalid', /alpha/],
    [
      'an α beyond float32',
      { change: add(vector(width, 1e-3), -1e39) },
      'intervention_invalid',
      /alpha -1e\+39 is too large/,
    ],
    [
      'an α that takes its vector beyond float32',
      { change: add(vector(width, -1e6), 1e33) },
      'intervention_invalid',
      /alpha 1e\+33 is too large/,
    ],
    [
      'heads where there are none',
      { heads: [0], change: { kind: 'zero' } },
      'intervention_invalid',
      /no heads/,
    ],
    [
      'a head beyond the last',
      { hook: 'blocks.0.attn.hook_k', heads: [2], change: { kind: 'zero' } },
      'intervention_invalid',
      /0 to 1, and none 2/,
    ],
    [
      'a sum on attention patterns',
      { hook: 'blocks.0.attn.hook_pattern', change: add(vector(4)) },
      'intervention_invalid',
      /replaced/,
    ],
    [
      'a direction of zeros',
      { change: { kind: 'clamp', direction: vector(width, 0), low: 0, high: 0 } },
      'intervention_invalid',
      /zero/,
    ],
    [
      'a gate of another width',
      { gate: { direction: vector(3), threshold: 0 }, change: { kind: 'zero' } },
      'intervention_width',
      /gate/,
    ],
  ])('is refused before anything runs: %s', (_, wrong, code, message) => {
    const making = (): unknown => make(wrong)
    expect(making).toThrow(message)
    expect(making).toThrow(expect.objectContaining({ code }) as Error)
  })

  it.each<[string, Partial<InterventionDraft>, string]>([
    ['a position that the prompt has not', { positions: { at: [20] } }, 'intervention_nowhere'],
    ['one before its beginning', { positions: { at: [-21] } }, 'intervention_nowhere'],
    ['a range that ends beyond it', { positions: { first: 3, last: 20 } }, 'intervention_nowhere'],
    ['a token that is not in it', { positions: { tokens: [258, 258, 258] } }, 'intervention_nowhere'],
  ])('is an error and not a run without it: %s', async (_, wrong, code) => {
    const prompt = randomIds('prompt', 20)
    const ask = (further: Partial<InterventionDraft>): Promise<GenerateResult> =>
      schedulerOn(plain).submit(1, request(prompt, { interventions: [steering({ ...wrong, ...further })] }))
    await expect(ask({})).rejects.toMatchObject({ code })
    const skipped = await ask({ ifAbsent: 'skip' })
    expect(skipped.interventions?.[0].tokens).toBe('first' in (wrong.positions as object) ? 17 : 0)
  })

  it('is a source with fewer positions than are to be replaced', async () => {
    const rows = table(
      Array.from({ length: 10 * width }, () => 1),
      10,
    )
    const patch = make({ change: { kind: 'replace', table: rows, choice: { kind: 'byPosition' } } })
    const asked = schedulerOn(plain).submit(1, request(randomIds('prompt', 20), { interventions: [patch] }))
    await expect(asked).rejects.toMatchObject({ code: 'intervention_invalid' })
  })

  it('is a source with fewer keys than a query sees', async () => {
    const rows = table(
      Array.from({ length: 4 * 12 }, () => 1 / 12),
      1,
      4,
    )
    const hook = 'blocks.1.attn.hook_pattern'
    const patch = make({
      hook,
      positions: 'lastPrompt',
      change: { kind: 'replace', table: rows, choice: { kind: 'first' } },
    })
    const ask = (length: number) =>
      schedulerOn(plain).submit(1, request(randomIds('prompt', length), { interventions: [patch] }))
    await expect(ask(13)).rejects.toThrow(/keys 0 to 11, and position 12/)
    await expect(ask(13)).rejects.toMatchObject({ code: 'intervention_invalid' })
    await expect(ask(12)).resolves.toBeDefined()
  })
})

describe('captured attention scores', () => {
  it('put back where they came from change nothing, and keys they did not see stay unseen', async () => {
    const [hook, after] = ['blocks.1.attn.hook_attn_scores', 'blocks.2.hook_resid_post']
    const prompt = randomIds('prompt', 20)
    const ask = (interventions: Intervention[]): Promise<GenerateResult> =>
      schedulerOn(plain).submit(1, request(prompt, { interventions, capture: capture(hook, after) }))
    const own = await ask([])
    const { data, shape } = own.captures[0].all!
    const [, heads, , keys] = shape
    expect(data).toContain(-Infinity)
    const rows = (of: (position: number) => number): number[] =>
      Array.from({ length: 20 * heads * keys }, (_, at) => {
        const [position, head, key] = [
          Math.floor(at / keys / heads),
          Math.floor(at / keys) % heads,
          at % keys,
        ]
        return data[(head * 24 + of(position)) * keys + key]
      })
    const patch = (of: (position: number) => number): Intervention =>
      make({
        hook,
        change: { kind: 'replace', table: table(rows(of), 20, heads), choice: { kind: 'byPosition' } },
      })
    const back = await ask([patch((position) => position)])
    expect(all(back, after)).toEqual(all(own, after))
    const earlier = await ask([patch((position) => Math.max(0, position - 1))])
    const scores = earlier.captures[0].all!.data
    expect(scores[19 * keys + 19]).toBe(-Infinity) // head 0: what row 18 saw
    expect(scores[19 * keys + 18]).toBe(data[18 * keys + 18])
    expect(all(earlier, after).every(Number.isFinite)).toBe(true)
  })
})
