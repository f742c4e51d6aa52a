// What the components of a residual stream amount to: their scale, and what they say for a token.
// Owns: arithmetic on stacks [N, B, S, D] of components. Not: which components there are (library/) or where weights lie (model/).
// Method: direct logit attribution and logit lens as TransformerLens's ActivationCache has them. Sums are taken in float64.
import type { AxedTensor } from './axedTensor.ts'

const widthOf = ({ shape }: AxedTensor): number => shape[shape.length - 1]

/**
 * Components as a norm with this scale passes them on, before its gain and bias.
 * @param stack  [N, B, S, D]  @param scale  [B, S, 1]  @param isCentred  whether the norm takes each row's mean away (a layer norm does)
 * @throws TypeError where they have not the same positions
 */
export function normaliseStack(stack: AxedTensor, scale: AxedTensor, isCentred: boolean): AxedTensor {
  const width = widthOf(stack)
  const rows = stack.data.length / width
  const positions = scale.data.length
  if (stack.shape[1] * stack.shape[2] !== positions)
    throw new TypeError(`${stack.shape[2]} positions and ${positions} scales`)
  const data = new Float32Array(stack.data.length)
  for (let row = 0; row < rows; row++) {
    const from = row * width
    let mean = 0
    if (isCentred) {
      for (let column = 0; column < width; column++) mean += stack.data[from + column]
      mean /= width
    }
    const divisor = scale.data[row % positions]
    for (let column = 0; column < width; column++)
      data[from + column] = (stack.data[from + column] - mean) / divisor
  }
  return { ...stack, data }
}

/**
 * Rows as their own root-mean-square or layer norm leaves them, gain and bias included.
 * @param rows  […, D]  @param gain  D  @param bias  D, for a layer norm; null for one of root mean square
 */
export function normaliseRows(
  rows: AxedTensor,
  norm: { epsilon: number; isCentred: boolean; gain: Float32Array; bias: Float32Array | null },
): AxedTensor {
  const width = widthOf(rows)
  const data = new Float32Array(rows.data.length)
  for (let from = 0; from < data.length; from += width) {
    let mean = 0
    if (norm.isCentred) {
      for (let column = 0; column < width; column++) mean += rows.data[from + column]
      mean /= width
    }
    let squares = 0
    for (let column = 0; column < width; column++) squares += (rows.data[from + column] - mean) ** 2
    const divisor = Math.sqrt(squares / width + norm.epsilon)
    for (let column = 0; column < width; column++)
      data[from + column] =
        ((rows.data[from + column] - mean) / divisor) * norm.gain[column] + (norm.bias?.[column] ?? 0)
  }
  return { ...rows, data }
}

/** Rows times a gain, plus a bias where there is one. @param rows  […, D]  @param gain  D */
export function scaleRows(rows: AxedTensor, gain: Float32Array, bias: Float32Array | null): AxedTensor {
  const width = widthOf(rows)
  return {
    ...rows,
    data: rows.data.map((value, index) => value * gain[index % width] + (bias?.[index % width] ?? 0)),
  }
}

/**
 * Each component's product with the direction of its position.
 * @param stack  [N, B, S, D]  @param directions  one row of D for all positions, or B·S rows
 * @returns [N, B, S]
 */
export function dotDirections(stack: AxedTensor, directions: Float32Array): AxedTensor {
  const width = widthOf(stack)
  const count = directions.length / width
  const rows = stack.data.length / width
  if (count !== 1 && count !== stack.shape[1] * stack.shape[2])
    throw new TypeError(`${count} directions for ${stack.shape[2]} positions`)
  const data = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const direction = (row % count) * width
    let sum = 0
    for (let column = 0; column < width; column++)
      sum += stack.data[row * width + column] * directions[direction + column]
    data[row] = sum
  }
  return { data, shape: stack.shape.slice(0, -1), axes: stack.axes.slice(0, -2) }
}

/**
 * What each head adds to the residual stream, without the output's bias, which belongs to none.
 * @param z  [B, S, H, K]  @param output  D×(H·K), row-major, or (H·K)×D where `isTransposed`
 * @returns [B, S, H, D]
 */
export function headResults(
  z: AxedTensor,
  output: { data: Float32Array; isTransposed: boolean },
): AxedTensor {
  const [batch, positions, heads, headWidth] = z.shape
  const packed = heads * headWidth
  const width = output.data.length / packed
  const [rowStep, columnStep] = output.isTransposed ? [1, width] : [packed, 1]
  const data = new Float32Array(batch * positions * heads * width)
  for (let row = 0; row < batch * positions * heads; row++) {
    const first = (row % heads) * headWidth
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let k = 0; k < headWidth; k++)
        sum += z.data[row * headWidth + k] * output.data[column * rowStep + (first + k) * columnStep]
      data[row * width + column] = sum
    }
  }
  return { data, shape: [batch, positions, heads, width], axes: 'B S H D' }
}

