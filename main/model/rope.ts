// Rotary position embedding: the angles by which queries and keys are turned.
// Owns: frequencies and their scaling. Not: the turning itself (an operator in attentionGraph.ts).
// Source: transformers' modeling_rope_utils, whose single-precision steps are followed one by one.
import type { RotaryConfig } from './modelFiles.ts'

const single = Math.fround

/** W/2 inverse frequencies in radians per position, before any scaling. */
function plainFrequencies(width: number, theta: number): Float32Array {
  return Float32Array.from({ length: width / 2 }, (_, pair) =>
    single(1 / single(Math.pow(theta, single((2 * pair) / width)))),
  )
}

/** How a decoder turns its queries and keys. W is the number of values of a head that are turned. */
export interface RotaryFrequencies {
  /** W/2 inverse frequencies in radians per position. */
  perPosition: Float32Array
  /** Cosines and sines are multiplied by this. */
  amplitude: number
}

/** Frequencies, scaled as the configuration says. */
export function rotaryFrequencies(config: RotaryConfig): RotaryFrequencies {
  const amplitude = config.scaling?.type === 'longrope' ? config.scaling.attentionFactor : 1
  return { perPosition: scaledFrequencies(config), amplitude }
}

function scaledFrequencies({ width, theta, scaling }: RotaryConfig): Float32Array {
  const plain = plainFrequencies(width, theta)
  if (scaling === null) return plain
  if (scaling.type === 'linear') return plain.map((frequency) => frequency / scaling.factor)
  if (scaling.type === 'factors') return plain.map((frequency, pair) => frequency / scaling.factors[pair])
  if (scaling.type === 'longrope')
    return plain.map((_, pair) =>
      single(1 / single(single(scaling.factors[pair]) * single(Math.pow(theta, single((2 * pair) / width))))),
    )
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
  /** [N, W/2], row-major. */
  cosines: Float32Array
  /** [N, W/2], row-major. */
  sines: Float32Array
}

/** Cosines and sines at N positions. */
export function rotaryAngles(
  { perPosition, amplitude }: RotaryFrequencies,
  positions: Int32Array,
): RotaryAngles {
  const half = perPosition.length
  const cosines = new Float32Array(positions.length * half)
  const sines = new Float32Array(positions.length * half)
  positions.forEach((position, row) => {
    for (let pair = 0; pair < half; pair++) {
      const angle = single(position * perPosition[pair])
      cosines[row * half + pair] = amplitude * Math.cos(angle)
      sines[row * half + pair] = amplitude * Math.sin(angle)
    }
  })
  return { cosines, sines }
}
