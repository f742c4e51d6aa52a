// Arrays with named axes: parts of them, and several put together.
// Owns: slicing, joining and stacking along an axis. Not: what the axes stand for (docs/architecture.md has the letters).

export interface AxedTensor {
  /** Row-major. */
  data: Float32Array
  shape: readonly number[]
  /** One letter for each axis, for instance `B S D`. */
  axes: string
}

/** Sizes around an axis: how many blocks, how many entries in each, how many values in an entry. */
function around({ shape, axes }: AxedTensor, axis: string): { index: number; outer: number; inner: number } {
  const index = axes.split(' ').indexOf(axis)
  if (index < 0) throw new TypeError(`there is no axis ${axis} among ${axes}`)
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)
  return { index, outer: product(shape.slice(0, index)), inner: product(shape.slice(index + 1)) }
}

/**
 * Entries `from` … `to` − 1 of one axis, copied.
 * @throws TypeError for an axis that is not there or entries beyond it
 */
export function sliceAxis(tensor: AxedTensor, axis: string, from: number, to: number): AxedTensor {
  const { index, outer, inner } = around(tensor, axis)
  const size = tensor.shape[index]
  if (!(from >= 0 && from <= to && to <= size)) throw new TypeError(`${from} to ${to} of ${size} entries`)
  const block = (to - from) * inner
  const data = new Float32Array(outer * block)
  for (let i = 0; i < outer; i++)
    data.set(tensor.data.subarray((i * size + from) * inner, (i * size + to) * inner), i * block)
  return { data, shape: tensor.shape.with(index, to - from), axes: tensor.axes }
}

/**
 * The entries of both along one axis; the other axes have the same sizes.
 * @throws TypeError where they have not
 */
export function joinAxis(first: AxedTensor, second: AxedTensor, axis: string): AxedTensor {
  const { index, outer, inner } = around(first, axis)
  const [a, b] = [first.shape[index], second.shape[index]]
  const shape = first.shape.with(index, a + b)
  if (first.axes !== second.axes || second.shape.with(index, a + b).join() !== shape.join())
    throw new TypeError(`${first.axes} [${first.shape}] and ${second.axes} [${second.shape}] do not fit`)
  const data = new Float32Array(first.data.length + second.data.length)
  for (let i = 0; i < outer; i++) {
    data.set(first.data.subarray(i * a * inner, (i + 1) * a * inner), i * (a + b) * inner)
    data.set(second.data.subarray(i * b * inner, (i + 1) * b * inner), (i * (a + b) + a) * inner)
  }
  return { data, shape, axes: first.axes }
}

/** With `count` more entries of one value at the end of an axis. */
export function padAxis(tensor: AxedTensor, axis: string, count: number, value: number): AxedTensor {
  const { index } = around(tensor, axis)
  const shape = tensor.shape.with(index, count)
  const size = shape.reduce((a, b) => a * b, 1)
  return joinAxis(tensor, { data: new Float32Array(size).fill(value), shape, axes: tensor.axes }, axis)
}

/**
 * Tensors of one shape under each other: `B S D` becomes `N B S D`.
 * @throws TypeError where shapes differ or there are none
 */
export function stackTensors(tensors: readonly AxedTensor[]): AxedTensor {
  const [first] = tensors
  if (!first) throw new TypeError('nothing to stack')
  const data = new Float32Array(tensors.length * first.data.length)
  tensors.forEach((tensor, index) => {
    if (tensor.shape.join() !== first.shape.join() || tensor.axes !== first.axes)
      throw new TypeError(
        `${first.axes} [${first.shape}] and ${tensor.axes} [${tensor.shape}] cannot be stacked`,
      )
    data.set(tensor.data, index * first.data.length)
  })
  return { data, shape: [tensors.length, ...first.shape], axes: `N ${first.axes}` }
}
