// What a fit needs of its features: products with them, several vectors at a time.
// Owns: the two methods that dense and sparse features have in common. Not: the features.

/** N rows of D features. Several vectors in one call are what makes it fast: the features pass through the processor once. */
export interface ProductMatrix {
  readonly rows: number
  readonly width: number
  /** products[k] = X · vectors[k], N values each. */
  project(vectors: readonly Float64Array[], products: readonly Float64Array[]): void
  /** sums[k] = Xᵀ · weights[k], D values each. */
  gather(weights: readonly Float64Array[], sums: readonly Float64Array[]): void
  /** Mean and variance (divided by n) of every feature over some rows. */
  moments(rows: ArrayLike<number>): Moments
}

export interface Moments {
  mean: Float64Array
  variance: Float64Array
}
