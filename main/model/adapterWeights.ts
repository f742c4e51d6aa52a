// A LoRA adapter merged into the weights it was trained for.
// Owns: W + scale · B · A, for the matrices that change. Not: finding them (adapterFolder.ts) or keeping the result (prepareWeights.ts).
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
  { down, up, scale }: AdapterMatrix,
  weight: WeightTensor,
  signal?: AbortSignal,
): AsyncGenerator<Float32Array> {
  const values = await readWeight(weight)
  const [a, b] = [await readWeight(down), await readWeight(up)]
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
    for (let column = 0; column < columns; column++) {
      const place = weight.isTransposed ? column * rows + row : row * columns + column
      values[place] += scale * line[column]
    }
  }
  yield values
}
