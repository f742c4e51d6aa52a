// A LoRA adapter merged into the weights it was trained for.
// Owns: W + scale · B · A for the matrices that change, and rows brought to a length of their own. Not: finding them (adapterFolder.ts) or keeping the result (prepareWeights.ts).
import type { AdapterMatrix, WeightTensor } from './modelFiles.ts'
import { readWeight, type TensorToWrite } from './safetensors.ts'

/**
 * The changed matrices of a model as float32, each made when it is written.
 * @param weightOf  a matrix of the base, by name
 * @throws the signal's reason when it is aborted
 */
export const mergedMatrices = (
  matrices: readonly AdapterMatrix[],
  weightOf: (name: string) => WeightTensor,
  signal?: AbortSignal,
): TensorToWrite[] =>
  matrices.map((matrix) => {
    const weight = weightOf(matrix.name)
    return { name: matrix.name, dtype: 'F32', shape: weight.shape, data: merged(matrix, weight, signal) }
  })

async function* merged(
  { down, up, scale, magnitude }: AdapterMatrix,
  weight: WeightTensor,
  signal?: AbortSignal,
): AsyncGenerator<Float32Array> {
  const values = await readWeight(weight)
  const [a, b] = [await readWeight(down), await readWeight(up)]
  const lengths = magnitude && (await readWeight(magnitude))
  const rank = down.shape[0]
  const [rows, columns] = [up.shape[0], down.shape[1]]
  const line = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    signal?.throwIfAborted()
    line.fill(0)
    for (let k = 0; k < rank; k++) {
      const factor = b[row * rank + k]
      for (let column = 0; column < columns; column++) line[column] += factor * a[k * columns + column]
    }
    const placeOf = (column: number): number =>
      weight.isTransposed ? column * rows + row : row * columns + column
    let squares = 0
    for (let column = 0; column < columns; column++) {
      line[column] = values[placeOf(column)] + scale * line[column]
      squares += line[column] ** 2
    }
    const factor = lengths ? lengths[row] / Math.sqrt(squares) : 1
    for (let column = 0; column < columns; column++) values[placeOf(column)] = factor * line[column]
  }
  yield values
}
