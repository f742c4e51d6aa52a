// Rotary embedding as config.json tells of it.
// Owns: which of its fields count, in their old and new spellings, and their defaults. Not: the frequencies (rope.ts).
// Source: transformers' modeling_rope_utils.py; `rope_parameters` since version 5, `rope_scaling` and `rope_theta` before.
import type { RopeScaling, RotaryConfig } from '../modelFiles.ts'
import type { ConfigFields, Refusals, RopeNumbers } from './configFields.ts'

export interface RotaryDefaults {
  headWidth: number
  contextLength: number
  ropeTheta?: number
  rotaryPart?: number
}

/** The rotary embedding of layers that see everything. @throws modelMalformed, modelUnsupported, by `refusals` */
export function readRotary(fields: ConfigFields, defaults: RotaryDefaults, refusals: Refusals): RotaryConfig {
  const parameters = fields.rope_parameters
  const rope = parameters?.full_attention ?? parameters ?? fields.rope_scaling ?? {}
  const theta = rope.rope_theta ?? fields.rope_theta ?? defaults.ropeTheta ?? 10000
  return rotaryOf(rope, theta, fields, defaults, refusals)
}

/** Of layers with a sliding window, where config.json tells them apart; null where it does not. */
export function readWindowRotary(
  fields: ConfigFields,
  defaults: RotaryDefaults,
  refusals: Refusals,
): RotaryConfig {
  const rope = fields.rope_parameters?.sliding_attention ?? {}
  const theta = rope.rope_theta ?? fields.rope_local_base_freq ?? 10000
  return rotaryOf(rope, theta, fields, defaults, refusals)
}

function rotaryOf(
  rope: RopeNumbers,
  theta: number,
  fields: ConfigFields,
  { headWidth, contextLength, rotaryPart }: RotaryDefaults,
  refusals: Refusals,
): RotaryConfig {
  const part = rope.partial_rotary_factor ?? fields.partial_rotary_factor ?? rotaryPart ?? 1
  const width = Math.floor(headWidth * part)
  if (width % 2 !== 0 || width < 2 || width > headWidth)
    throw refusals.malformed(`rotary embedding over ${width} of ${headWidth} values of a head`)
  const original =
    rope.original_max_position_embeddings ?? fields.original_max_position_embeddings ?? contextLength
  return { width, theta, scaling: scalingOf(rope, { original, contextLength, pairs: width / 2 }, refusals) }
}

function scalingOf(
  rope: RopeNumbers,
  { original, contextLength, pairs }: { original: number; contextLength: number; pairs: number },
  { malformed, unsupported }: Refusals,
): RopeScaling | null {
  const type = rope.rope_type ?? rope.type ?? 'default'
  const field = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
    const value = rope[name]
    if (!value) throw malformed(`rope scaling ${type} needs ${name}`)
    return value
  }
  switch (type) {
    case 'default':
      return null
    case 'linear':
      return { type, factor: field('factor') }
    case 'llama3': {
      const lowFrequencyFactor = field('low_freq_factor')
      const highFrequencyFactor = field('high_freq_factor')
      if (highFrequencyFactor <= lowFrequencyFactor)
        throw malformed('high_freq_factor must be above low_freq_factor')
      return {
        type,
        factor: field('factor'),
        lowFrequencyFactor,
        highFrequencyFactor,
        originalContext: original,
      }
    }
    case 'su':
    case 'longrope': {
      if (rope.short_factor?.length !== pairs)
        throw malformed(`rope scaling ${type} needs short_factor with ${pairs} numbers`)
      const stretch = rope.factor ?? contextLength / original
      const plain = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original))
      return { type: 'longrope', factors: rope.short_factor, attentionFactor: rope.attention_factor ?? plain }
    }
    default:
      throw unsupported(`rope scaling “${type.slice(0, 100)}” (only default, linear, llama3 and longrope)`)
  }
}
