// Random decoders of every architecture against transformers' numbers (tinyDecoders.py), and the engine's own promises on each.
// Tolerance 1e-4 of a hook point's largest golden value: single precision, summed in another order.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import { compareWithReference } from '../../main/inference/referenceCheck.ts'
import { selfCheck } from '../../main/inference/selfCheck.ts'
import { parseHuggingFaceConfig } from '../../main/model/huggingFaceConfig.ts'
import { huggingFaceWeights } from '../../main/model/huggingFaceFolder.ts'
import { listHooks } from '../../main/model/hookNames.ts'
import { readReference } from '../../main/model/referenceFile.ts'

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

describe.each(readdirSync(decoders))('%s', (name) => {
  it('gives transformers’ logits, every hook point and greedy tokens', async () => {
    const client = await openDecoder(name, 1)
    const { shape } = client.config
    const reference = await readReference(join(decoders, name), shape)
    if (!reference) throw new TypeError(`${name} has no reference file`)
    const compared = await compareWithReference(
      (request) => client.generate(request, never),
      reference,
      shape,
    )
    await client.close()
    const largest = Math.max(...compared.errors.map(({ error }) => error))
    console.log(`${name}: largest of ${compared.errors.length} relative errors ${largest.toExponential(1)}`)
    const names = compared.errors.map(({ name: value }) => value)
    expect(names.sort()).toEqual(['logits', ...listHooks(shape).map((point) => point.name)].sort())
    expect(compared.errors.filter(({ error }) => !(error < tolerance))).toEqual([])
    expect(compared.greedy).toEqual(compared.greedyReference)
  })

  it('passes the checks of “models check”', async () => {
    const client = await openDecoder(name, 4)
    const { shape } = client.config
    const prompt = Int32Array.from({ length: 60 }, (_, index) => (index * 31) % shape.vocabulary)
    const results = await selfCheck((request) => client.generate(request, never), { shape, prompt })
    await client.close()
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })
})
