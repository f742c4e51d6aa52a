// What the cache keeps, multiplied: right to the last digits, and to the same bits beside whatever else is computed.
import * as onnx from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { KeptProducts } from './keptProducts.ts'
import { GraphBuilder } from './onnxWriter.ts'
import { passInputs } from './passInputs.ts'

interface Sizes {
  headWidth: number
  keyValueHeads: number
  /** Query heads that share a key head. */
  group: number
  /** New tokens of each row. */
  width: number
}

const positions = 700
const value = (...indices: number[]): number =>
  Math.sin(indices.reduce((sum, index, place) => sum + index * (place + 1.7) * 12.9898, 0.3))
const filled = (length: number, of: (index: number) => number): Float32Array =>
  Float32Array.from({ length }, (_, index) => of(index))

async function open(
  { headWidth, keyValueHeads, group }: Sizes,
  threads: number,
): Promise<onnx.InferenceSession> {
  const graph = new GraphBuilder()
  graph.input(passInputs.grid, 'int32', ['B', 'S'])
  const products = new KeptProducts(graph, { headWidth, keyValueHeads, heads: keyValueHeads * group })
  const queries = graph.input('queries', 'float32', ['B', keyValueHeads, 'R', headWidth])
  const pattern = graph.input('pattern', 'float32', ['B', keyValueHeads, 'R', 'P'])
  const kept = graph.input('kept', 'float32', ['B', keyValueHeads, 'P', headWidth])
  graph.output(products.scores(queries, kept, 0.5), 'scores', 'float32', ['B', keyValueHeads, 'R', 'P'])
  graph.output(products.sum(pattern, kept), 'sum', 'float32', ['B', keyValueHeads, 'R', headWidth])
  return onnx.InferenceSession.create(graph.finish('products'), {
    logSeverityLevel: 3,
    intraOpNumThreads: threads,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
}

/** Scores and sums of the first of some rows, its kept positions in a cache with room for more. */
async function firstRow(
  session: onnx.InferenceSession,
  { headWidth, keyValueHeads, group, width }: Sizes,
  { rows, room }: { rows: number; room: number },
): Promise<{ scores: Float32Array; sum: Float32Array }> {
  const lines = group * width
  const tensor = (data: Float32Array, ...dimensions: number[]): onnx.Tensor =>
    new onnx.Tensor('float32', data, dimensions)
  const isKept = (place: number): boolean => place % room < positions
  const results = await session.run({
    [passInputs.grid]: new onnx.Tensor('int32', new Int32Array(rows * width), [rows, width]),
    queries: tensor(
      filled(rows * keyValueHeads * lines * headWidth, (index) => value(index)),
      rows,
      keyValueHeads,
      lines,
      headWidth,
    ),
    pattern: tensor(
      filled(rows * keyValueHeads * lines * room, (index) =>
        isKept(index) ? value(Math.floor(index / room), index % room) : 0,
      ),
      rows,
      keyValueHeads,
      lines,
      room,
    ),
    kept: tensor(
      filled(rows * keyValueHeads * room * headWidth, (index) => {
        const place = Math.floor(index / headWidth)
        return isKept(place) ? value(place % room, index % headWidth, Math.floor(place / room)) : 0
      }),
      rows,
      keyValueHeads,
      room,
      headWidth,
    ),
  })
  const scores = results.scores.data as Float32Array // declared so
  return {
    scores: filled(
      lines * positions,
      (index) => scores[Math.floor(index / positions) * room + (index % positions)],
    ),
    sum: (results.sum.data as Float32Array).slice(0, lines * headWidth),
  }
}

describe.each<Sizes>([
  { headWidth: 64, keyValueHeads: 3, group: 3, width: 1 },
  { headWidth: 64, keyValueHeads: 1, group: 3, width: 1 },
  { headWidth: 128, keyValueHeads: 2, group: 1, width: 1 },
  { headWidth: 128, keyValueHeads: 1, group: 4, width: 32 },
  { headWidth: 256, keyValueHeads: 2, group: 4, width: 1 },
  { headWidth: 256, keyValueHeads: 1, group: 4, width: 1 },
  { headWidth: 256, keyValueHeads: 2, group: 4, width: 32 },
])(
  'products with what is kept, $keyValueHeads heads of $headWidth, groups of $group, $width tokens',
  (sizes) => {
    it('are right', async () => {
      const session = await open(sizes, 1)
      const { scores, sum } = await firstRow(session, sizes, { rows: 1, room: 704 })
      await session.release()
      const { headWidth } = sizes
      let [score, weighted] = [0, 0]
      for (let k = 0; k < headWidth; k++) score += Math.fround(value(k)) * Math.fround(value(5, k, 0))
      for (let p = 0; p < positions; p++) weighted += Math.fround(value(0, p)) * Math.fround(value(p, 3, 0))
      expect(scores[5]).toBeCloseTo(score / 2, 4)
      expect(sum[3]).toBeCloseTo(weighted, 4)
    })

    it('have the same bits beside other rows, in a larger cache and on any number of threads', async () => {
      const found: { scores: Float32Array; sum: Float32Array }[] = []
      for (const threads of [1, 8]) {
        const session = await open(sizes, threads)
        for (const rows of [1, 5])
          for (const room of [704, 1024]) found.push(await firstRow(session, sizes, { rows, room }))
        await session.release()
      }
      for (const each of found) expect(each).toEqual(found[0])
    })
  },
)
