// Interventions on SmolLM2-135M-Instruct against PyTorch hooks that do the same (interventions.py).
// Tolerances: logits 1e-3 (they reach ±30; both sides sum in single precision), greedy tokens exact.
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interventionList, type InterventionInput } from '../../main/contract/interventions.ts'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import { interventionsAtStep, planInterventions } from '../../main/inference/interventionPlan.ts'
import type { Intervention } from '../../main/inference/interventions.ts'
import { pathPatch, type PathPatch } from '../../main/inference/pathPatching.ts'
import type { GenerateRequest } from '../../main/inference/requests.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { prepareWeights } from '../../main/model/prepareWeights.ts'
import { writeSafetensors } from '../../main/model/safetensors.ts'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'

interface Case {
  logits?: number[][]
  greedy?: number[]
}
interface Golden {
  everyToken: number
  prompt: number[]
  other: number[]
  positions: number[]
  cases: Record<string, Case>
}

const root = join(import.meta.dirname, '..', '..')
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'interventions.json'), 'utf8'),
) as Golden // our own file
const never = new AbortController().signal
const vocabulary = 49152
const residualWidth = 576

/** The script's formula. */
const values = Array.from({ length: residualWidth }, (_, index) => Math.fround(Math.sin(0.7 * index + 1)))
const vector = { values }
const span = { first: 5, last: 8 }
const allButSink = { first: 1, last: -1 }
const resid = (layer: number): string => `blocks.${layer}.hook_resid_post`

/** The cases in our own words; `other` is a file with what the other prompt gave. */
const cases = (other: string): Record<string, InterventionInput[]> => ({
  none: [],
  'head 3 of layer 10 zeroed at hook_z': [
    { kind: 'zeroAblate', hook: 'blocks.10.attn.hook_z', heads: [3], positions: 'allPrompt' },
  ],
  'positions 5..8 of layer 15 zeroed': [{ kind: 'zeroAblate', hook: resid(15), positions: span }],
  'positions 5..8 of layer 15 mean-ablated': [
    { kind: 'meanAblate', hook: resid(15), positions: span, source: { file: other, tensor: resid(15) } },
  ],
  'positions 5..8 of layer 15 resample-ablated': [
    {
      kind: 'resampleAblate',
      hook: resid(15),
      positions: span,
      source: { file: other, tensor: resid(15) },
      seed: 7,
    },
  ],
  'positions 5..8 of layer 12 patched': [
    { kind: 'patch', hook: resid(12), positions: span, source: { file: other, tensor: resid(12) } },
  ],
  '4 v added at the last token of layer 15': [
    { kind: 'add', hook: resid(15), positions: 'lastPrompt', vector, alpha: 4 },
  ],
  'a third of the norm added at layer 15, norm kept': [
    {
      kind: 'add',
      hook: resid(15),
      positions: allButSink,
      vector,
      alpha: 1 / 3,
      unit: 'valueNorm',
      normMatched: true,
    },
  ],
  'v projected out of layers 8 and 20': [
    { kind: 'projectOut', hook: [resid(8), resid(20)], positions: allButSink, vector },
  ],
  'layer 15 clamped along v to [-1, 2]': [
    { kind: 'clamp', hook: resid(15), positions: allButSink, vector, low: -1, high: 2 },
  ],
  '4 v added at layer 15 where x v > 0': [
    { kind: 'add', hook: resid(15), positions: allButSink, vector, alpha: 4, gate: { vector, above: 0 } },
  ],
  'layer 15 doubly changed: zeroed, then v added': [
    { kind: 'zeroAblate', hook: resid(15), positions: span },
    { kind: 'add', hook: resid(15), positions: span, vector, alpha: 1 },
  ],
  'patterns of layer 7, heads 2 and 5, frozen': [
    {
      kind: 'freezePattern',
      hook: 'blocks.7.attn.hook_pattern',
      heads: [2, 5],
      positions: 'allPrompt',
      source: { file: other, tensor: 'blocks.7.attn.hook_pattern' },
    },
  ],
  'nothing steered, 40 tokens': [],
  'the prompt steered, 40 tokens': [
    { kind: 'add', hook: resid(15), positions: 'allPrompt', vector, alpha: 3 },
  ],
  'every token steered, 40 tokens': [{ kind: 'add', hook: resid(15), positions: 'all', vector, alpha: 3 }],
})

/** Of sampled logits of some positions. */
function largestDifference(expected: number[][], logits: Float32Array): number {
  let largest = 0
  golden.positions.forEach((position, place) => {
    expected[place].forEach((value, nth) => {
      const own = logits[position * vocabulary + nth * golden.everyToken]
      largest = Math.max(largest, Math.abs(value - own))
    })
  })
  return largest
}

const queries = [{ hook: 'blocks.9.attn.hook_q', heads: [0, 1, 2] }]
/** All from head 2 of layer 4. */
const pathCases: Record<string, Pick<PathPatch, 'receivers' | 'holdMlps'>> = {
  'path from head 2 of layer 4 to queries of layer 9': { receivers: queries, holdMlps: true },
  'the same path, MLPs free': { receivers: queries, holdMlps: false },
  'path to keys and values of layer 9': {
    receivers: [
      { hook: 'blocks.9.attn.hook_k', heads: [0] },
      { hook: 'blocks.9.attn.hook_v', heads: [1, 2] },
    ],
    holdMlps: true,
  },
  'path to the residual stream after layer 20, MLPs free': {
    receivers: [{ hook: resid(20) }],
    holdMlps: false,
  },
}

