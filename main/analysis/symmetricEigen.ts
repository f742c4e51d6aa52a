// Eigenvalues and eigenvectors of a symmetric matrix.
// Owns: the decomposition. Not: what the matrix is of (principalComponents.ts, steering/directionSearch.ts).
// Method: Householder's reduction to a tridiagonal matrix, then QL with implicit shifts, as EISPACK's tred2 and tql2 (Wilkinson & Reinsch 1971).

export interface SymmetricEigen {
  /** Largest first. */
  values: Float64Array
  /** Row k is the unit eigenvector of value k. */
  vectors: Float64Array
}

/**
 * Decomposes a symmetric matrix; only its lower triangle is read.
 * @param matrix  size×size, row-major; left as it is
 * @throws TypeError where it is not square or holds a value that is not finite
 * Checked against NumPy's eigh in tests/parity/steering.test.ts.
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  if (matrix.length !== size * size)
    throw new TypeError(`${matrix.length} values are no ${size}×${size} matrix`)
  if (!matrix.every(Number.isFinite)) throw new TypeError('the matrix holds a value that is not finite')
  // Row j of `basis` is column j of the orthogonal matrix: every inner loop runs along a row.
  const basis = new Float64Array(size * size)
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= row; column++)
      basis[column * size + row] = basis[row * size + column] = matrix[row * size + column]
  const diagonal = new Float64Array(size)
  const beside = new Float64Array(size)
  if (size > 0) {
    reduce(basis, diagonal, beside, size)
    accumulate(basis, diagonal, size)
    iterate(basis, diagonal, beside, size)
  }
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b] - diagonal[a])
  const vectors = new Float64Array(size * size)
  order.forEach((from, to) => vectors.set(basis.subarray(from * size, (from + 1) * size), to * size))
  return { values: Float64Array.from(order, (index) => diagonal[index]), vectors }
}

/** Householder reflections, one a row from the last to the second; they are left in `basis`, their scale in `diagonal`. */
function reduce(basis: Float64Array, diagonal: Float64Array, beside: Float64Array, size: number): void {
  for (let j = 0; j < size; j++) diagonal[j] = basis[j * size + size - 1]
  for (let row = size - 1; row > 0; row--) {
    let scale = 0
    for (let k = 0; k < row; k++) scale += Math.abs(diagonal[k])
    let h = 0
    if (scale === 0) {
      beside[row] = diagonal[row - 1]
      for (let j = 0; j < row; j++) {
        diagonal[j] = basis[j * size + row - 1]
        basis[j * size + row] = 0
        basis[row * size + j] = 0
      }
      diagonal[row] = 0
      continue
    }
    for (let k = 0; k < row; k++) {
      diagonal[k] /= scale
      h += diagonal[k] * diagonal[k]
    }
    const last = diagonal[row - 1]
    const g = last > 0 ? -Math.sqrt(h) : Math.sqrt(h)
    beside[row] = scale * g
    h -= last * g
    diagonal[row - 1] = last - g
    beside.fill(0, 0, row)
    for (let j = 0; j < row; j++) {
      const f = diagonal[j]
      const at = j * size
      basis[row * size + j] = f
      let sum = beside[j] + basis[at + j] * f
      for (let k = j + 1; k < row; k++) {
        sum += basis[at + k] * diagonal[k]
        beside[k] += basis[at + k] * f
      }
      beside[j] = sum
    }
    let product = 0
    for (let j = 0; j < row; j++) {
      beside[j] /= h
      product += beside[j] * diagonal[j]
    }
    const half = product / (h + h)
    for (let j = 0; j < row; j++) beside[j] -= half * diagonal[j]
    for (let j = 0; j < row; j++) {
      const f = diagonal[j]
      const e = beside[j]
      const at = j * size
      for (let k = j; k < row; k++) basis[at + k] -= f * beside[k] + e * diagonal[k]
      diagonal[j] = basis[at + row - 1]
      basis[at + row] = 0
    }
    diagonal[row] = h
  }
}

/** Multiplies the reflections into one orthogonal matrix. */
function accumulate(basis: Float64Array, diagonal: Float64Array, size: number): void {
  for (let i = 0; i < size - 1; i++) {
    const next = (i + 1) * size
    basis[i * size + size - 1] = basis[i * size + i]
    basis[i * size + i] = 1
    const h = diagonal[i + 1]
    if (h !== 0) {
      for (let k = 0; k <= i; k++) diagonal[k] = basis[next + k] / h
      for (let j = 0; j <= i; j++) {
        const at = j * size
        let sum = 0
        for (let k = 0; k <= i; k++) sum += basis[next + k] * basis[at + k]
        for (let k = 0; k <= i; k++) basis[at + k] -= sum * diagonal[k]
      }
    }
    basis.fill(0, next, next + i + 1)
  }
  for (let j = 0; j < size; j++) {
    diagonal[j] = basis[j * size + size - 1]
    basis[j * size + size - 1] = 0
  }
  basis[size * size - 1] = 1
}

/** QL iterations until nothing beside the diagonal is left. */
function iterate(basis: Float64Array, diagonal: Float64Array, beside: Float64Array, size: number): void {
  beside.copyWithin(0, 1)
  beside[size - 1] = 0
  let shift = 0
  let largest = 0
  for (let low = 0; low < size; low++) {
    largest = Math.max(largest, Math.abs(diagonal[low]) + Math.abs(beside[low]))
    const small = Number.EPSILON * largest
    let high = low
    while (high < size - 1 && Math.abs(beside[high]) > small) high++
    if (high > low)
      do shift += sweep(basis, diagonal, beside, { size, low, high })
      while (Math.abs(beside[low]) > small)
    diagonal[low] += shift
    beside[low] = 0
  }
}

/** One QL sweep over a block; returns by how much the diagonal was shifted. */
function sweep(
  basis: Float64Array,
  diagonal: Float64Array,
  beside: Float64Array,
  block: { size: number; low: number; high: number },
): number {
  const { size, low, high } = block
  const first = diagonal[low]
  const ratio = (diagonal[low + 1] - first) / (2 * beside[low])
  const root = ratio < 0 ? -Math.hypot(ratio, 1) : Math.hypot(ratio, 1)
  diagonal[low] = beside[low] / (ratio + root)
  diagonal[low + 1] = beside[low] * (ratio + root)
  const second = diagonal[low + 1]
  const shift = first - diagonal[low]
  for (let i = low + 2; i < size; i++) diagonal[i] -= shift
  const besideNext = beside[low + 1]
  let p = diagonal[high]
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0]
  for (let i = high - 1; i >= low; i--) {
    c3 = c2
    c2 = c
    s2 = s
    const g = c * beside[i]
    const h = c * p
    const radius = Math.hypot(p, beside[i])
    beside[i + 1] = s * radius
    s = beside[i] / radius
    c = p / radius
    p = c * diagonal[i] - s * g
    diagonal[i + 1] = h + s * (c * g + s * diagonal[i])
    const [at, next] = [i * size, (i + 1) * size]
    for (let k = 0; k < size; k++) {
      const value = basis[next + k]
      basis[next + k] = s * basis[at + k] + c * value
      basis[at + k] = c * basis[at + k] - s * value
    }
  }
  p = (-s * s2 * c3 * besideNext * beside[low]) / second
  beside[low] = s * p
  diagonal[low] = c * p
  return shift
}
