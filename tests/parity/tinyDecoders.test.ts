// Random decoders of every kind against transformers' numbers (tinyDecoders.py), and the engine's own promises on each.
// Tolerance 1e-4 of the largest golden value: single precision, summed in another order.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import type { GenerateRequest } from '../../main/inference/requests.ts'
import { selfCheck } from '../../main/inference/selfCheck.ts'
import { parseHuggingFaceConfig } from '../../main/model/huggingFaceConfig.ts'
import { huggingFaceWeights } from '../../main/model/huggingFaceFolder.ts'
import { asWeight, readSafetensorsHeader, readWeight } from '../../main/model/safetensors.ts'

interface Golden {
  ids: number[]
  everyPosition: number
}

const decoders = join(import.meta.dirname, 'golden', 'decoders')
const tolerance = 1e-4
const never = new AbortController().signal

async function openDecoder(name: string, maxRows: number): Promise<InferenceClient> {
  const folder = join(decoders, name)
  const configFile = join(folder, 'config.json')
  const { config } = parseHuggingFaceConfig(configFile, await readFile(configFile, 'utf8'))
  const files = readdirSync(folder).filter((file) => /^model.*\.safetensors$/.test(file))
  const weights = await huggingFaceWeights(
    config,
    files.map((file) => join(folder, file)),
  )
  return InferenceClient.open({ config, weights, maxRows, threads: 1 }, never)
}

async function readGolden(name: string): Promise<{ about: Golden; tensors: Map<string, Float32Array> }> {
  const folder = join(decoders, name)
  const about = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as Golden // our own file
  const file = join(folder, 'golden.safetensors')
  const { tensors: entries } = await readSafetensorsHeader(file)
  const tensors = new Map<string, Float32Array>()
  for (const [tensor, entry] of entries) {
    const weight = asWeight(file, entry)
    if (weight) tensors.set(tensor, await readWeight(weight))
  }
  return { about, tensors }
}

/** Largest |Δ| over the rows that are golden, as a part of the largest golden value. */
function largestError(golden: Float32Array, ours: Float32Array, width: number, every: number): number {
  let largest = 0
  let error = 0
  golden.forEach((value, index) => {
    const row = Math.floor(index / width) * every
    largest = Math.max(largest, Math.abs(value))
    error = Math.max(error, Math.abs(value - ours[row * width + (index % width)]))
  })
  return error / largest
}

describe.each(readdirSync(decoders))('%s', (name) => {
  it('gives transformers’ logits and residuals', async () => {
    const { about, tensors } = await readGolden(name)
    const client = await openDecoder(name, 1)
    const hooks = [...tensors.keys()].filter((tensor) => tensor.startsWith('blocks'))
    const request: GenerateRequest = {
      promptIds: Int32Array.from(about.ids),
      earlierPrompts: [],
      sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' },
      capture: { hooks, positions: 'all' },
      wantLogits: true,
    }
    const result = await client.generate(request, never)
    const found = new Map<string, { data: Float32Array; width: number }>()
    if (result.logits) found.set('logits', { data: result.logits, width: client.config.shape.vocabulary })
    for (const { hook, width, all } of result.captures) if (all) found.set(hook, { data: all.data, width })
    await client.close()
    expect([...found.keys()].sort()).toEqual([...tensors.keys()].sort())
    for (const [tensor, golden] of tensors) {
      const { data, width } = found.get(tensor) as { data: Float32Array; width: number } // compared above
      const error = largestError(golden, data, width, about.everyPosition)
      console.log(`${name}, ${tensor}: ${error.toExponential(1)} of the largest`)
      expect(error, tensor).toBeLessThan(tolerance)
    }
  })

  it('passes the checks of “models check”', async () => {
    const client = await openDecoder(name, 4)
    const prompt = Int32Array.from(
      { length: 60 },
      (_, index) => (index * 31) % client.config.shape.vocabulary,
    )
    const results = await selfCheck((request) => client.generate(request, never), {
      shape: client.config.shape,
      prompt,
    })
    await client.close()
    expect(results.map(({ name: check, passed }) => ({ check, passed }))).toEqual([
      { check: 'finite logits', passed: true },
      { check: 'batch', passed: true },
      { check: 'prefix cache', passed: true },
    ])
  })
})
