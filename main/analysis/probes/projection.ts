// Rows on a plane, to be looked at.
// Owns: principal components, the discriminant axis, and UMAP (umap-js) with its settings. Not: charts, or any figure: pictures prove nothing.
import { UMAP } from 'umap-js'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { KernelMemory } from './kernelMemory.ts'
import { fitLinearDiscriminant } from './linearDiscriminant.ts'
import { principalAxes } from './principalAxes.ts'

export interface ProjectedRows {
  /** `share` of the variance; null where the method knows none. */
  axes: { title: string; share: number | null }[]
  x: Float32Array
  y: Float32Array
}

export interface ProjectionInput {
  /** N×D row-major. */
  data: Float32Array
  width: number
  /** Class 0 … C − 1 of each row; two classes at least for `lda`. */
  labels: Int32Array
}

/** UMAP's own default; and the principal components that it starts from, which keep distances and save time. */
const NEIGHBOURS = 15
const COMPONENTS_FOR_UMAP = 50

type Progress = (label: string, fraction: number) => void

interface Ground extends ProjectionInput {
  matrix: DenseMatrix
  everyRow: Int32Array
  seed: number
}

/** Values of centred rows along directions. */
function along(matrix: DenseMatrix, mean: Float64Array, directions: readonly Float64Array[]): Float64Array[] {
  const products = directions.map(() => new Float64Array(matrix.rows))
  matrix.project(directions, products)
  return products.map((product, k) => {
    const offset = mean.reduce((sum, value, d) => sum + value * directions[k][d], 0)
    return product.map((value) => value - offset)
  })
}

function principal({ matrix, everyRow, seed }: Ground, count: number) {
  const moments = matrix.moments(everyRow)
  const found = principalAxes(matrix, moments, count, seededGenerator(`${seed}/pca`))
  return { ...found, coordinates: along(matrix, moments.mean, found.axes) }
}

/** Rows that lie on a line, or all at one point, have zeros on the axes that are missing. */
const plane = (rows: number, coordinates: readonly Float64Array[]): { x: Float32Array; y: Float32Array } => ({
  x: Float32Array.from(coordinates[0] ?? new Float64Array(rows)),
  y: Float32Array.from(coordinates[1] ?? new Float64Array(rows)),
})

function pca(ground: Ground): ProjectedRows {
  const { variances, totalVariance, coordinates } = principal(ground, 2)
  const axes = [0, 1].map((k) => ({
    title: `Principal component ${k + 1}`,
    share: totalVariance > 0 ? (variances[k] ?? 0) / totalVariance : null,
  }))
  return { axes, ...plane(ground.matrix.rows, coordinates) }
}

/** The discriminant's axis against the largest variance beside it; of several classes two discriminant axes. */
function lda({ matrix, everyRow, labels, seed }: Ground): ProjectedRows {
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1
  const part = { rows: everyRow, labels, groups: everyRow }
  const [{ coefficients }] = fitLinearDiscriminant(matrix, [part], classes, {
    shrinkage: 'auto',
    standardize: false,
  })
  const moments = matrix.moments(everyRow)
  const unit = (vector: Float64Array): Float64Array => {
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1
    return vector.map((value) => value / norm)
  }
  const [first, second, third] = coefficients!
  if (third) {
    const between = [second, third].map((row) => unit(row.map((value, d) => value - first[d])))
    const axes = [1, 2].map((k) => ({ title: `Discriminant of class ${k} against class 0`, share: null }))
    return { axes, ...plane(matrix.rows, along(matrix, moments.mean, between)) }
  }
  const axis = unit(first)
  const beside = principalAxes(matrix, moments, 1, seededGenerator(`${seed}/lda`), [axis])
  const coordinates = along(matrix, moments.mean, [axis, ...beside.axes])
  const variance = coordinates[0].reduce((sum, value) => sum + value * value, 0) / matrix.rows
  const share = (of: number): number | null => (beside.totalVariance > 0 ? of / beside.totalVariance : null)
  return {
    axes: [
      { title: 'Discriminant', share: share(variance) },
      { title: 'Largest variance beside it', share: share(beside.variances[0] ?? 0) },
    ],
    ...plane(matrix.rows, coordinates),
  }
}

function umap(ground: Ground, progress: Progress): ProjectedRows {
  const { coordinates } = principal(ground, Math.min(COMPONENTS_FOR_UMAP, ground.width))
  const rows = ground.matrix.rows
  const points = Array.from({ length: rows }, (_, row) => coordinates.map((of) => of[row]))
  const axes = [1, 2].map((k) => ({ title: `UMAP ${k}`, share: null }))
  // Neighbours need more rows than themselves, and rows that differ.
  if (rows < 4 || coordinates.length === 0) return { axes, ...plane(rows, coordinates) }
  const method = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(NEIGHBOURS, rows - 1),
    random: seededGenerator(`${ground.seed}/umap`),
  })
  const epochs = method.initializeFit(points)
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch % 20 === 0) progress('UMAP', epoch / epochs)
    method.step()
  }
  const embedding = method.getEmbedding()
  return {
    axes,
    x: Float32Array.from(embedding, ([x]) => x),
    y: Float32Array.from(embedding, ([, y]) => y),
  }
}

/**
 * Rows on two axes, the same for the same seed.
 * @throws TypeError where data, width and labels do not fit
 */
export function projectRows(
  { data, width, labels }: ProjectionInput,
  { method, seed }: { method: 'pca' | 'lda' | 'umap'; seed: number },
  progress: Progress,
): ProjectedRows {
  if (data.length !== labels.length * width)
    throw new TypeError(`${data.length} values are not ${labels.length} rows of ${width}`)
  const everyRow = Int32Array.from(labels, (_, row) => row)
  const ground = {
    data,
    width,
    labels,
    everyRow,
    seed,
    matrix: new DenseMatrix(new KernelMemory(), data, width),
  }
  progress('Axes', 0)
  return method === 'pca' ? pca(ground) : method === 'lda' ? lda(ground) : umap(ground, progress)
}
