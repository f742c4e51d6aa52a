import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { HookTensor } from '../inference/hookFunctions.ts'
import type { TensorSource } from './interventionInputs.ts'
import type { Model } from './model.ts'
import { openModel } from './openModel.ts'
import { Trajectory } from './trajectory.ts'
import { TrajectoryCapture } from './trajectoryCapture.ts'

const prompt = 'a sparrow is a bird'
const hook = 'blocks.1.hook_resid_post'
const ones = new Float32Array(16).fill(1)

let folder: string
let model: Model

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-library-'))
  model = await openModel(await writeTinyModel(join(folder, 'tiny')), { cacheFolder: folder, threads: 1 })
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a prompt', () => {
  it('may be a text, ids in any array, or a chat', async () => {
    const ids = model.tokenizer.toTokens(prompt)
    const of = async (given: Parameters<Model['forward']>[0]): Promise<Float32Array> =>
      (await model.forward(given)).data
    const expected = await of(prompt)
    expect(await of(ids)).toEqual(expected)
    expect(await of([...ids])).toEqual(expected)
    expect(model.tokenizer.toString(model.toPromptIds([{ role: 'user', content: 'hi' }]))).toBe(
      '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    )
  })

  it.each([
    [[], 'invalid_input'],
    ['', 'invalid_input'],
    [[1, 900], 'token_out_of_range'],
    [[1, 1.5], 'token_out_of_range'],
    [Float32Array.of(1, -2), 'token_out_of_range'],
    [['1'], 'token_out_of_range'],
    [new Int32Array(2048), 'prompt_too_long'],
  ])('that cannot be run is refused: %o', async (given, code) => {
    await expect(model.forward(given as string)).rejects.toMatchObject({ code })
  })

  it.each([
    [null, /a text, a list of token ids, or a chat/],
    [7, /a text, a list of token ids, or a chat/],
    [
      [{ role: 'robot', content: 'hi' }],
      /message 0 of the chat: “role” is one of “system”, “user”, “assistant”, not “robot”/,
    ],
    [[{ role: 'user', text: 'hi' }], /no option “text”; near it: role, content/],
    [[{ role: 'user' }], /message 0 of the chat lacks its content/],
    [[{ role: 'user', content: 'hi' }, 'hi'], /message 1 of the chat/],
  ])('that is no prompt is refused by what is wrong with it: %o', async (given, message) => {
    const run = model.generate(given as unknown as string)
    await expect(run).rejects.toThrow(TypeError)
    await expect(run).rejects.toThrow(message)
  })
})

