import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModelShape } from '../contract/models.ts'
import { listHooks } from './hookNames.ts'
import { readReference, referenceName } from './referenceFile.ts'
import { writeSafetensors, type TensorToWrite } from './safetensors.ts'

const shape: ModelShape = {
  layers: 1,
  residualWidth: 4,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 2,
  mlpWidth: 3,
  vocabulary: 10,
  contextLength: 16,
}
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reference-'))
})
afterEach(() => rm(folder, { recursive: true }))

const integers = (name: string, values: number[]): TensorToWrite => ({
  name,
  dtype: 'I32',
  shape: [values.length],
  data: Int32Array.from(values),
})
const floats = (name: string, sizes: number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape: sizes,
  data: Float32Array.from({ length: sizes.reduce((a, b) => a * b) }, (_, index) => index),
})
const sound: TensorToWrite[] = [
  integers('ids', [3, 1, 4]),
  integers('positions', [0, 2]),
  integers('greedy', [9]),
  floats('logits', [2, 10]),
  floats('hook_embed', [2, 4]),
  floats('blocks.0.attn.hook_k', [2, 1, 2]),
  floats('blocks.0.attn.hook_pattern', [2, 2, 3]),
]
const write = (tensors: TensorToWrite[]): Promise<void> =>
  writeSafetensors(join(folder, referenceName), tensors, { transformers: '5.23.0' })
const without = (name: string): TensorToWrite[] => sound.filter((tensor) => tensor.name !== name)

describe('a reference file', () => {
  it('is read from a model’s folder and beside a model’s file', async () => {
    await write(sound)
    const found = await readReference(folder, shape)
    expect(found).toMatchObject({ madeBy: { transformers: '5.23.0' } })
    expect([found?.ids, found?.positions, found?.greedy].map((list) => [...(list ?? [])])).toEqual([
      [3, 1, 4],
      [0, 2],
      [9],
    ])
    expect([...(found?.hooks.keys() ?? [])]).toEqual([
      'hook_embed',
      'blocks.0.attn.hook_k',
      'blocks.0.attn.hook_pattern',
    ])
    expect(listHooks(shape).length).toBeGreaterThan(3) // not all have to be there
    await writeFile(join(folder, 'model.gguf'), '')
    expect(await readReference(join(folder, 'model.gguf'), shape)).toEqual(found)
  })

  it('need not be there', async () => {
    expect(await readReference(folder, shape)).toBeNull()
  })

  it.each<[string, TensorToWrite[], string]>([
    ['without its tokens', without('ids'), 'ids'],
    ['without logits', without('logits'), 'logits'],
    ['with tokens beyond the vocabulary', [...without('ids'), integers('ids', [3, 10])], '10'],
    ['with positions beyond its tokens', [...without('positions'), integers('positions', [3])], 'positions'],
    ['without a position', [...without('positions'), integers('positions', [])], 'positions'],
    ['of a wider model', [...without('hook_embed'), floats('hook_embed', [2, 8])], 'hook_embed'],
    [
      'with patterns of another length',
      [...sound.slice(0, 6), floats('blocks.0.attn.hook_pattern', [2, 2, 4])],
      'pattern',
    ],
    ['of integers for logits', [...without('logits'), integers('logits', [1])], 'logits'],
  ])('%s is refused', async (_, tensors, reason) => {
    await write(tensors)
    await expect(readReference(folder, shape)).rejects.toThrow(
      expect.objectContaining({ code: 'model_malformed', message: expect.stringContaining(reason) }),
    )
  })

  it('that is no safetensors file is refused', async () => {
    await copyFile(import.meta.filename, join(folder, referenceName))
    await expect(readReference(folder, shape)).rejects.toThrow(/innerview-reference/)
  })
})
