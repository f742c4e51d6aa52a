import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { bytesPerNumber, dtypeNotes, ggufLayout, roundedMatrix, roundingPlan } from './blockWeights.ts'
import type { BlockNumbers } from './blockNumbers.ts'
import type { DecoderConfig } from './modelFiles.ts'
import { openModelFiles } from './openModelFiles.ts'
import { writeSafetensors } from './safetensors.ts'

let folder: string
let narrow: DecoderConfig
let wide: DecoderConfig
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blockWeights-'))
  narrow = (await openModelFiles(await writeTinyModel(join(folder, 'narrow')))).config
  wide = (await openModelFiles(await writeTinyModel(join(folder, 'wide'), { scale: 4 }))).config
})
afterAll(() => rm(folder, { recursive: true }))

describe('roundingPlan', () => {
  it('rounds projections, and the head to int8 whatever they are rounded to', () => {
    const { kinds, left } = roundingPlan(wide, 'int4')
    expect(left).toEqual([])
    expect(kinds.get('model.embed_tokens.weight')).toBe('int8')
    expect(kinds.get('model.layers.1.mlp.down_proj.weight')).toBe('int4')
    expect(kinds.size).toBe(2 * 7 + 1)
    const untied = roundingPlan({ ...wide, tiedEmbeddings: false }, 'int8').kinds
    expect(untied.get('lm_head.weight')).toBe('int8')
    expect(untied.has('model.embed_tokens.weight')).toBe(false)
  })

  it('leaves norms, biases and routers alone', () => {
    const experts = { count: 4, perToken: 2, isNormalised: true }
    const mixture = { ...wide, mlp: { ...wide.mlp, bias: true, experts } }
    const names = [...roundingPlan(mixture, 'int4').kinds.keys()]
    expect(names).toContain('model.layers.0.mlp.experts.3.up_proj.weight')
    expect(names.filter((name) => /norm|bias|router/.test(name))).toEqual([])
  })

  it.each(['float32', 'gguf'] as const)('rounds nothing for %s', (dtype) => {
    expect(roundingPlan(narrow, dtype)).toEqual({ kinds: new Map(), left: [] })
  })
})

describe('dtypeNotes', () => {
  it('says which matrices stay floats, because their rows are no whole blocks', () => {
    expect(roundingPlan(narrow, 'int8').kinds.size).toBe(0)
    const [note, ...others] = dtypeNotes(narrow, 'int8')
    expect(note).toContain('model.embed_tokens.weight (16 wide) and 14 more')
    expect(others).toEqual([])
  })

  it('has nothing to say where all are rounded', () => {
    expect(dtypeNotes(wide, 'int4')).toEqual([])
    expect(dtypeNotes(narrow, 'float32')).toEqual([])
  })
})

describe('roundedMatrix', () => {
  async function blocksOf(isTransposed: boolean, data: Float32Array): Promise<BlockNumbers[]> {
    const file = join(folder, 'matrix.safetensors')
    await writeSafetensors(file, [{ name: 'm', dtype: 'F32', shape: [32, 64], data }])
    const offset =
      8 + Buffer.byteLength(JSON.stringify({ m: { dtype: 'F32', shape: [32, 64], data_offsets: [0, 8192] } }))
    const weight = { file, offset: Math.ceil(offset / 8) * 8, byteLength: 8192, dtype: 'float32' as const }
    const matrix = roundedMatrix('m', { ...weight, shape: [32, 64], isTransposed }, 'int8')
    const parts: BlockNumbers[] = []
    for await (const part of matrix.parts()) parts.push(part)
    return parts
  }
  const data = Float32Array.from({ length: 2048 }, (_, i) => (i % 64) - 32)

  it('rounds along the input, however the matrix is stored', async () => {
    const [plain] = await blocksOf(false, data)
    const [turned] = await blocksOf(true, data)
    // Every row of the plain one is −32 … 31; a row of the other repeats one number, which is then the largest.
    expect([...plain.integers.subarray(0, 2)]).toEqual([-127, -123])
    expect(turned.integers.every((integer, i) => integer === Math.sign(Math.floor(i / 32) - 32) * 127)).toBe(
      true,
    )
  })

  it('names a matrix that holds numbers that are not finite', async () => {
    await expect(
      blocksOf(
        false,
        data.map((value, i) => (i === 700 ? Number.NaN : value)),
      ),
    ).rejects.toMatchObject({
      code: 'model_malformed',
      message: expect.stringContaining('m holds numbers that are not finite'),
    })
  })
})

it('reckons the bytes of a number with its scale and its minimum', () => {
  expect(bytesPerNumber(ggufLayout('Q4_0'))).toBe(0.5 + 4 / 32)
  expect(bytesPerNumber(ggufLayout('Q4_1'))).toBe(0.5 + 8 / 32)
  expect(bytesPerNumber(ggufLayout('Q6_K'))).toBe(1 + 4 / 16)
})
