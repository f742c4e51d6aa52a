// config.json of a Hugging Face folder.
// Owns: finding its architecture, checking its fields, refusing what no architecture can be. Not: what the fields mean (architectures/).
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { plainDecoder, type Architecture } from './architectures/architecture.ts'
import { configFields, type Refusals } from './architectures/configFields.ts'
import { knownArchitectures, supportedArchitectures } from './architectures/knownArchitectures.ts'
import { parseJson } from './fileReading.ts'
import type { DecoderConfig } from './modelFiles.ts'

const tokenIds = z.union([z.number().int().min(0), z.array(z.number().int().min(0)).max(1000)]).nullish()

const outerFields = z.object({
  quantization_config: z.looseObject({ quant_method: z.string().nullish() }).nullish(),
  eos_token_id: tokenIds,
})

/** One id, a list of them or nothing, as a list. */
export const idList = (ids: number | number[] | null | undefined): number[] =>
  ids === null || ids === undefined ? [] : Array.isArray(ids) ? ids : [ids]

/**
 * The decoder that a config.json describes.
 * @throws architectureUnsupported, modelUnsupported, modelMalformed (naming the field)
 */
export function parseHuggingFaceConfig(
  path: string,
  text: string,
): { config: DecoderConfig; stopIds: number[] } {
  const json = parseJson(path, text)
  const architecture = architectureOf(path, json)
  const refusals: Refusals = {
    malformed: (reason) => errors.modelMalformed({ path, reason }),
    unsupported: (reason) => errors.modelUnsupported({ path, reason }),
  }
  const outer = checked(outerFields, json, refusals)
  if (outer.quantization_config) {
    const method = outer.quantization_config.quant_method ?? 'unknown method'
    throw refusals.unsupported(`its weights are quantised (${method})`)
  }
  const fields = checked(configFields, usualNames(json, architecture), refusals)
  const plain = plainDecoder(architecture.type, fields, architecture.defaults ?? {}, refusals)
  return {
    config: architecture.describe?.(plain, fields, refusals) ?? plain,
    stopIds: idList(outer.eos_token_id),
  }
}

function checked<Fields>(schema: z.ZodType<Fields>, json: unknown, { malformed }: Refusals): Fields {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw malformed(`${issue.path.join('.') || 'the whole'}: ${issue.message}`)
}

/** Fields by the names that `configFields` has. */
function usualNames(json: unknown, { aliases = {} }: Architecture): unknown {
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [aliases[name] ?? name, value]))
}

function architectureOf(path: string, json: unknown): Architecture {
  const named = z
    .object({ model_type: z.string().nullish(), architectures: z.array(z.string()).nullish() })
    .safeParse(json)
  const type = named.success ? (named.data.model_type ?? null) : null
  const classes = named.success ? (named.data.architectures ?? []) : []
  const known = knownArchitectures.find((architecture) => architecture.type === type)
  if (known && (classes.length === 0 || classes.some((name) => known.classes.includes(name)))) return known
  const wrong = (known ? classes.join(', ') : (type ?? classes.join(', '))) || 'none named in config.json'
  throw errors.architectureUnsupported({
    path,
    architecture: wrong.slice(0, 200),
    supported: [...supportedArchitectures],
  })
}