/** [B, S, H, D] → [H, B, S, D], for B = 1 */
export function headsFirst({ data, shape }: AxedTensor): AxedTensor {
  const [batch, positions, heads, width] = shape
  const turned = new Float32Array(data.length)
  for (let row = 0; row < batch * positions; row++)
    for (let head = 0; head < heads; head++) {
      const from = (row * heads + head) * width
      turned.set(data.subarray(from, from + width), (head * batch * positions + row) * width)
    }
  return { data: turned, shape: [heads, batch, positions, width], axes: 'N B S D' }
}

/**
 * What single neurons add to the residual stream, without the output's bias.
 * @param post  [B, S, M]  @param output  D×M, row-major, or M×D where `isTransposed`  @param neurons  n of 0 … M − 1
 * @returns [n, B, S, D]
 * @throws TypeError for a neuron that is not there
 */
export function neuronResults(
  post: AxedTensor,
  output: { data: Float32Array; isTransposed: boolean },
  neurons: readonly number[],
): AxedTensor {
  const [batch, positions, count] = post.shape
  const width = output.data.length / count
  const rows = batch * positions
  const data = new Float32Array(neurons.length * rows * width)
  const [neuronStep, columnStep] = output.isTransposed ? [width, 1] : [1, count]
  neurons.forEach((neuron, index) => {
    if (!(Number.isInteger(neuron) && neuron >= 0 && neuron < count))
      throw new TypeError(`neuron ${neuron} of ${count}`)
    for (let row = 0; row < rows; row++) {
      const activation = post.data[row * count + neuron]
      const to = (index * rows + row) * width
      for (let column = 0; column < width; column++)
        data[to + column] = activation * output.data[neuron * neuronStep + column * columnStep]
    }
  })
  return { data, shape: [neurons.length, batch, positions, width], axes: 'N B S D' }
}

/** The same row at each position: [1, 1, S, D]. */
export function repeatRow(row: Float32Array, positions: number): AxedTensor {
  const data = new Float32Array(positions * row.length)
  for (let position = 0; position < positions; position++) data.set(row, position * row.length)
  return { data, shape: [1, 1, positions, row.length], axes: 'N B S D' }
}

/**
 * All components of several stacks [N, …] as one stack.
 * @throws TypeError where there are none, or their other axes differ
 */
export function joinStacks(stacks: readonly AxedTensor[]): AxedTensor {
  const [first] = stacks
  if (!first) throw new TypeError('nothing to join')
  const count = stacks.reduce((sum, { shape }) => sum + shape[0], 0)
  const shape = first.shape.with(0, count)
  const data = new Float32Array(stacks.reduce((sum, stack) => sum + stack.data.length, 0))
  let at = 0
  for (const stack of stacks) {
    if (stack.axes !== first.axes || stack.shape.with(0, count).join() !== shape.join())
      throw new TypeError(
        `${first.axes} [${first.shape}] and ${stack.axes} [${stack.shape}] cannot be joined`,
      )
    data.set(stack.data, at)
    at += stack.data.length
  }
  return { data, shape, axes: first.axes }
}

/** Sum of all components: [N, …] → […], in float64. */
export function sumOfStack({ data, shape, axes }: AxedTensor): AxedTensor {
  const size = shape.slice(1).reduce((product, length) => product * length, 1)
  const sums = new Float64Array(size)
  data.forEach((value, index) => (sums[index % size] += value))
  return { data: Float32Array.from(sums), shape: shape.slice(1), axes: axes.slice(2) }
}

/**
 * Logits of some tokens of the vocabulary.
 * @param rows  R×D  @param unembedding  v×D, the rows of tokens `first` …  @param logits  R×V; the columns of those tokens are written
 * @param softCap  logits become c·tanh(logit/c); null leaves them
 */
export function unembedInto(
  logits: Float32Array,
  rows: Float32Array,
  unembedding: { data: Float32Array; first: number; width: number; vocabulary: number },
  softCap: number | null,
): void {
  const { data, first, width, vocabulary } = unembedding
  const count = rows.length / width
  // A token's row serves all rows while it is near.
  for (let token = 0; token < data.length / width; token++) {
    const at = token * width
    for (let row = 0; row < count; row++) {
      const from = row * width
      let sum = 0
      for (let column = 0; column < width; column++) sum += rows[from + column] * data[at + column]
      logits[row * vocabulary + first + token] = softCap === null ? sum : softCap * Math.tanh(sum / softCap)
    }
  }
}
