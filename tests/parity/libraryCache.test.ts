// The library's cache on two tiny random models (a Llama with grouped keys, a GPT-2) against TransformerLens's ActivationCache
// (libraryCache.py), and on every architecture against the model's own logits. Tolerance 1e-4 of a tensor's largest value: single precision, summed in another order.
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinAxis, sliceAxis, type AxedTensor } from '../../main/analysis/axedTensor.ts'
import type { ActivationCache } from '../../main/library/activationCache.ts'
import type { Model } from '../../main/library/model.ts'
import { openModel } from '../../main/library/openModel.ts'
import { asWeight, readSafetensorsHeader, readWeight } from '../../main/model/safetensors.ts'

const golden = join(import.meta.dirname, 'golden', 'libraryCache')
const decoders = join(import.meta.dirname, 'golden', 'decoders')
const tolerance = 1e-4
const last = { position: -1 }

interface Expected {
  prompt: number[]
  tokens: number[]
  others: number[]
  labels: Record<string, string[]>
  tensor: (name: string) => Promise<{ data: Float32Array; shape: readonly number[] }>
}

async function readExpected(name: string): Promise<Expected> {
  const file = join(golden, name, 'expected.safetensors')
  const { tensors, metadata } = await readSafetensorsHeader(file)
  const list = (key: string): number[] => JSON.parse(metadata[key]) as number[] // our own file
  return {
    prompt: list('prompt'),
    tokens: list('tokens'),
    others: list('others'),
    labels: JSON.parse(metadata.labels) as Expected['labels'], // our own file
    async tensor(key) {
      const weight = asWeight(file, tensors.get(key)!) // the script writes each that is asked for
      return { data: await readWeight(weight!), shape: weight!.shape } // float32
    },
  }
}

type Stack = AxedTensor & { labels: readonly string[] }

