import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { listHooks } from '../model/hookNames.ts'
import { rowLayout } from '../model/interventionGraph.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import type { HookedFunction, HookTensor } from './hookFunctions.ts'
import { InferenceClient } from './inferenceClient.ts'
import { makeIntervention } from './interventions.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'

const never = new AbortController().signal
let folder: string
let client: InferenceClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'functions-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  const weights = await prepareWeights(files, { cacheFolder: folder })
  client = await InferenceClient.open({ config: files.config, weights, threads: 1, maxRows: 6 }, never)
})
afterAll(async () => {
  await client.close()
  await rm(folder, { recursive: true })
})

const ids = (length: number, seed = 7): Int32Array =>
  Int32Array.from({ length }, (_, index) => (index * index * 31 + seed) % 259)
const hooks = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']
const request = (promptIds: Int32Array, further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 4, stopIds: [], seed: 'functions' },
  capture: { hooks, positions: 'all' },
  ...further,
})
const ask = (one: GenerateRequest, ...functions: HookedFunction[]): Promise<GenerateResult> =>
  client.generate(one, never, functions)
const content = ({ prefillMs: _, decodeMs: __, interventions: ___, ...rest }: GenerateResult): unknown => rest

describe('a function at a hook point', () => {
  it('that changes nothing leaves a prompt of several passes what it is but for rounding', async () => {
    const prompt = request(ids(294), { wantLogits: true, capture: { hooks: [], positions: 'all' } })
    const [plain, whole] = [await ask(prompt), await ask(prompt, { hook: hooks[0], run: () => {} })]
    const apart = whole.logits!.map((value, index) => Math.abs(value - plain.logits![index]))
    expect(Math.max(...apart)).toBeLessThan(1e-4)
  })

  it('that changes nothing leaves every bit of a prompt of one pass as it is, at every hook point', async () => {
    const prompt = request(ids(100))
    const plain = content(await ask(prompt))
    for (const { name } of listHooks(client.config.shape)) {
      const seen: HookTensor[] = []
      const result = await ask(prompt, { hook: name, run: (tensor) => void seen.push(tensor) })
      // What is worked out step by step for one hook point is fused where nobody is there: some hook points round otherwise.
      if (!/hook_(scale|normalized|result)$/.test(name)) expect(content(result), name).toEqual(plain)
      expect(seen.map(({ phase, firstPosition }) => [phase, firstPosition])).toEqual([
        ['prompt', 0],
        ['decode', 100],
        ['decode', 101],
        ['decode', 102],
        ['decode', 103],
      ])
      expect(result.interventions).toEqual([{ name: `function 1 (${name})`, tokens: 104, open: null }])
    }
  }, 60_000)

  it('gets what a capture shows, and goes on with what it gives', async () => {
    const [hook, after] = hooks
    const captured = (await ask(request(ids(20)))).captures[0].all!.data
    const parts: number[] = []
    const doubled = await ask(request(ids(20)), {
      hook,
      phase: 'prompt',
      run: ({ data, shape, axes }) => {
        expect(axes).toBe('B S D')
        expect(shape).toEqual([1, 20, 16])
        parts.push(...data)
        return data.map((value) => 2 * value)
      },
    })
    expect(parts).toEqual([...captured.subarray(0, parts.length)])
    expect([...doubled.captures[0].all!.data.subarray(0, 320)]).toEqual(parts.map((value) => 2 * value))
    const plain = (await ask(request(ids(20)))).captures.find((each) => each.hook === after)!.all!.data
    expect(doubled.captures[1].all!.data.subarray(0, 320)).not.toEqual(plain.subarray(0, 320))
  })

  it('does the same as the intervention that says it, several at once and in generation too', async () => {
    const vector = Float32Array.from({ length: 16 }, (_, index) => Math.sin(index))
    const declared = hooks.map((hook) =>
      makeIntervention(
        {
          name: hook,
          hook,
          heads: null,
          positions: 'all',
          phase: 'both',
          gate: null,
          leavesSink: false,
          ifAbsent: 'error',
          change: {
            kind: 'add',
            vector: { data: vector, rows: 1, units: 1 },
            alpha: 2,
            unit: 'vector',
            normMatched: false,
          },
        },
        client.config.shape,
      ),
    )
    const written = hooks.map((hook): HookedFunction => ({
      hook,
      run: ({ data }) => data.map((value, index) => value + Math.fround(2 * vector[index % 16])),
    }))
    const one = request(ids(90))
    const byFunction = await ask(one, ...written)
    const byRow = await ask({ ...one, interventions: declared })
    expect(content(byFunction)).toEqual(content(byRow))
  })

  it('and an intervention that set the same values agree in every bit, at every hook point', async () => {
    const { shape } = client.config
    for (const point of listHooks(shape)) {
      const { width, units } = rowLayout(point)
      const row = Float32Array.from({ length: width ?? 200 }, (_, index) => 0.5 + Math.sin(index) / 3)
      const declared = makeIntervention(
        {
          name: point.name,
          hook: point.name,
          heads: units === null ? null : [1],
          positions: 'all',
          phase: 'both',
          gate: null,
          leavesSink: false,
          ifAbsent: 'error',
          change: { kind: 'replace', table: { data: row, rows: 1, units: 1 }, choice: { kind: 'first' } },
        },
        shape,
      )
      const written: HookedFunction = {
        hook: point.name,
        run({ data, shape: sizes, firstPosition }) {
          const last = sizes[sizes.length - 1]
          data.forEach((_, index) => {
            const line = Math.floor(index / last)
            const column = index % last
            const head = point.isKeyed ? Math.floor(line / sizes[2]) : line % (units ?? 1)
            const isSeen = !point.isKeyed || column <= firstPosition + (line % sizes[2])
            if (isSeen && (units === null || head === 1)) data[index] = row[column]
          })
        },
      }
      const one = request(ids(40))
      const byRow = content(await ask({ ...one, interventions: [declared] }))
      expect(content(await ask(one, written)), point.name).toEqual(byRow)
      expect(byRow, point.name).not.toEqual(content(await ask(one)))
    }
  }, 60_000)

  it('changes attention patterns, of which it sees the keys of every position', async () => {
    const hook = 'blocks.1.attn.hook_pattern'
    const shapes: string[] = []
    const result = await ask(request(ids(6), { capture: { hooks: [hook], positions: 'all' } }), {
      hook,
      run: ({ data, shape }) => {
        shapes.push(shape.join(' '))
        const keys = shape[3]
        return data.map((_, index) => Number(index % keys === 0))
      },
    })
    expect(shapes).toEqual(['1 4 6 6', '1 4 1 7', '1 4 1 8', '1 4 1 9', '1 4 1 10'])
    const { data } = result.captures[0].all!
    data.forEach((value, index) => expect(value).toBe(Number(index % 10 === 0)))
  })

  it('leaves the rows beside it alone', async () => {
    const others = [ids(30, 1), ids(140, 2), ids(7, 3)].map((prompt) => request(prompt))
    const alone: unknown[] = []
    for (const each of others) alone.push(content(await ask(each)))
    const [, ...together] = await Promise.all([
      ask(request(ids(50)), { hook: hooks[0], run: ({ data }) => data.fill(0) }),
      ...others.map((each) => ask(each)),
    ])
    expect(together.map(content)).toEqual(alone)
  })
})

