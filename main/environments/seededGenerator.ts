// Random numbers that a text fixes.
// Owns: a generator for orders and waiting times. Not: sampling of tokens (inference/).
// Method: FNV-1a over UTF-16 units gives the state, splitmix32 the numbers; the same on every platform (32-bit integers only).

/**
 * A generator of numbers in [0, 1), a multiple of 2⁻³².
 * @param seed any text; different texts give unrelated sequences
 */
export function seededGenerator(seed: string): () => number {
  let state = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193)
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** A new array in an order that the generator decides (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const held = result[last] as T // last < length
    result[last] = result[other] as T // other ≤ last
    result[other] = held
  }
  return result
}
