// What the machine can do at most: bytes read a second, and multiplications a second of ONNX Runtime's products by number of rows.
//   node benchmarks/machine.ts [--threads 1,2] [--rows 1,4,12,16,24,32,64,256] [--out FILE]
// Owns: measuring the limits that a pass is held against (docs/decisions/0011-kernels.md). Not: passes (hooks.ts, collect.ts).
// Processor time of the whole process; the tenth part of the repeats that was fastest ends at what is told, since other work only slows.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as onnx from 'onnxruntime-node'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import { GraphBuilder } from '../main/model/onnxWriter.ts'

const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    rows: { type: 'string', default: '1,4,12,16,24,32,64,256' },
    out: { type: 'string' },
  },
})
const numbers = (list: string): number[] => list.split(',').map(Number)

/** Matrices [inputs, outputs]: one that stays in the processor's cache, one of a larger model, one that comes from memory. */
const matrices: [number, number][] = [
  [576, 1536],
  [2048, 8192],
  [576, 49152],
]
/** `packed`: a weight as our graphs have it, packed at load. The others are packed in every call: [out, in] and [in, out]. */
const ways = ['packed', 'outIn', 'inOut'] as const
type Way = (typeof ways)[number]
const leastMs = 150
const leastRepeats = 10

const longest = Math.max(...matrices.map(([inputs, outputs]) => inputs * outputs))
const random = seededGenerator('machine')
const values = Float32Array.from({ length: longest }, () => random() - 0.5)
const folder = mkdtempSync(join(tmpdir(), 'innerview-machine-'))
writeFileSync(join(folder, 'weights'), values)

const coreMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const tensor = (...dimensions: number[]): onnx.Tensor => {
  const length = dimensions.reduce((product, size) => product * size, 1)
  return new onnx.Tensor('float32', values.subarray(0, length), dimensions)
}
const open = (graph: GraphBuilder, threads: number): Promise<onnx.InferenceSession> =>
  onnx.InferenceSession.create(graph.finish('machine'), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: `${folder}/`,
        intra_op: { allow_spinning: '0' },
      },
    },
  })

/** Core-milliseconds and milliseconds of one run. */
async function timed(run: () => Promise<unknown>): Promise<{ core: number; wall: number }> {
  await run()
  const cores: number[] = []
  const walls: number[] = []
  const begin = performance.now()
  while (performance.now() - begin < leastMs || cores.length < leastRepeats) {
    const [core, wall] = [coreMs(), performance.now()]
    await run()
    cores.push(coreMs() - core)
    walls.push(performance.now() - wall)
  }
  const fast = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 10)]
  return { core: fast(cores), wall: fast(walls) }
}

/** Gigabytes a second by the clock, of a maximum over more than any cache holds. */
async function readSpeed(threads: number): Promise<number> {
  const graph = new GraphBuilder()
  const parts = 8
  const x = graph.input('x', 'float32', [parts, longest / parts])
  const largest = graph.op('ReduceMax', [x, graph.integers([1])], { keepdims: 0 })
  graph.output(largest, 'y', 'float32', [parts])
  const session = await open(graph, threads)
  const feeds = { x: tensor(parts, longest / parts) }
  const { wall } = await timed(() => session.run(feeds))
  await session.release()
  return values.byteLength / wall / 1e6
}

function product(way: Way, [inputs, outputs]: [number, number]): GraphBuilder {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', ['M', inputs])
  const shape = way === 'inOut' ? [inputs, outputs] : [outputs, inputs]
  const weights =
    way === 'packed'
      ? graph.external('weights', {
          type: 'float32',
          shape,
          location: 'weights',
          offset: 0,
          byteLength: inputs * outputs * 4,
        })
      : graph.input('w', 'float32', shape)
  const y = graph.op('Gemm', [x, weights], { transB: way === 'inOut' ? 0 : 1 })
  graph.output(y, 'y', 'float32', ['M', outputs])
  return graph
}

interface ProductSpeed {
  matrix: string
  way: Way
  threads: number
  /** Thousand million multiply-adds, counted as two, in a core-second, by the number of rows. */
  gigaflops: Record<string, number>
}

async function productSpeed(matrix: [number, number], way: Way, threads: number): Promise<ProductSpeed> {
  const [inputs, outputs] = matrix
  const session = await open(product(way, matrix), threads)
  const given = way === 'inOut' ? tensor(inputs, outputs) : tensor(outputs, inputs)
  const gigaflops: Record<string, number> = {}
  for (const rows of numbers(options.rows)) {
    const feeds = { x: tensor(rows, inputs), ...(way === 'packed' ? {} : { w: given }) }
    const fetches = { y: new onnx.Tensor('float32', new Float32Array(rows * outputs), [rows, outputs]) }
    const { core } = await timed(() => session.run(feeds, fetches))
    gigaflops[rows] = Math.round((2 * rows * inputs * outputs) / core / 1e6)
  }
  await session.release()
  return { matrix: matrix.join(' × '), way, threads, gigaflops }
}

const reads: Record<string, number> = {}
const products: ProductSpeed[] = []
try {
  for (const threads of numbers(options.threads))
    reads[threads] = Number((await readSpeed(threads)).toFixed(1))
  for (const matrix of matrices)
    for (const way of ways) products.push(await productSpeed(matrix, way, numbers(options.threads)[0]))
} finally {
  rmSync(folder, { recursive: true })
}
console.log('gigabytes read a second, by threads', reads)
console.table(
  Object.fromEntries(products.map(({ matrix, way, gigaflops }) => [`${matrix} ${way}`, gigaflops])),
)
if (options.out) {
  const earlier = await readFile(options.out, 'utf8').catch(() => '[]')
  const device = `${cpus()[0].model.trim()}, ${cpus().length} cores`
  const largePages = process.env.GLIBC_TUNABLES?.includes('hugetlb=1') ?? false
  const record = { at: new Date().toISOString(), device, largePages, gigabytesRead: reads, products }
  await writeFile(
    options.out,
    `${JSON.stringify([...(JSON.parse(earlier) as unknown[]), record], null, 2)}\n`,
  )
}
