// The speed of probes beside scikit-learn's on the very same numbers, in the same run.
//   node benchmarks/probes.ts [--case large|sweep] [--peer PYTHON] [--scale 1] [--out FILE]
// Owns: measuring. Not: the fits. Seconds are core-seconds (processor time of the whole process); both sides use one thread.
// `large`: 20,000 × 2,048 in five folds. `sweep`: 30 layers × 5 poolings of 1,000 × 576 in five folds. `--scale .1` takes a tenth of the rows or cells.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { normalGenerator } from '../main/analysis/normalDraws.ts'
import { DenseMatrix } from '../main/analysis/probes/denseMatrix.ts'
import { judge } from '../main/analysis/probes/figures.ts'
import { KernelMemory } from '../main/analysis/probes/kernelMemory.ts'
import { groupResamples } from '../main/analysis/probes/resamples.ts'
import { groupedFolds } from '../main/analysis/probes/splits.ts'
import { fitFolds } from '../main/analysis/probes/usableFolds.ts'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import { coreSeconds } from './shared/measuring.ts'
import { askPeer } from './shared/peers.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: 'large,sweep' },
    peer: { type: 'string' },
    scale: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})
const scale = Number(options.scale)

interface Case {
  name: string
  cells: number
  rows: number
  width: number
  groups: number
}
const cases: Record<string, Case> = {
  large: { name: 'large', cells: 1, rows: Math.round(20_000 * scale), width: 2048, groups: 500 },
  sweep: { name: 'sweep', cells: Math.round(150 * scale), rows: 1000, width: 576, groups: 50 },
}

/** In place, all 2^k values mixed with each other (fast Walsh–Hadamard transform, length kept). */
function mix(values: Float64Array): void {
  for (let half = 1; half < values.length; half *= 2)
    for (let from = 0; from < values.length; from += 2 * half)
      for (let i = from; i < from + half; i++) {
        const [a, b] = [values[i], values[i + half]]
        values[i] = (a + b) * Math.SQRT1_2
        values[i + half] = (a - b) * Math.SQRT1_2
      }
}

/**
 * Features with a falling spectrum, as a residual stream's, that are mixed over all columns; and labels that a direction in
 * them makes likely.
 */
function cell(seed: string, { rows, width }: Case): { X: Float32Array; y: Int32Array } {
  const random = seededGenerator(seed)
  const draw = normalGenerator(random)
  const X = new Float32Array(rows * width)
  const y = new Int32Array(rows)
  const mixed = new Float64Array(2 ** Math.ceil(Math.log2(width)))
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < mixed.length; k++) mixed[k] = (3 * draw()) / (1 + k) ** 0.6
    y[row] = mixed[2] + mixed[40] + 0.7 * draw() > 0.5 ? 1 : 0
    mix(mixed)
    X.set(mixed.subarray(0, width), row * width)
  }
  return { X, y }
}

/** Cells lie in a file one after another: features as float32, then labels as int32. */
async function measure(one: Case, folder: string) {
  const file = join(folder, `${one.name}.bin`)
  const [featureBytes, labelBytes] = [one.rows * one.width * 4, one.rows * 4]
  const writing = openSync(file, 'w')
  for (let index = 0; index < one.cells; index++) {
    const { X, y } = cell(`${one.name}/${index}`, one)
    for (const bytes of [new Uint8Array(X.buffer), new Uint8Array(y.buffer)])
      for (let at = 0; at < bytes.length;)
        at += writeSync(writing, bytes, at, Math.min(2 ** 28, bytes.length - at))
  }
  closeSync(writing)

  const groups = Int32Array.from({ length: one.rows }, (_, row) => Math.floor((row * one.groups) / one.rows))
  const folds = groupedFolds(groups, 5, 42)
  const resamples = groupResamples([...new Set(groups)], one.groups, 1000, 42)
  const memory = new KernelMemory()
  const reading = openSync(file, 'r')
  const X = new Float32Array(one.rows * one.width)
  const y = new Int32Array(one.rows)
  const ours: Record<string, { seconds: number; withIntervals: number; auroc: number[] }> = {}
  for (const solver of ['liblinear', 'lbfgs'] as const) {
    let [seconds, withIntervals] = [0, 0]
    const auroc: number[] = []
    for (let index = 0; index < one.cells; index++) {
      const start = index * (featureBytes + labelBytes)
      for (const [bytes, from] of [
        [new Uint8Array(X.buffer), start],
        [new Uint8Array(y.buffer), start + featureBytes],
      ] as const)
        for (let at = 0; at < bytes.length;)
          at += readSync(reading, bytes, at, Math.min(2 ** 28, bytes.length - at), from + at)
      const before = process.cpuUsage()
      const matrix = new DenseMatrix(memory, X, one.width)
      const data = { labels: y, groups, classes: ['0', '1'] }
      const { held } = fitFolds(matrix, data, folds, {
        estimator: { kind: 'logistic', solver, C: 1, tolerance: 1e-4, maxIterations: 1000 },
        standardize: false,
        classWeight: 'none',
        seed: 0,
      })
      seconds += coreSeconds(before)
      auroc.push(judge(held, data.classes, one.groups, resamples).figures.auroc.value!)
      withIntervals += coreSeconds(before)
      matrix.free()
    }
    ours[solver] = { seconds, withIntervals, auroc }
    console.log(
      `${one.name} ${solver}: ${seconds.toFixed(1)} core-seconds, ${withIntervals.toFixed(1)} with intervals`,
    )
  }
  closeSync(reading)
  return {
    file,
    folds: folds.map(({ test }) => [...test]),
    ours,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}

interface PeerAnswer {
  versions: Record<string, string>
  peakBytes: number
  solvers: Record<string, { seconds: number; auroc: number[] }>
}

const folder = await mkdtemp(join(tmpdir(), 'innerview-probes-'))
try {
  for (const name of options.case.split(',')) {
    const one = cases[name]
    if (!one) throw new TypeError(`No such case: ${name}. There are: ${Object.keys(cases).join(', ')}.`)
    const { file, folds, ours, peakBytes } = await measure(one, folder)
    const job = { file, cells: one.cells, rows: one.rows, width: one.width, folds }
    const peer = options.peer ? askPeer<PeerAnswer>(options.peer, 'probesScikit', job) : null
    const solvers = Object.entries(ours).map(([solver, { seconds, withIntervals, auroc }]) => {
      const theirs = peer?.solvers[solver]
      return {
        solver,
        ourSeconds: seconds,
        ourSecondsWithIntervals: withIntervals,
        peerSeconds: theirs?.seconds ?? null,
        ratio: theirs ? seconds / theirs.seconds : null,
        // Both stop early, each in its own way: the figures agree to what that leaves.
        largestAurocDifference: theirs
          ? Math.max(...auroc.map((value, i) => Math.abs(value - theirs.auroc[i])))
          : null,
      }
    })
    const { cells, rows, width } = one
    const result = {
      case: name,
      cells,
      rows,
      width,
      folds: 5,
      solvers,
      ourPeakBytes: peakBytes,
      peerPeakBytes: peer?.peakBytes ?? null,
      peerVersions: peer?.versions ?? null,
    }
    await addRecord(options.out, result, (earlier) => earlier.case === name && earlier.rows === rows)
    console.log(JSON.stringify(result, null, 2))
    await rm(file)
  }
} finally {
  await rm(folder, { recursive: true })
}
