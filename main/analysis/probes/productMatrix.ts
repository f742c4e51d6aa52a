// What a fit needs of its features: products with them, several vectors at a time.
// Owns: the methods that dense and sparse features have in common. Not: the features.
import type { RowSet } from './rowBlocks.ts'

/** N rows of D features. Several vectors in one call are what makes it fast: the features pass through the processor once. */
export interface ProductMatrix {
  readonly rows: number
  readonly width: number
  /**
   * products[k] = X · vectors[k], N values each.
   * @param sets  rows that product k is wanted for, where only these are: others are 0 or right, whatever is less work
   */
  project(vectors: readonly Float64Array[], products: readonly Float64Array[], sets?: readonly RowSet[]): void
  /** sums[k] = Xᵀ · weights[k], D values each. @param sets  rows that weights k may be other than 0 for */
  gather(weights: readonly Float64Array[], sums: readonly Float64Array[], sets?: readonly RowSet[]): void
  /**
   * Tells which sets of rows will be named, so that they can lie together. Products and sums are the same to rounding.
   * @returns whether products may be 0 outside their set from now on
   */
  arrange?(sets: readonly RowSet[]): boolean
  /** Mean and variance (divided by n) of every feature over some rows. */
  moments(rows: ArrayLike<number>): Moments
}

export interface Moments {
  mean: Float64Array
  variance: Float64Array
}
