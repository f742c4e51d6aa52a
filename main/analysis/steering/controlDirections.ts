// Random directions to set beside contrast vectors: as long as they are, and to each other as they are.
// Owns: drawing them. Not: vectors from shuffled labels (contrastVectors.ts), or the comparison (randomControls.ts).
// Method: the vectors' own coordinates in a random orthonormal frame; for one vector that is a direction uniform on the sphere (Muller 1959).
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { symmetricEigen } from '../symmetricEigen.ts'
import { dot, normOf } from './vectorGeometry.ts'

/**
 * Random sets of vectors, each a random rotation of the given ones: every norm and every cosine between steps is kept, what they point at is not.
 * @param vectors  of one width; null stays null @param count  how many sets
 * @returns count sets, each in the order of `vectors`
 * @throws TypeError where there are more vectors than dimensions
 */
export function randomVectors(
  vectors: readonly (Float32Array | null)[],
  count: number,
  seed: number,
): (Float32Array | null)[][] {
  const present = vectors.filter((vector) => vector !== null)
  if (present.length === 0) return Array.from({ length: count }, () => vectors.map(() => null))
  const width = present[0].length
  if (present.length > width) throw new TypeError(`${present.length} vectors in ${width} dimensions`)
  const coordinates = frameCoordinates(present)
  return Array.from({ length: count }, (_, index) => {
    const frame = randomFrame(
      present.length,
      width,
      normalGenerator(seededGenerator(`random/${seed}/${index}`)),
    )
    const drawn = coordinates.map((weights) => {
      const vector = new Float64Array(width)
      weights.forEach((weight, k) => {
        for (let i = 0; i < width; i++) vector[i] += weight * frame[k][i]
      })
      return Float32Array.from(vector)
    })
    let next = 0
    return vectors.map((vector) => vector && drawn[next++])
  })
}

/** Coordinates of T vectors in a frame of T orthonormal directions: L with LLᵀ the vectors' products. */
function frameCoordinates(vectors: readonly Float32Array[]): number[][] {
  const size = vectors.length
  const products = Float64Array.from({ length: size * size }, (_, i) =>
    dot(vectors[Math.floor(i / size)], vectors[i % size]),
  )
  const { values, vectors: axes } = symmetricEigen(products, size)
  return vectors.map((_, row) =>
    Array.from({ length: size }, (_, k) => axes[k * size + row] * Math.sqrt(Math.max(0, values[k]))),
  )
}

/** Orthonormal directions, uniform among all such: normal draws, made orthogonal one by one. */
function randomFrame(count: number, width: number, normal: () => number): Float64Array[] {
  const frame: Float64Array[] = []
  while (frame.length < count) {
    const direction = Float64Array.from({ length: width }, normal)
    for (let pass = 0; pass < 2; pass++)
      for (const other of frame) {
        const along = dot(direction, other)
        for (let i = 0; i < width; i++) direction[i] -= along * other[i]
      }
    const norm = normOf(direction)
    frame.push(direction.map((value) => value / norm))
  }
  return frame
}
