import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as onnx from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { multiplyOut, roundedLayouts, roundToBlocks, type BlockNumbers } from './blockNumbers.ts'
import { blockEntries, blockTensors, ggufLayout, type BlockMatrix } from './blockWeights.ts'
import { ggufBlocks } from './gguf.ts'
import { ggufGroups, readBlocks, type QuantisedType } from './ggufNumbers.ts'
import { GraphBuilder } from './onnxWriter.ts'
import { readSafetensorsHeader, writeSafetensors } from './safetensors.ts'
import { WeightNodes } from './weightNodes.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../tests/parity/golden/ggufDequantize.json', import.meta.url), 'utf8'),
) as { types: Record<QuantisedType, { blocks: string }> } // our own file

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blocks-'))
})
afterAll(() => rm(folder, { recursive: true }))

const rows = 64
const width = 512
/** Numbers that only have to differ from one another. */
const values = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * i * 0.37) * (1 + (i % 7)))

/** The golden blocks over and over, in an order that makes no two rows alike. */
function ggufNumbers(type: QuantisedType): BlockNumbers {
  const block = ggufBlocks[type]
  const own = Buffer.from(golden.types[type].blocks, 'base64')
  const count = (rows * width) / block.numbers
  const bytes = Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const at = block.bytes * ((i * i + Math.floor(i / 5)) % (own.length / block.bytes))
      return own.subarray(at, at + block.bytes)
    }),
  )
  return readBlocks(type, bytes, rows * width)
}

async function session(numbers: BlockNumbers, layout: BlockMatrix['layout']): Promise<onnx.InferenceSession> {
  const parts = async function* () {
    yield await Promise.resolve(numbers)
  }
  const matrix: BlockMatrix = { name: 'm.weight', shape: [rows, width], layout, parts }
  const file = join(folder, `${Math.random()}.safetensors`)
  await writeSafetensors(file, blockTensors([matrix]))
  const graph = new GraphBuilder()
  const weights = new WeightNodes(graph, blockEntries(file, await readSafetensorsHeader(file), [matrix]))
  graph.input('x', 'float32', ['N', width])
  graph.input('ids', 'int64', ['n'])
  graph.output(weights.linear('m', 'x'), 'product', 'float32', ['N', rows])
  graph.output(weights.rows('m.weight', 'ids'), 'rows', 'float32', ['n', width])
  return onnx.InferenceSession.create(graph.finish('blocks'), {
    intraOpNumThreads: 2, // parts of 128 rows go to a thread each
    extra: { session: { model_external_initializers_file_folder_path: `${weights.folder}/` } },
  })
}

async function run(on: onnx.InferenceSession, x: Float32Array, ids: number[] = []) {
  const results = await on.run({
    x: new onnx.Tensor('float32', x, [x.length / width, width]),
    ids: new onnx.Tensor('int64', BigInt64Array.from(ids, BigInt), [ids.length]),
  })
  return { product: results.product.data as Float32Array, rows: results.rows.data as Float32Array } // declared so
}

const cases = [
  ...(Object.keys(ggufGroups) as QuantisedType[]).map((type) => ({
    kind: type as string,
    layout: ggufLayout(type),
    make: () => ggufNumbers(type),
  })),
  ...(['int4', 'int8'] as const).map((kind) => ({
    kind: kind as string,
    layout: roundedLayouts[kind],
    make: () => roundToBlocks(values(rows * width, 3), kind)!,
  })),
]

describe.each(cases)('a matrix in $kind', ({ make, layout }) => {
  it('multiplies as its numbers do, and gives its rows', async () => {
    const numbers = make()
    const plain = new Float32Array(rows * width)
    multiplyOut(numbers, plain)
    const on = await session(numbers, layout)
    const x = values(3 * width, 1)
    const ids = [5, 0, 63, 5]
    const found = await run(on, x, ids)
    await on.release()
    const largest = plain.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    ids.forEach((id, place) => {
      for (let k = 0; k < width; k++)
        expect(Math.abs(found.rows[place * width + k] - plain[id * width + k])).toBeLessThan(
          largest * 2 ** -22,
        )
    })
    for (let n = 0; n < 3; n++)
      for (let row = 0; row < rows; row++) {
        let sum = 0
        let magnitudes = 0
        for (let k = 0; k < width; k++) {
          const part = x[n * width + k] * plain[row * width + k]
          sum += part
          magnitudes += Math.abs(part)
        }
        // Single precision over 512 terms; a wide matrix sums its upper half sixteenfold.
        expect(Math.abs(found.product[n * rows + row] - sum)).toBeLessThan(1e-5 * magnitudes)
      }
  })

  it('gives a row the same bits alone and among any number of others', async () => {
    const on = await session(make(), layout)
    const all = values(259 * width, 2)
    const { product } = await run(on, all)
    for (const count of [1, 2, 3, 8, 127, 128, 129, 257]) {
      const own = await run(on, all.subarray(0, count * width))
      expect(own.product, `${count} rows`).toEqual(product.subarray(0, count * rows))
    }
    expect((await run(on, new Float32Array(0))).product).toHaveLength(0)
    await on.release()
  })
})

it('tells a name that is in no blocks', () => {
  const weights = new WeightNodes(new GraphBuilder(), new Map([['a.weight.blocks', blankTensor()]]))
  expect(() => weights.linear('b', 'x')).toThrow(TypeError)
})

const blankTensor = () => ({
  file: join(folder, '..'),
  offset: 0,
  byteLength: 16,
  dtype: 'uint8' as const,
  shape: [1, 1, 16],
})