describe.each(['llama', 'gpt2'])('the cache of a %s', (name) => {
  let folder: string
  let model: Model
  let expected: Expected
  let cache: ActivationCache
  let logits: AxedTensor

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'innerview-cache-'))
    model = await openModel(join(golden, name), { cacheFolder: folder, threads: 1, rows: 1 })
    expected = await readExpected(name)
    ;({ logits, cache } = await model.runWithCache(expected.prompt))
  })
  afterAll(async () => {
    await model.close()
    await rm(folder, { recursive: true })
  })

  async function compare(key: string, { data, shape }: Pick<AxedTensor, 'data' | 'shape'>): Promise<void> {
    const other = await expected.tensor(key)
    expect(shape, key).toEqual(other.shape)
    let largest = 0
    let error = 0
    other.data.forEach((value, index) => {
      largest = Math.max(largest, Math.abs(value))
      error = Math.max(error, Math.abs(value - data[index]))
    })
    console.log(`${name}, ${key}: largest relative error ${(error / largest).toExponential(1)}`)
    expect(error / largest, key).toBeLessThan(tolerance)
  }

  it('belongs to TransformerLens’s logits', () => compare('logits', logits))

  it.each<[string, (cache: ActivationCache) => Stack | Promise<Stack>]>([
    ['accumulated', (cache) => cache.accumulatedResid()],
    ['accumulated, middles, normalised', (cache) => cache.accumulatedResid({ inclMid: true, applyLn: true })],
    [
      'accumulated, into mlp 1, normalised',
      (cache) => cache.accumulatedResid({ layer: 1, mlpInput: true, applyLn: true }),
    ],
    [
      'accumulated, into attention 1, normalised',
      (cache) => cache.accumulatedResid({ layer: 1, applyLn: true }),
    ],
    ['decomposed', (cache) => cache.decomposeResid()],
    [
      'decomposed, into mlp 1, normalised',
      (cache) => cache.decomposeResid({ layer: 1, mlpInput: true, applyLn: true }),
    ],
    [
      'decomposed, attention, last, normalised',
      (cache) => cache.decomposeResid({ mode: 'attn', inclEmbeds: false, applyLn: true, ...last }),
    ],
    ['heads, remainder', (cache) => cache.stackHeadResults({ inclRemainder: true })],
    [
      'heads, layer 1, last, normalised',
      (cache) => cache.stackHeadResults({ layer: 1, applyLn: true, ...last }),
    ],
    ['neurons, remainder', (cache) => cache.stackNeuronResults({ inclRemainder: true })],
    [
      'neurons 3 and 7, layer 1, last, normalised',
      (cache) => cache.stackNeuronResults({ layer: 1, neurons: [3, 7], applyLn: true, ...last }),
    ],
    ['everything', (cache) => cache.fullResidDecomposition()],
    [
      'everything but neurons, into mlp 1, normalised',
      (cache) =>
        cache.fullResidDecomposition({ layer: 1, mlpInput: true, expandNeurons: false, applyLn: true }),
    ],
    ['everything, into attention 1, last', (cache) => cache.fullResidDecomposition({ layer: 1, ...last })],
  ])('has the stack “%s”, with its labels', async (key, make) => {
    const stack = await make(cache)
    await compare(key, stack)
    expect(stack.labels).toEqual(expected.labels[key])
  })

  it('normalises a stack afterwards as it does on the way', async () => {
    const stack = cache.decomposeResid({ layer: 1, mlpInput: true })
    await compare(
      'decomposed, normalised for mlp 1',
      cache.applyLnToStack(stack, { layer: 1, mlpInput: true }),
    )
    const alone = cache.decomposeResid({ layer: 1, ...last })
    expect(cache.applyLnToStack(alone, { layer: 1 })).toEqual(
      cache.decomposeResid({ layer: 1, applyLn: true, ...last }),
    )
    expect(() => cache.applyLnToStack(cache.decomposeResid({ applyLn: true }))).toThrow(TypeError)
  })

  it('stacks a hook point of every layer', async () => {
    const { labels, ...stack } = cache.stackActivation('attn.hook_z')
    expect(labels).toEqual(['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z'])
    expect(stack.axes).toBe('N B S H K')
    await compare('z of every layer', stack)
    expect(cache.stackActivation('hook_resid_pre', { layer: 1 }).shape[0]).toBe(1)
    expect(() => cache.stackActivation('hook_resid_pree')).toThrow(
      expect.objectContaining({ code: 'hook_unknown' }),
    )
  })

  it('works out what each head gives, and keeps it', async () => {
    const { cache: own } = await model.runWithCache(expected.prompt)
    expect(own.has('blocks.1.attn.hook_result')).toBe(false)
    await own.computeHeadResults()
    await compare('heads of layer 1', own.get('blocks.1.attn.hook_result'))
  })

  it('refuses neurons that are not there, and layers without any', async () => {
    await expect(cache.stackNeuronResults({ neurons: [20] })).rejects.toThrow('neuron 20 of 20')
    await expect(cache.stackNeuronResults({ layer: 0 })).rejects.toThrow(
      expect.objectContaining({ code: 'layer_out_of_range' }),
    )
  })

  it('attributes logits, and their differences, to components and heads', async () => {
    const { tokens, others } = expected
    await compare('attribution', await cache.logitAttribution(tokens))
    await compare(
      'attribution of a difference',
      await cache.logitAttribution(tokens, { incorrectTokens: others }),
    )
    const heads = await cache.stackHeadResults({ inclRemainder: true, ...last })
    // One id for one position: TransformerLens drops no axis here either.
    await compare('attribution, heads, last', await cache.logitAttribution(5, { stack: heads }))
  })

  it('attributes all of a logit: components and bias sum to it', async () => {
    const { data, shape, bias } = await cache.logitAttribution(expected.tokens)
    const [components, , positions] = shape
    for (let position = 0; position < positions; position++) {
      let sum = bias[position]
      for (let component = 0; component < components; component++)
        sum += data[component * positions + position]
      const logit = logits.data[position * model.shape.vocabulary + expected.tokens[position]]
      expect(sum).toBeCloseTo(logit, 3)
    }
  })

  it('gives the same heads from hook_result as from hook_z', async () => {
    const { cache: further } = await model.runWithCache(expected.prompt, { names: '*' })
    expect(cache.has('blocks.0.attn.hook_result')).toBe(false)
    expect(further.has('blocks.0.attn.hook_result')).toBe(true)
    await compare('heads, remainder', await further.stackHeadResults({ inclRemainder: true }))
  })

  it('has a lens of either norm at every position', async () => {
    const { vocabulary } = model.shape
    for (const [key, norm] of [
      ['lens, own norm', 'own'],
      ['lens, final norm', 'final'],
    ] as const) {
      const positions: AxedTensor[] = []
      for (let position = 0; position < expected.prompt.length; position++)
        positions.push(await cache.logitLens({ inclMid: true, norm, position }))
      const whole = positions.reduce((first, second) => joinAxis(first, second, 'S'))
      expect(whole).toMatchObject({ axes: 'N B S V', shape: [5, 1, expected.prompt.length, vocabulary] })
      await compare(key, whole)
    }
  })
})