describe('running with a cache', () => {
  it('gives logits and hook points of the prompt’s positions alone, the batch axis kept', async () => {
    const { logits, cache } = await model.runWithCache(prompt)
    const S = prompt.length
    expect(logits.shape).toEqual([1, S, 259])
    expect(cache.promptTokens).toBe(S)
    const described = Object.fromEntries(
      cache.keys.map((name) => [name, [cache.get(name).axes, cache.get(name).shape]]),
    )
    expect(described['blocks.0.attn.hook_pattern']).toEqual(['B H S T', [1, 4, S, S]])
    expect(described['blocks.1.attn.hook_z']).toEqual(['B S H K', [1, S, 4, 4]])
    expect(described['ln_final.hook_scale']).toEqual(['B S 1', [1, S, 1]])
    expect(cache.keys).toEqual(
      model.hookPoints.map(({ name }) => name).filter((name) => !name.endsWith('hook_result')),
    )
    const pattern = cache.get('blocks.1.attn.hook_pattern').data
    for (let row = 0; row < 4 * S; row++)
      expect(pattern.subarray(row * S, (row + 1) * S).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
  })

  it('takes names, globs, patterns and functions, in the order of a forward pass', async () => {
    const keys = async (names: Parameters<Model['runWithCache']>[1]): Promise<string[]> =>
      (await model.runWithCache('ab', names)).cache.keys
    expect(await keys({ names: [hook, 'hook_embed', 'blocks.*.hook_mlp_out'] })).toEqual([
      'hook_embed',
      'blocks.0.hook_mlp_out',
      'blocks.1.hook_mlp_out',
      hook,
    ])
    expect(await keys({ names: /hook_result$/ })).toHaveLength(2)
    expect(await keys({ names: (name) => name === 'hook_embed' })).toEqual(['hook_embed'])
  })

  it('refuses names that fit no hook point, and values that were not kept', async () => {
    for (const names of ['blocks.0.hook_resid', 'bloks.*', /none/, () => false])
      await expect(model.runWithCache('ab', { names })).rejects.toMatchObject({ code: 'hook_unknown' })
    const { cache } = await model.runWithCache('ab', { names: 'hook_embed' })
    expect(() => cache.get(hook)).toThrow(/was not kept; the cache holds 1 /)
    expect(() => cache.get('blocks.7.hook_resid_post')).toThrow(/layers 0 to 1/)
    expect(() => cache.get('hook_embd')).toThrow(/not a hook point/)
    expect(() => cache.decomposeResid()).toThrow(/blocks.0.hook_attn_out was not kept/)
    expect(() => cache.accumulatedResid({ layer: 3 })).toThrow(/layers 0 to 1/)
    await expect(cache.stackHeadResults({ layer: 0 })).rejects.toThrow(/layers 0 to 1/)
  })
})

describe('what a cache works out', () => {
  it('adds up: components, heads and remainder are the stream', async () => {
    const { cache } = await model.runWithCache(prompt)
    const last = cache.get(hook).data.subarray(-16)
    const summed = ({ data, shape }: { data: Float32Array; shape: readonly number[] }): number[] =>
      [...last.keys()].map((column) => {
        let sum = 0
        for (let component = 0; component < shape[0]; component++) sum += data[component * 16 + column]
        return sum
      })
    const parts = cache.decomposeResid({ position: -1 })
    expect(parts).toMatchObject({ shape: [5, 1, 1, 16], firstPosition: prompt.length - 1 })
    const heads = await cache.stackHeadResults({ inclRemainder: true, position: -1 })
    expect(heads.labels.slice(-2)).toEqual(['L1H3', 'remainder'])
    for (const stack of [parts, heads])
      summed(stack).forEach((value, column) => expect(value).toBeCloseTo(last[column], 4))
  })

  it('takes tokens by text, and refuses a text that is none and lists of another length', async () => {
    const { cache } = await model.runWithCache(prompt)
    const byText = await cache.logitAttribution('b', { incorrectTokens: 'c' })
    const id = model.tokenizer.toSingleToken
    expect(byText.data).toEqual(
      (
        await cache.logitAttribution(id.call(model.tokenizer, 'b'), {
          incorrectTokens: id.call(model.tokenizer, 'c'),
        })
      ).data,
    )
    await expect(cache.logitAttribution('bird')).rejects.toThrow(/4 tokens \(“b” “i” “r” “d”\)/)
    await expect(cache.logitAttribution([1, 2])).rejects.toThrow(/2 tokens for 19 positions/)
    await expect(cache.logitAttribution(259)).rejects.toMatchObject({ code: 'token_out_of_range' })
    const stack = cache.decomposeResid({ applyLn: true })
    await expect(cache.logitAttribution(1, { stack })).rejects.toThrow(/normalised already/)
    expect(() => cache.decomposeResid({ position: 19 })).toThrow(/none of the 19 positions/)
  })

  it('has a lens that ends in the model’s own logits', async () => {
    const { logits, cache } = await model.runWithCache(prompt)
    const { data, shape, labels } = await cache.logitLens()
    expect([shape, labels]).toEqual([
      [3, 1, 1, 259],
      ['0_pre', '1_pre', 'final_post'],
    ])
    data
      .subarray(-259)
      .forEach((value, id) => expect(value).toBeCloseTo(logits.data[(prompt.length - 1) * 259 + id], 4))
  })
})

describe('functions at hook points', () => {
  it('see the prompt, change it, and leave nothing behind', async () => {
    const before = await model.forward(prompt)
    const seen: HookTensor[] = []
    const logits = await model.runWithHooks(prompt, {
      fwdHooks: [
        [
          'blocks.*.hook_resid_post',
          (tensor) => {
            seen.push(tensor)
            tensor.data.fill(0, 0, 16)
          },
        ],
      ],
    })
    expect(seen.map(({ hook: name, shape, phase }) => [name, shape, phase])).toEqual([
      ['blocks.0.hook_resid_post', [1, prompt.length, 16], 'prompt'],
      [hook, [1, prompt.length, 16], 'prompt'],
    ])
    expect(logits.data.subarray(0, 259)).toEqual(new Float32Array(259)) // a norm of zeros is zero
    expect((await model.forward(prompt)).data).toEqual(before.data)
  })

  it('knock out attention where they write no score at all', async () => {
    const pattern = 'blocks.1.attn.hook_pattern'
    const knockOut = ({ data, shape: [, , , keys] }: HookTensor): void => {
      for (let row = 0; row < data.length / keys; row++)
        if (row % prompt.length > 3) data[row * keys + 2] = -Infinity
    }
    const { cache } = await model.runWithCache(prompt, {
      names: pattern,
      fwdHooks: [['blocks.1.attn.hook_attn_scores', knockOut]],
    })
    const { data, shape } = cache.get(pattern)
    const weight = (query: number): number => data[query * shape[3] + 2] // of the first head
    expect([weight(5), weight(18)]).toEqual([0, 0])
    expect(weight(3)).toBeGreaterThan(0)
  })

  it('may throw: the error is the caller’s, and the model goes on', async () => {
    const fault = new Error('mine')
    const run = (): never => {
      throw fault
    }
    await expect(model.runWithHooks('ab', { fwdHooks: [[hook, run]] })).rejects.toBe(fault)
    expect((await model.forward('ab')).shape).toEqual([1, 2, 259])
  })

  it.each([
    ['a name where the function belongs', [[hook, 'zero']], /what is to be called is zero/],
    [
      'a phase that is none',
      [[hook, () => {}, 'promt']],
      /phase is one of “prompt”, “decode”, “both”, not “promt”/,
    ],
    ['a pair outside a list', [hook, () => {}], /list of/],
    ['null', null, /list of/],
  ])('are refused where they are written wrong: %s', async (_, fwdHooks, message) => {
    const run = model.runWithHooks('ab', { fwdHooks: fwdHooks as [] })
    await expect(run).rejects.toThrow(TypeError)
    await expect(run).rejects.toThrow(message)
  })

  it('that ask their own model are told so, and the model goes on', async () => {
    const expected = (await model.forward('ab')).data
    const run = async (): Promise<void> => void (await model.forward('cd'))
    const asking = model.runWithHooks('ab', { fwdHooks: [[hook, run]] })
    await expect(asking).rejects.toThrow(/asks the model that waits for it/)
    expect((await model.forward('ab')).data).toEqual(expected)
  })

  it('may ask another model, but not one that waits for that', async () => {
    await using other = await openModel(await writeTinyModel(join(folder, 'asked')), { cacheFolder: folder })
    const elsewhere = (await other.forward('cd')).data
    let given: Float32Array | undefined
    const ask = async (): Promise<void> => void (given = (await other.forward('cd')).data)
    await model.runWithHooks('ab', { fwdHooks: [[hook, ask]] })
    expect(given).toEqual(elsewhere)
    const back = async (): Promise<void> => void (await model.forward('ef'))
    const around = async (): Promise<void> =>
      void (await other.runWithHooks('cd', { fwdHooks: [[hook, back]] }))
    const circle = model.runWithHooks('ab', { fwdHooks: [[hook, around]] })
    await expect(circle).rejects.toThrow(/asks the model that waits for it/)
  })

  it('act on every generated token, or in the phase they name', async () => {
    const phases: string[] = []
    const note = ({ phase }: HookTensor): void => void phases.push(phase)
    const settings = { maxNewTokens: 3, temperature: 0 }
    await model.generate('ab', { ...settings, fwdHooks: [[hook, note]] })
    await model.generate('ab', { ...settings, fwdHooks: [[hook, note, 'decode']] })
    // The last token is read back too, as it is where activations are captured.
    expect(phases).toEqual(['prompt', ...Array.from({ length: 6 }, () => 'decode')])
    await expect(model.runWithHooks('ab', { fwdHooks: [[hook, note, 'decode']] })).rejects.toThrow(TypeError)
  })
})

describe('interventions', () => {
  it('take arrays at hand: a vector, and another run’s tensor as a patch', async () => {
    const { logits: clean, cache } = await model.runWithCache(prompt)
    const other = 'a sparrow is a tool'
    const patch = { kind: 'patch', hook, positions: 'allPrompt', source: cache.get(hook) } as const
    const patched = await model.forward(other, { interventions: [patch] })
    expect(patched.data).toEqual(clean.data) // the last layer's stream is all that logits depend on
    const add = { kind: 'add', hook, positions: 'lastPrompt', vector: ones, alpha: 3 } as const
    const written = { ...add, vector: { values: [...ones] } }
    const steered = await model.forward(prompt, { interventions: [add] })
    expect(steered.data).toEqual((await model.forward(prompt, { interventions: [written] })).data)
    expect(steered.data).not.toEqual(clean.data)
    for (const vector of [
      [...ones],
      Float64Array.from(ones),
      { data: Float64Array.from(ones), shape: [16] },
      { data: [...ones], shape: [1, 16] },
    ])
      expect((await model.forward(prompt, { interventions: [{ ...add, vector }] })).data).toEqual(
        steered.data,
      )
    const gated = { ...add, gate: { vector: ones, above: 1e9 } }
    expect((await model.forward(prompt, { interventions: [gated] })).data).toEqual(clean.data)
  })

  it('that cannot be meant are errors', async () => {
    const add = { kind: 'add', hook, positions: 'lastPrompt', vector: ones, alpha: 1 } as const
    const run = (...interventions: object[]): Promise<unknown> =>
      model.forward(prompt, { interventions: interventions as [] })
    for (const interventions of [null, {}, 'zeroAblate', [null], ['zeroAblate']])
      await expect(model.forward(prompt, { interventions: interventions as [] })).rejects.toMatchObject({
        code: 'invalid_input',
      })
    await expect(run({ ...add, alfa: 1 })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(run({ ...add, vector: new Float32Array(8) })).rejects.toMatchObject({
      code: 'intervention_width',
    })
    await expect(run({ ...add, vector: Array.from({ length: 16 }, String) })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(run({ ...add, vector: new Float32Array(16).fill(NaN) })).rejects.toMatchObject({
      code: 'intervention_not_finite',
    })
    await expect(run({ ...add, vector: { data: ones, shape: [4] } })).rejects.toThrow(/16 values are no/)
    await expect(run({ ...add, positions: 'everyGenerated' })).rejects.toMatchObject({
      code: 'intervention_nowhere',
    })
    await expect(run({ ...add, applyAtSteps: [2] })).rejects.toMatchObject({
      code: 'intervention_never_fired',
    })
    await expect(run({ ...add, vector: { run: 'r1', at: 'lastPrompt' } })).rejects.toThrow(/no workspace/)
    await expect(run(add, { ...add, vector: { run: 'r1', at: 'lastPrompt' } })).rejects.toThrow(
      /no workspace/,
    )
  })

  it('refuse values of another model, of its tokeniser and of its rounded weights', async () => {
    const open = (name: string, dtype?: 'int8') =>
      openModel(join(folder, name), { cacheFolder: folder, threads: 1, dtype })
    await writeTinyModel(join(folder, 'sibling'), { seed: 5 })
    await writeTinyModel(join(folder, 'retold'))
    const tokens = join(folder, 'retold', 'tokenizer.json')
    await writeFile(tokens, JSON.stringify(JSON.parse(await readFile(tokens, 'utf8')), null, 1))
    await using sibling = await open('sibling')
    await using retold = await open('retold')
    await using rounded = await open('tiny', 'int8')
    await using twin = await open('tiny')
    const source = model.runWithCache(prompt).then(({ cache }) => cache.get(hook))
    const patch = async (other: Model, values: TensorSource): Promise<unknown> =>
      other.forward(prompt, {
        interventions: [{ kind: 'patch', hook, positions: 'allPrompt', source: values }],
      })
    for (const [other, what] of [
      [sibling, 'the weights'],
      [retold, 'the tokeniser'],
      [rounded, 'the compute dtype'],
    ] as const)
      await expect(patch(other, await source)).rejects.toMatchObject({
        code: 'intervention_foreign',
        details: { what },
      })
    // The same model opened twice is one, and a copy of the numbers is anybody's.
    await expect(patch(twin, await source)).resolves.toBeDefined()
    const { data, shape } = await source
    await expect(patch(sibling, { data: data.slice(), shape })).resolves.toBeDefined()
    using capture = new TrajectoryCapture(model, { names: hook })
    capture.startStep()
    await model.forward(prompt)
    capture.endStep()
    await (await capture.trajectory()).save(join(folder, 'trajectory'))
    const loaded = (await Trajectory.load(join(folder, 'trajectory'))).activation(0, hook)
    await expect(patch(model, loaded)).resolves.toBeDefined()
    await expect(patch(sibling, loaded)).rejects.toMatchObject({ code: 'intervention_foreign' })
  })

  it('act at the steps they name', async () => {
    const interventions = [{ kind: 'zeroAblate', hook, positions: 'lastPrompt', applyAtSteps: [2] } as const]
    const [plain, off, on] = await Promise.all([
      model.forward('ab'),
      model.forward('ab', { interventions, step: 1 }),
      model.forward('ab', { interventions, step: 2 }),
    ])
    expect(off.data).toEqual(plain.data)
    expect(on.data).not.toEqual(plain.data)
  })
})

describe('generating', () => {
  it('repeats by its seed, alone or beside others, and keeps prompt and answer in its cache', async () => {
    const options = {
      maxNewTokens: 6,
      seed: 3,
      names: [hook, 'blocks.0.attn.hook_pattern'],
      wantLogits: true,
    }
    const [first, other] = await Promise.all([
      model.generate(prompt, options),
      model.generate('else', { ...options, seed: 4 }),
    ])
    const again = await model.generate(prompt, options)
    expect(again).toEqual(first)
    expect(other.text).not.toBe(first.text)
    const positions = prompt.length + first.completionIds.length
    expect(first.cache.get(hook).shape).toEqual([1, positions, 16])
    expect(first.cache.get('blocks.0.attn.hook_pattern').shape).toEqual([1, 4, positions, positions])
    expect(first.logits?.shape).toEqual([1, positions, 259])
    expect((await model.generate('ab', { maxNewTokens: 1 })).logits).toBeNull()
  })

  it('ends at a stop token, which is no part of its text', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, seed) => model.generate('ab', { maxNewTokens: 2, seed })),
    )
    const seed = answers.findIndex(({ text }) => /^[a-z]/.test(text))
    const stopTokens = [answers[seed].text[0]]
    const stopped = await model.generate('ab', { maxNewTokens: 2, seed, stopTokens })
    expect(stopped).toMatchObject({ text: '', finish: 'stop' })
    expect(model.tokenizer.toString(stopped.completionIds)).toBe(stopTokens[0])
    await expect(model.generate('ab', { stopTokens: ['no token'] })).rejects.toThrow(/“no token” is no/)
  })

  it('refuses settings that are out of range', async () => {
    await expect(model.generate('ab', { temperature: -1 })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(model.generate('ab', { maxNewTokens: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('ends with the signal’s reason', async () => {
    const reason = new Error('enough')
    await expect(model.generate('ab', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('weights', () => {
  it('are read by name, whole or by rows', async () => {
    const name = 'model.embed_tokens.weight'
    const { data, shape, isTransposed } = await model.weights.read(name)
    expect([shape, isTransposed]).toEqual([[259, 16], false])
    const rows = await model.weights.rows(name, [7, 0])
    expect([...rows]).toEqual([...data.subarray(7 * 16, 8 * 16), ...data.subarray(0, 16)])
    let read = 0
    for await (const { first, data: part } of model.weights.rowParts(name)) {
      expect(part).toEqual(data.subarray(first * 16, first * 16 + part.length))
      read += part.length
    }
    expect(read).toBe(data.length)
  })

  it('that are not there are errors with a near name', async () => {
    await expect(model.weights.read('model.norm.wait')).rejects.toThrow(/no tensor “model.norm.wait”/)
    await expect(model.weights.rows('model.embed_tokens.weight', [259])).rejects.toThrow(/none 259/)
  })
})

describe('tokens', () => {
  it('go to texts and back, by TransformerLens’s names', () => {
    const { tokenizer } = model
    expect(tokenizer.toStrTokens('ab')).toEqual(['a', 'b'])
    expect(tokenizer.toString(tokenizer.toTokens('Zoë'))).toBe('Zoë')
    expect(tokenizer.toStrTokens('ab', { prependBos: true })[0]).toBe('<|endoftext|>')
    expect([...tokenizer.toTokens('a', { prependBos: true })]).toEqual([256, tokenizer.toSingleToken('a')])
    expect(() => tokenizer.toSingleToken('')).toThrow(/is 0 tokens/)
  })
})
