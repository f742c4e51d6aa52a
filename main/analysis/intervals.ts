// Intervals around a proportion.
// Owns: Wilson's score interval. Not: intervals that resample episodes, or where the counts come from.
// Source: Wilson 1927; Brown, Cai & DasGupta 2001, “Interval estimation for a binomial proportion”, section 3.1.1.

/** Two-sided 95 % point of the standard normal distribution. */
const Z_95 = 1.959963984540054

export interface Interval {
  low: number
  high: number
}

/**
 * Interval for the proportion behind `hits` of `n` independent trials, 95 % unless another normal quantile is given.
 * @param z  two-sided quantile of the standard normal distribution
 * @returns bounds within 0 … 1; null where n is 0, for nothing is known then.
 * @throws TypeError for counts that cannot be
 */
export function wilsonInterval(hits: number, n: number, z = Z_95): Interval | null {
  if (!Number.isInteger(hits)) throw new TypeError(`${hits} is not a count`)
  return wilsonOfShare(hits / Math.max(1, n), n, z)
}

/**
 * The same for a mean of n independent values within 0 … 1, whose spread is at most that of hits and misses.
 * @throws TypeError for a share beyond 0 … 1 or an n that is no count
 */
export function wilsonOfShare(rate: number, n: number, z = Z_95): Interval | null {
  if (!Number.isInteger(n) || n < 0 || !(rate >= 0 && rate <= 1))
    throw new TypeError(`${rate} of ${n} is no share of a count`)
  if (n === 0) return null
  const shrink = 1 + (z * z) / n
  const centre = (rate + (z * z) / (2 * n)) / shrink
  const half = (z / shrink) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n))
  // The bounds are exactly 0 and 1 at the ends; rounding must not move them.
  return { low: rate === 0 ? 0 : centre - half, high: rate === 1 ? 1 : centre + half }
}