describe('a function that fails', () => {
  const wrong: [string, HookedFunction['run'], RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('mine')
      },
      /^mine$/,
    ],
    ['gives too few values', () => new Float32Array(3), /Float32Array of/],
    ['gives another type', () => [1] as unknown as Float32Array, /Float32Array/],
    ['gives NaN', ({ data }) => data.fill(NaN), /NaN/],
  ]
  it.each(wrong)('ends its own request, and no other: %s', async (_, run, message) => {
    const plain = content(await ask(request(ids(40))))
    const [failed, other] = await Promise.allSettled([
      ask(request(ids(40)), { hook: hooks[0], run }),
      ask(request(ids(40))),
    ])
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(message) as string },
    })
    expect(other.status).toBe('fulfilled')
    expect(content(await ask(request(ids(40))))).toEqual(plain)
  })

  it('and never answers is left behind when its request is cancelled', async () => {
    const stop = new AbortController()
    const hanging = client.generate(request(ids(40)), stop.signal, [
      { hook: hooks[0], run: () => new Promise(() => setTimeout(() => stop.abort(), 5)) },
    ])
    await expect(hanging).rejects.toThrow('aborted')
    await expect(ask(request(ids(40)))).resolves.toBeDefined()
  })

  it('is refused at a hook point that is not there', async () => {
    const asked = ask(request(ids(4)), { hook: 'blocks.9.hook_resid_post', run: () => {} })
    await expect(asked).rejects.toMatchObject({ code: 'layer_out_of_range' })
  })
})