describe.each(readdirSync(decoders))('the cache of every architecture: %s', (name) => {
  it('adds up to the model’s own logits and attention outputs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'innerview-cache-'))
    await cp(join(decoders, name), folder, { recursive: true })
    await cp(join(golden, 'llama', 'tokenizer.json'), join(folder, 'tokenizer.json'))
    const model = await openModel(folder, { cacheFolder: folder, threads: 1, rows: 1 })
    try {
      const prompt = Int32Array.from({ length: 40 }, (_, index) => (index * 31) % model.shape.vocabulary)
      const { logits, cache } = await model.runWithCache(prompt)
      const last = sliceAxis(logits, 'S', 39, 40).data
      const largest = last.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const differences: Record<string, number> = {}

      const lens = await cache.logitLens({ layer: model.shape.layers })
      differences.lens = Math.max(
        ...last.map((value, id) => Math.abs(value - lens.data.at(id - last.length)!)),
      ) // V values at the end

      const cap = softCapOf(folder)
      const stack = cache.decomposeResid({ position: -1 })
      let attribution = 0
      for (const id of [0, 5, 50]) {
        const { data, bias } = await cache.logitAttribution([id], { stack })
        const sum = data.reduce((a, b) => a + b, bias[0])
        const logit = cap === null ? sum : cap * Math.tanh(sum / cap)
        attribution = Math.max(attribution, Math.abs(logit - last[id]))
      }
      differences.attribution = attribution

      const heads = await cache.stackHeadResults({ position: -1 })
      let outputs = 0
      const { heads: count, layers, residualWidth: width } = model.shape
      for (let layer = 0; layer < layers; layer++) {
        const sum = sumOf(sliceAxis(heads, 'N', layer * count, (layer + 1) * count))
        const bias = `model.layers.${layer}.self_attn.o_proj.bias`
        const constant = model.weights.names.includes(bias) ? (await model.weights.read(bias)).data : null
        const whole = cache.get(`blocks.${layer}.hook_attn_out`).data.subarray(-width)
        whole.forEach((value, column) => {
          outputs = Math.max(outputs, Math.abs(sum[column] + (constant?.[column] ?? 0) - value))
        })
      }
      differences.heads = outputs

      const hasExperts = (model.shape.traits?.experts ?? 0) > 0
      const full = { expandNeurons: !hasExperts }
      differences.everything = differenceOf(
        sumOf(await cache.fullResidDecomposition({ position: 20, ...full })),
        streamAt(cache, `blocks.${layers - 1}.hook_resid_post`, 20),
      )
      const { parallelResidual = false } = model.shape.traits ?? {}
      differences.everythingIntoMlp = differenceOf(
        sumOf(await cache.fullResidDecomposition({ layer: 1, mlpInput: true, position: 20, ...full })),
        streamAt(cache, `blocks.1.hook_resid_${parallelResidual ? 'pre' : 'mid'}`, 20),
      )
      differences.decomposedIntoMlp = differenceOf(
        sumOf(cache.decomposeResid({ layer: 1, mlpInput: true, position: 20 })),
        streamAt(cache, `blocks.1.hook_resid_${parallelResidual ? 'pre' : 'mid'}`, 20),
      )
      if (hasExperts)
        await expect(cache.stackNeuronResults()).rejects.toThrow(
          expect.objectContaining({ code: 'hook_unknown' }),
        )
      console.log(`${name}: ${JSON.stringify(differences)} where logits reach ${largest.toFixed(1)}`)
      for (const [what, difference] of Object.entries(differences))
        expect(difference / Math.max(1, largest), what).toBeLessThan(tolerance)
    } finally {
      await model.close()
      await rm(folder, { recursive: true })
    }
  })
})

/** One position's residual stream. */
const streamAt = (cache: ActivationCache, hook: string, position: number): Float32Array =>
  sliceAxis(cache.get(hook), 'S', position, position + 1).data

const differenceOf = (one: ArrayLike<number>, other: Float32Array): number =>
  other.reduce((most, value, index) => Math.max(most, Math.abs(value - one[index])), 0)

/** Where the model caps its logits, at what. */
function softCapOf(folder: string): number | null {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    final_logit_softcapping?: number | null
  } // our own file
  return config.final_logit_softcapping ?? null
}

/** [N, …] → one value for each place of the rest. */
function sumOf({ data, shape }: AxedTensor): Float64Array {
  const size = data.length / shape[0]
  const sums = new Float64Array(size)
  data.forEach((value, index) => (sums[index % size] += value))
  return sums
}