const request = (ids: number[], further: Partial<GenerateRequest>): GenerateRequest => ({
  promptIds: Int32Array.from(ids),
  earlierPrompts: [],
  sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' },
  capture: { hooks: [], positions: 'decision' },
  ...further,
})

describe.skipIf(!existsSync(smolLM2Path))('interventions on SmolLM2-135M-Instruct', () => {
  let folder: string
  let client: InferenceClient
  let planned: Map<string, Intervention[]>
  /** Logits of the prompt in a graph without any intervention. */
  let untouched: Float32Array

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'interventions-'))
    const files = await openModelFiles(smolLM2Path)
    const weights = await prepareWeights(files, { cacheFolder: join(root, '.cache', 'weights') })
    client = await InferenceClient.open({ config: files.config, weights, maxRows: 16 }, never)
    untouched = (await client.generate(request(golden.prompt, { wantLogits: true }), never)).logits! // asked for
    const other = join(folder, 'other.safetensors')
    const hooks = [resid(12), resid(15), 'blocks.7.attn.hook_pattern']
    const result = await client.generate(
      request(golden.other, { capture: { hooks, positions: 'all' } }),
      never,
    )
    await writeSafetensors(
      other,
      result.captures.map(({ hook, all }) => ({
        name: hook,
        dtype: 'F32',
        // The script has no generated token.
        ...withoutLast(all!.data, all!.shape, all!.axes), // asked for
      })),
      { tokenizer_hash: 'a' },
    )
    const model = {
      shape: client.config.shape,
      model: { modelHash: () => Promise.resolve('b'), tokenizerHash: 'a', computeDtype: 'float32' as const },
      readRun: null,
      encode: () => new Int32Array(0),
    }
    planned = new Map()
    for (const [name, list] of Object.entries(cases(other)))
      planned.set(
        name,
        interventionsAtStep(await planInterventions(interventionList.parse(list), model), 0, ''),
      )
  }, 120_000)
  afterAll(async () => {
    await client.close()
    await rm(folder, { recursive: true })
  })

  it('are the script’s cases, one by one', () => {
    expect([...planned.keys(), ...Object.keys(pathCases)].toSorted()).toEqual(
      Object.keys(golden.cases).toSorted(),
    )
  })

  it('give PyTorch’s logits, all in one batch', async () => {
    const logitCases = Object.entries(golden.cases).filter(
      ([name, { logits }]) => logits && !(name in pathCases),
    )
    const results = await Promise.all(
      logitCases.map(([name]) =>
        client.generate(
          request(golden.prompt, { interventions: planned.get(name), wantLogits: true }),
          never,
        ),
      ),
    )
    const none = results[0].logits! // asked for
    expect(none).toEqual(untouched)
    logitCases.forEach(([name, { logits }], index) => {
      const error = largestDifference(logits!, results[index].logits!) // asked for
      const effect = largestDifference(logits!, none)
      console.log(`${name}: largest |Δ| ${error.toExponential(1)}, effect ${effect.toPrecision(2)}`)
      expect(error, name).toBeLessThan(1e-3)
      if (name !== 'none') expect(effect, name).toBeGreaterThan(0.05)
    })
  }, 120_000)

  it.each(Object.entries(pathCases))(
    'give PyTorch’s logits along one path alone: %s',
    async (name, path) => {
      const { logits } = await pathPatch(
        (each) => client.generate(each, never),
        {
          clean: Int32Array.from(golden.prompt),
          corrupted: Int32Array.from(golden.other),
          sender: { hook: 'blocks.4.attn.hook_z', heads: [2] },
          ...path,
        },
        client.config.shape,
      )
      const expected = golden.cases[name].logits!
      const error = largestDifference(expected, logits!) // asked for
      const effect = largestDifference(golden.cases.none.logits!, logits!)
      console.log(`${name}: largest |Δ| ${error.toExponential(1)}, effect ${effect.toPrecision(2)}`)
      expect(error).toBeLessThan(1e-3)
      expect(effect).toBeGreaterThan(10 * error)
    },
    120_000,
  )

  it.each(Object.entries(golden.cases).filter(([, { greedy }]) => greedy))(
    'give PyTorch’s greedy tokens: %s',
    async (name, { greedy }) => {
      const sampling = { ...request([], {}).sampling, maxNewTokens: 40 }
      const result = await client.generate(
        request(golden.prompt, { sampling, interventions: planned.get(name) }),
        never,
      )
      expect([...result.completionIds]).toEqual(greedy)
    },
    120_000,
  )
})

/** A captured tensor without its last position, among keys too where it has them. */
function withoutLast(
  data: Float32Array,
  shape: readonly number[],
  axes: string,
): { data: Float32Array; shape: number[] } {
  if (axes !== 'B H S T') {
    const [, positions, width] = shape
    return { data: data.slice(0, (positions - 1) * width), shape: [1, positions - 1, width] }
  }
  const [, heads, positions, keys] = shape
  const rows = Array.from({ length: heads * (positions - 1) }, (_, row) => {
    const from = (Math.floor(row / (positions - 1)) * positions + (row % (positions - 1))) * keys
    return data.subarray(from, from + keys - 1)
  })
  return {
    data: Float32Array.from(rows.flatMap((row) => [...row])),
    shape: [1, heads, positions - 1, keys - 1],
  }
}
