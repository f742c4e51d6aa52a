import { describe, expect, it } from 'vitest'
import type { RopeScaling, RotaryConfig } from './modelFiles.ts'
import { rotaryAngles, rotaryFrequencies } from './rope.ts'

const config = (scaling: RopeScaling | null, width = 64, theta = 500_000): RotaryConfig => ({
  width,
  theta,
  scaling,
})
/** Frequencies alone. */
const frequenciesOf = (rotary: RotaryConfig): Float32Array => rotaryFrequencies(rotary).perPosition
/** Llama 3.2's. */
const llama3 = {
  type: 'llama3',
  factor: 32,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 8192,
} as const

describe('rotary frequencies', () => {
  it('fall from 1 in even steps of their logarithm', () => {
    const frequencies = frequenciesOf(config(null))
    expect(frequencies).toHaveLength(32)
    expect(frequencies[0]).toBe(1)
    frequencies.forEach((frequency, pair) => {
      expect(Math.abs(frequency / 500_000 ** (-pair / 32) - 1)).toBeLessThan(2e-7)
    })
  })

  it('under llama3 scaling keep the fast ones, divide the slow ones and blend in between', () => {
    const plain = frequenciesOf(config(null))
    const scaled = frequenciesOf(config(llama3))
    plain.forEach((frequency, pair) => {
      const turns = (8192 * frequency) / (2 * Math.PI) // within the original context
      const ratio = frequency / scaled[pair]
      if (turns > 4) expect(ratio).toBe(1)
      else if (turns < 1) expect(ratio).toBeCloseTo(32, 4)
      else {
        const smooth = (turns - 1) / 3
        expect(scaled[pair] / frequency).toBeCloseTo((1 - smooth) / 32 + smooth, 5)
      }
    })
    expect(scaled.some((value, pair) => value !== plain[pair] && plain[pair] / value < 31)).toBe(true)
  })

  it('under linear scaling are divided throughout', () => {
    const plain = frequenciesOf(config(null))
    const scaled = frequenciesOf(config({ type: 'linear', factor: 4 }))
    scaled.forEach((value, pair) => expect(value).toBe(plain[pair] / 4))
  })

  it('are divided by a model’s own factors where it brings some', () => {
    const plain = frequenciesOf(config(null))
    const factors = Array.from({ length: 32 }, (_, pair) => 1 + pair)
    const scaled = frequenciesOf(config({ type: 'factors', factors }))
    scaled.forEach((value, pair) => expect(value).toBe(Math.fround(plain[pair] / factors[pair])))
  })
})

describe('rotary angles', () => {
  it('have a row per token, for positions in any order', () => {
    const frequencies = Float32Array.of(1, 0.5)
    const { cosines, sines } = rotaryAngles(
      { perPosition: frequencies, amplitude: 1 },
      Int32Array.of(0, 7, 3),
    )
    expect([...cosines]).toEqual(
      [1, 1, Math.cos(7), Math.cos(3.5), Math.cos(3), Math.cos(1.5)].map(Math.fround),
    )
    expect([...sines.subarray(0, 2)]).toEqual([0, 0])
    expect(sines[3]).toBe(Math.fround(Math.sin(3.5)))
  })
})
