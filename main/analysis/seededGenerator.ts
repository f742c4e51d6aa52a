// Random numbers that a text fixes.
// Owns: the one generator, whose whole state comes from its seed, and orders drawn from it. Not: what the numbers decide.
// Method: sfc32 (Chris Doty-Humphrey, PractRand), its four words taken from SHA-256 of the seed.
import { createHash } from 'node:crypto'

/** Numbers in [0, 1) with 53 random bits; the same seed gives the same sequence everywhere. */
export type UniformGenerator = () => number

/** A generator of uniform numbers from a text such as `run seed/episode/step`. */
export function seededGenerator(seed: string): UniformGenerator {
  const digest = createHash('sha256').update(seed, 'utf8').digest()
  let a = digest.readInt32LE(0)
  let b = digest.readInt32LE(4)
  let c = digest.readInt32LE(8)
  let counter = digest.readInt32LE(12)
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
  return () => {
    const high = next() >>> 5
    const low = next() >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }
}

/** A new array in an order that the generator decides (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: UniformGenerator): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const held = result[last] as T // last < length
    result[last] = result[other] as T // other ≤ last
    result[other] = held
  }
  return result
}
