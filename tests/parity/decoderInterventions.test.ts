// Interventions in every architecture that has a small model here: at each hook point, what an intervention does is what a
// function between the parts of a cut graph does, bit for bit; and rows beside them keep their bits.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HookedFunction } from '../../main/inference/hookFunctions.ts'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import { makeIntervention, type Intervention } from '../../main/inference/interventions.ts'
import type { GenerateRequest, GenerateResult } from '../../main/inference/requests.ts'
import { listHooks, type HookPoint } from '../../main/model/hookNames.ts'
import { parseHuggingFaceConfig } from '../../main/model/huggingFaceConfig.ts'
import { huggingFaceWeights } from '../../main/model/huggingFaceFolder.ts'
import { rowLayout } from '../../main/model/interventionGraph.ts'

const models = join(import.meta.dirname, 'golden', 'decoders')
const never = new AbortController().signal
const tokens = 30

/** A row of values that no activation has, and that leaves patterns rows of weights. */
const rowOf = (point: HookPoint): Float32Array =>
  Float32Array.from({ length: rowLayout(point).width ?? 100 }, (_, index) => 0.5 + Math.sin(index) / 3)

const declared = (point: HookPoint, client: InferenceClient): Intervention =>
  makeIntervention(
    {
      name: point.name,
      hook: point.name,
      heads: null,
      positions: 'allPrompt',
      phase: 'prompt',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: {
        kind: 'replace',
        table: { data: rowOf(point), rows: 1, units: 1 },
        choice: { kind: 'first' },
      },
    },
    client.config.shape,
  )

/** The same by hand. */
const written = (point: HookPoint, window: number): HookedFunction => ({
  hook: point.name,
  phase: 'prompt',
  run({ data, shape }) {
    const row = rowOf(point)
    const last = shape[shape.length - 1]
    data.forEach((_, index) => {
      const line = Math.floor(index / last)
      const key = index % last
      const query = line % shape[2]
      if (!point.isKeyed || (key <= query && key > query - window)) data[index] = row[key]
    })
  },
})

const content = ({ prefillMs: _, decodeMs: __, interventions: ___, ...rest }: GenerateResult): unknown => rest

describe.each(readdirSync(models))('%s', (name) => {
  let client: InferenceClient
  beforeAll(async () => {
    const at = join(models, name)
    const { config } = parseHuggingFaceConfig(
      join(at, 'config.json'),
      readFileSync(join(at, 'config.json'), 'utf8'),
    )
    const files = readdirSync(at).filter((file) => /^model.*\.safetensors$/.test(file))
    const weights = await huggingFaceWeights(
      config,
      files.map((file) => join(at, file)),
    )
    client = await InferenceClient.open({ config, weights, threads: 1, maxRows: 2 }, never)
  })
  afterAll(() => client.close())

  it('does the same by intervention and by function, at every hook point, and spares the row beside', async () => {
    const { shape, attention } = client.config
    const request = (seed: number, interventions: Intervention[] = []): GenerateRequest => ({
      promptIds: Int32Array.from({ length: tokens }, (_, i) => (i * i * 31 + seed) % shape.vocabulary),
      earlierPrompts: [],
      sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 2, stopIds: [], seed: 'architectures' },
      capture: { hooks: [`blocks.${shape.layers - 1}.hook_resid_post`], positions: 'all' },
      wantLogits: true,
      interventions,
    })
    const [plain, beside] = [1, 2].map((seed) => client.generate(request(seed), never))
    const [own, other] = [content(await plain), content(await beside)]
    const points = listHooks(shape).filter(({ layer }) => layer === null || layer === 1)
    expect(points.length).toBeGreaterThan(15)
    const all = points.map((point) => declared(point, client))
    await client.generate(request(1, all), never) // one graph for them all
    for (const [index, point] of points.entries()) {
      const window = attention.window?.layers.includes(point.layer ?? -1)
        ? attention.window.positions
        : Infinity
      const results = await Promise.all([
        client.generate(request(1, [all[index]]), never),
        client.generate(request(2), never),
      ])
      const [changed, spared] = results.map(content)
      expect(spared, point.name).toEqual(other)
      expect(changed, point.name).not.toEqual(own)
      const byHand = await client.generate(request(1), never, [written(point, window)])
      expect(content(byHand), point.name).toEqual(changed)
    }
  }, 120_000)
})
