// The same model with other numbers: every tensor drawn anew with its own mean and spread.
// Owns: drawing them and where they lie. Not: what is then asked of the model (jobs/probes/).
// Why: what a probe finds in such a model comes from architecture and tokens alone, not from what the model has learnt.
import { normalGenerator } from '../analysis/normalDraws.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'
import type { WeightMap, WeightTensor } from './modelFiles.ts'
import { asWeight, readSafetensorsHeader, readWeight, writeSafetensors } from './safetensors.ts'
import type { TensorToWrite } from './safetensors.ts'

interface RedrawOptions {
  seed: number
  signal: AbortSignal
  /** Fraction done, 0 … 1. */
  onProgress: (fraction: number) => void
}

/**
 * Normal numbers in the place of all weights, each tensor with the mean and standard deviation that it had; the same for the same seed,
 * whichever tensors there are beside it.
 * @param weights  in floats  @param file  is written: float32, row-major
 * @throws diskFull, fileUnwritable; modelTruncated; the signal's reason, and no file is left then
 */
export async function redrawWeights(
  weights: WeightMap,
  file: string,
  { seed, signal, onProgress }: RedrawOptions,
): Promise<WeightMap> {
  const total = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  let done = 0
  async function* drawn(name: string, weight: WeightTensor): AsyncGenerator<Float32Array> {
    signal.throwIfAborted()
    const values = await readWeight(weight)
    redraw(values, normalGenerator(seededGenerator(`${seed}/${name}`)))
    done += values.length
    onProgress(done / total)
    yield values
  }
  const tensors = [...weights].map(([name, weight]): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: weight.shape,
    data: drawn(name, weight),
  }))
  await writeSafetensors(file, tensors)
  const header = await readSafetensorsHeader(file)
  return new Map(
    [...weights].map(([name, { isTransposed }]) => {
      const own = asWeight(file, header.tensors.get(name)!)! // written above, as float32
      return [name, isTransposed ? { ...own, isTransposed } : own]
    }),
  )
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

function redraw(values: Float32Array, draw: () => number): void {
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const spread = Math.sqrt(squares / values.length)
  for (let i = 0; i < values.length; i++) values[i] = mean + spread * draw()
}
