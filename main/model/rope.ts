// Rotary position embedding: the angles by which queries and keys are turned.
// Owns: frequencies and their scaling. Not: the turning itself (an operator in attentionGraph.ts).
// Source: transformers' modeling_rope_utils, whose single-precision steps are followed one by one.
import type { DecoderConfig } from './modelFiles.ts'

const single = Math.fround

/** K/2 inverse frequencies in radians per position, before any scaling. */
function plainFrequencies(headWidth: number, theta: number): Float32Array {
  return Float32Array.from({ length: headWidth / 2 }, (_, pair) =>
    single(1 / single(Math.pow(theta, single((2 * pair) / headWidth)))),
  )
}

/** K/2 inverse frequencies in radians per position, scaled as the configuration says. */
export function rotaryFrequencies(config: DecoderConfig): Float32Array {
  const plain = plainFrequencies(config.shape.headWidth, config.ropeTheta)
  const scaling = config.ropeScaling
  if (scaling === null) return plain
  if (scaling.type === 'linear') return plain.map((frequency) => frequency / scaling.factor)
  if (scaling.type === 'factors') return plain.map((frequency, pair) => frequency / scaling.factors[pair])
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling
  const longest = originalContext / lowFrequencyFactor
  const shortest = originalContext / highFrequencyFactor
  return plain.map((frequency) => {
    const wavelength = single((2 * Math.PI) / frequency)
    if (wavelength < shortest) return frequency
    if (wavelength > longest) return frequency / factor
    const smooth = single(
      (single(originalContext / wavelength) - lowFrequencyFactor) /
        (highFrequencyFactor - lowFrequencyFactor),
    )
    return single(single(single(1 - smooth) * single(frequency / factor)) + single(smooth * frequency))
  })
}

export interface RotaryAngles {
  /** [N, K/2], row-major. */
  cosines: Float32Array
  /** [N, K/2], row-major. */
  sines: Float32Array
}

/** Cosines and sines at N positions. */
export function rotaryAngles(frequencies: Float32Array, positions: Int32Array): RotaryAngles {
  const half = frequencies.length
  const cosines = new Float32Array(positions.length * half)
  const sines = new Float32Array(positions.length * half)
  positions.forEach((position, row) => {
    for (let pair = 0; pair < half; pair++) {
      const angle = single(position * frequencies[pair])
      cosines[row * half + pair] = Math.cos(angle)
      sines[row * half + pair] = Math.sin(angle)
    }
  })
  return { cosines, sines }
}
