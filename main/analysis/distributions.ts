// The normal and Student's t distribution.
// Owns: their distribution functions and quantiles. Not: tests or intervals made from them.
// Sources: Marsaglia 2004, “Evaluating the normal distribution”; Abramowitz & Stegun 26.7.3 and 26.7.4. Checked against SciPy in distributions.test.ts.

/** P(Z ≤ z) of the standard normal distribution, to about 1e-15. */
export function normalCdf(z: number): number {
  if (z < -8.5) return 0
  if (z > 8.5) return 1
  let term = z
  let sum = z
  for (let k = 3; sum !== sum + term; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** z with P(Z ≤ z) = p. @throws TypeError unless 0 < p < 1 */
export function normalQuantile(p: number): number {
  return quantile(p, normalCdf, 8.5)
}

/**
 * P(T ≤ t) of Student's distribution.
 * @param freedom  degrees of freedom, a whole number from 1
 * @throws TypeError for others
 */
export function studentCdf(t: number, freedom: number): number {
  if (!Number.isInteger(freedom) || freedom < 1) throw new TypeError(`${freedom} degrees of freedom`)
  const angle = Math.atan(t / Math.sqrt(freedom))
  const cosine = Math.cos(angle)
  const isOdd = freedom % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = freedom === 1 ? 0 : term
  for (let k = isOdd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k
    sum += term
  }
  const within = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
  return (1 + within) / 2
}

/** t with P(T ≤ t) = p. @throws TypeError unless 0 < p < 1 and freedom is a whole number from 1 */
export function studentQuantile(p: number, freedom: number): number {
  return quantile(p, (t) => studentCdf(t, freedom), 1e6)
}

/** Bisects, from −bound to bound, until two neighbouring doubles are left. */
function quantile(p: number, cdf: (x: number) => number, bound: number): number {
  if (!(p > 0 && p < 1)) throw new TypeError(`${p} is not a probability within 0 … 1`)
  let [low, high] = [-bound, bound]
  for (let middle = 0; middle > low && middle < high; middle = (low + high) / 2) {
    if (cdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
