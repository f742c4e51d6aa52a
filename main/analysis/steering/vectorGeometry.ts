// Lengths, angles and a map of a few vectors.
// Owns: norms, cosines and the PCA path over steps. Not: where vectors come from.
import { principalComponents } from '../principalComponents.ts'

type Vector = Float32Array | Float64Array

export function dot(a: Vector, b: Vector): number {
  if (a.length !== b.length) throw new TypeError(`vectors of ${a.length} and ${b.length} values`)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

export const normOf = (vector: Vector): number => Math.sqrt(dot(vector, vector))

/** Null where either is zero: a vector without length has no direction. */
export function cosine(a: Vector, b: Vector): number | null {
  const norms = normOf(a) * normOf(b)
  return norms === 0 ? null : Math.max(-1, Math.min(1, dot(a, b) / norms))
}

/** Every vector with every other; null where either is missing or zero. */
export function cosineMatrix(vectors: readonly (Vector | null)[]): (number | null)[][] {
  return vectors.map((a) => vectors.map((b) => (a && b ? cosine(a, b) : null)))
}

export interface VectorPath {
  /** One for each vector, null for one that is missing. */
  points: ({ x: number; y: number } | null)[]
  /** Share of the vectors' spread that each of the two axes shows. */
  explained: number[]
}

/**
 * Vectors on the first two principal components of themselves, as upstream's trajectory plot shows them.
 * @returns null below two vectors
 */
export function vectorPath(vectors: readonly (Vector | null)[]): VectorPath | null {
  const present = vectors.filter((vector) => vector !== null)
  if (present.length < 2) return null
  const width = present[0].length
  const rows = new Float64Array(present.length * width)
  present.forEach((vector, row) => rows.set(vector, row * width))
  const { mean, components, explained } = principalComponents(rows, width, { count: 2 })
  const along = (vector: Vector, axis: number): number => {
    let sum = 0
    // There is no second axis where two vectors span but one.
    if (axis < explained.length)
      for (let i = 0; i < width; i++) sum += (vector[i] - mean[i]) * components[axis * width + i]
    return sum
  }
  return {
    points: vectors.map((vector) => vector && { x: along(vector, 0), y: along(vector, 1) }),
    explained: [...explained],
  }
}

/**
 * A vector without what it shares with others.
 * @returns null where nothing is left: it lies within their span
 * @throws TypeError for vectors of different widths
 */
export function orthogonalised(vector: Vector, against: readonly Vector[]): Float32Array | null {
  const rest = Float64Array.from(vector)
  const basis: Float64Array[] = []
  for (const other of against) {
    const direction = withoutSpan(Float64Array.from(other), basis)
    const norm = normOf(direction)
    if (norm > 1e-6 * normOf(other)) basis.push(direction.map((value) => value / norm))
  }
  const left = withoutSpan(rest, basis)
  return normOf(left) <= 1e-6 * normOf(vector) ? null : Float32Array.from(left)
}

/** Gram and Schmidt, twice, which leaves nothing but rounding. @param basis  orthonormal; `vector` is changed */
function withoutSpan(vector: Float64Array, basis: readonly Float64Array[]): Float64Array {
  for (let pass = 0; pass < 2; pass++)
    for (const direction of basis) {
      const along = dot(vector, direction)
      for (let i = 0; i < vector.length; i++) vector[i] -= along * direction[i]
    }
  return vector
}
