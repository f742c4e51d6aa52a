// Random numbers from a normal distribution.
// Owns: turning uniform draws into normal ones. Not: the seed (seededGenerator.ts).
// Method: Box & Muller 1958.
import type { UniformGenerator } from './seededGenerator.ts'

/** Independent standard normal numbers, in an order that the uniform generator decides. */
export function normalGenerator(random: UniformGenerator): () => number {
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    // 1 − u is never 0.
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}
