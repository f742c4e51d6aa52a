import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as onnx from 'onnxruntime-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { elementTypes, GraphBuilder } from './onnxWriter.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'))
})
afterEach(() => rm(folder, { recursive: true }))

const load = (model: Uint8Array): Promise<onnx.InferenceSession> =>
  onnx.InferenceSession.create(model, {
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: `${folder}/` } },
  })
const floats = (values: number[], dimensions: number[]): onnx.Tensor =>
  new onnx.Tensor('float32', Float32Array.from(values), dimensions)

describe('a written graph', () => {
  it('runs, with free dimensions, a text for an attribute and an input left out', async () => {
    const graph = new GraphBuilder()
    const y = graph.input('y', 'float32', ['N', 2])
    const wide = graph.op('Pad', [y, graph.integers([0, 1, 0, 1]), null], { mode: 'edge' })
    graph.output(wide, 'wide', 'float32', ['N', 4])
    const session = await load(graph.finish('graph'))
    const result = await session.run({ y: floats([1, 2, 3, 4], [2, 2]) })
    expect([...result.wide.data]).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    await session.release()
  })

  it('multiplies by operators of both sets', async () => {
    const graph = new GraphBuilder()
    const x = graph.input('x', 'float32', ['N', 2])
    const product = graph.op('FusedMatMul', [x, x], { alpha: { float: 0.5 }, transB: 1 })
    graph.output(graph.op('Softmax', [product], { axis: -1 }), 'shares', 'float32', ['N', 'N'])
    graph.output(product, 'product', 'float32', ['N', 'N'])
    const session = await load(graph.finish('both'))
    const { product: found, shares } = await session.run({ x: floats([1, 2, 3, 4], [2, 2]) })
    expect([...found.data]).toEqual([2.5, 5.5, 5.5, 12.5])
    expect(shares.dims).toEqual([2, 2])
    await session.release()
  })

  it('reads tensors of each width from their places in a file, unaligned', async () => {
    const file = Buffer.alloc(3 + 8 + 4 + 4)
    file.writeFloatLE(1.5, 3)
    file.writeFloatLE(-2, 7)
    file.writeUInt16LE(0x3e00, 11) // 1.5 as fp16
    file.writeUInt16LE(0xc000, 13) // −2 as fp16
    file.writeUInt16LE(0x3fc0, 15) // 1.5 as bf16
    file.writeUInt16LE(0xc000, 17) // −2 as bf16
    await writeFile(join(folder, 'weights.bin'), file)
    const graph = new GraphBuilder()
    const place = (type: 'float32' | 'float16' | 'bfloat16', offset: number, byteLength: number): string =>
      graph.external(type, { location: 'weights.bin', offset, byteLength, type, shape: [2] })
    const widened = (value: string): string => graph.op('Cast', [value], { to: elementTypes.float32 })
    const parts = [
      place('float32', 3, 8),
      widened(place('float16', 11, 4)),
      widened(place('bfloat16', 15, 4)),
    ]
    const x = graph.input('x', 'float32', [2])
    parts.forEach((part, index) => graph.output(graph.op('Add', [part, x]), `sum_${index}`, 'float32', [2]))
    const session = await load(graph.finish('widths'))
    const result = await session.run({ x: floats([0, 0], [2]) })
    for (let index = 0; index < parts.length; index++)
      expect([...result[`sum_${index}`].data]).toEqual([1.5, -2])
    await session.release()
  })

  it('knows a tensor by its name', () => {
    const graph = new GraphBuilder()
    const tensor = { location: 'w', offset: 0, byteLength: 4, type: 'float32', shape: [1] } as const
    graph.external('w', tensor)
    const once = graph.finish('g').length
    graph.external('w', tensor)
    expect(graph.finish('g')).toHaveLength(once)
  })
})

describe('misuse', () => {
  it('refuses a fraction where an integer belongs', () => {
    const graph = new GraphBuilder()
    graph.op('Concat', ['a'], { axis: 0.5 })
    expect(() => graph.finish('g')).toThrow(TypeError)
  })

  it('refuses to name one value twice', () => {
    const graph = new GraphBuilder()
    const value = graph.op('Relu', ['x'])
    graph.output(value, 'one', 'float32', ['N'])
    expect(() => graph.output(value, 'two', 'float32', ['N'])).toThrow(TypeError)
  })
})

describe('a branch', () => {
  it('runs only where its condition holds, on values from outside, and may hold another', async () => {
    const graph = new GraphBuilder()
    const x = graph.input('x', 'float32', ['N'])
    for (const name of ['outer', 'inner']) graph.input(name, 'boolean', [])
    const twice = graph.op('Add', [x, x])
    const results = graph.onlyIf('outer', () => [
      graph.op('Mul', [twice, graph.float(0.5)]),
      ...graph.onlyIf('inner', () => [graph.op('Neg', [twice])]),
    ])
    results.forEach((value, index) => graph.output(value, `result_${index}`, 'float32', ['M']))
    const session = await load(graph.finish('branches'))
    const run = async (outer: boolean, inner: boolean): Promise<number[][]> => {
      const flag = (value: boolean): onnx.Tensor => new onnx.Tensor('bool', [value], [])
      const found = await session.run({ x: floats([1, 2], [2]), outer: flag(outer), inner: flag(inner) })
      return [found.result_0, found.result_1].map(({ data }) => [...(data as Float32Array)])
    }
    expect(await run(true, true)).toEqual([
      [1, 2],
      [-2, -4],
    ])
    expect(await run(true, false)).toEqual([[1, 2], []])
    expect(await run(false, true)).toEqual([[], []])
    await session.release()
  })
})
