// A LoRA adapter's settings, as far as they say what its tensors mean.
// Owns: adapter_config.json, the factor of each pair, refusing what is more than pairs and whole tensors. Not: the tensors (adapterFolder.ts).
// Source: PEFT's LoraConfig.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { parseJson, readText } from './fileReading.ts'

const number = z.number().refine(Number.isFinite)
const rank = number.positive()
const configSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  r: rank,
  lora_alpha: number,
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), number).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
})

/** Settings that matter to training alone, or are read off the tensors. Any other that says something changes what they mean. */
const harmless = new Set([
  ...Object.keys(configSchema.shape),
  ...['task_type', 'auto_mapping', 'peft_version', 'revision', 'inference_mode', 'runtime_config'],
  ...['target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern', 'modules_to_save'],
  ...['lora_dropout', 'fan_in_fan_out', 'bias', 'megatron_core', 'qalora_group_size'],
  ...['loftq_config', 'eva_config', 'corda_config', 'lora_ga_config'],
])
/** Ways to begin that leave the base as it is; others take out of it what they put into the pairs. */
const plainBeginnings = new Set(['gaussian', 'eva', 'orthogonal'])

export interface AdapterConfig {
  path: string
  base: string
  /** Rows of each changed matrix are brought to a length of their own (DoRA). */
  scalesRows: boolean
  /** Rank that a module's pair must have, and what its product is multiplied by. @throws modelMalformed for a pattern that is none */
  pairOf: (module: string) => { rank: number; scale: number }
}

/** @throws modelMalformed, modelUnsupported, modelFileMissing */
export async function readAdapterConfig(path: string): Promise<AdapterConfig> {
  const parsed = configSchema.safeParse(parseJson(path, await readText(path)))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw errors.modelMalformed({ path, reason: `${issue.path.join('.') || 'the whole'}: ${issue.message}` })
  }
  const config = parsed.data
  const refuse = (reason: string): Error => errors.modelUnsupported({ path, reason })
  if (config.peft_type !== 'LORA')
    throw refuse(`an adapter of type ${config.peft_type.slice(0, 100)} (only LORA)`)
  const beginning = config.init_lora_weights
  if (typeof beginning === 'string' && !plainBeginnings.has(beginning))
    throw refuse(
      `“${beginning.slice(0, 100)}” (init_lora_weights) changes the base, too; let PEFT convert the adapter to plain LoRA (path_initial_model_for_weight_conversion)`,
    )
  const further = Object.keys(config).find((name) => !harmless.has(name) && saysSomething(config[name]))
  if (further !== undefined)
    throw refuse(`the adapter’s “${further.slice(0, 100)}” cannot be merged into weights`)
  const ranks = patterns(path, config.rank_pattern ?? {})
  const alphas = patterns(path, config.alpha_pattern ?? {})
  return {
    path,
    base: config.base_model_name_or_path ?? '',
    scalesRows: config.use_dora ?? false,
    pairOf(module) {
      const ownRank = ranks(module) ?? config.r
      const alpha = alphas(module) ?? config.lora_alpha
      return { rank: ownRank, scale: alpha / (config.use_rslora ? Math.sqrt(ownRank) : ownRank) }
    },
  }
}

/** Not null, false or empty. */
function saysSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== null && value !== undefined && value !== false && value !== ''
}

/** The number of the first pattern that a module's name ends with, as PEFT matches them; null where there is none. */
function patterns(path: string, numbers: Record<string, number>): (module: string) => number | null {
  const compiled = Object.entries(numbers).map(([pattern, value]) => {
    // Repeated groups can take for ever, and no module's name needs one.
    if (pattern.length > 500 || /\)[*+?{]/.test(pattern))
      throw errors.modelUnsupported({
        path,
        reason: `the pattern “${pattern.slice(0, 100)}” is too intricate`,
      })
    try {
      return { expression: new RegExp(`^(.*\\.)?(${pattern})$`), value }
    } catch (error) {
      throw errors.modelMalformed({ path, reason: `“${pattern.slice(0, 100)}” is no pattern` }, error)
    }
  })
  return (module) => compiled.find(({ expression }) => expression.test(module))?.value ?? null
}
