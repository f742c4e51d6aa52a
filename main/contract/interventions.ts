// Interventions as a user writes them: a JSON list, in the order in which they act.
// Owns: the language and what is wrong with a text in it. Not: reading the vectors it names (inference/interventionSources.ts) or applying it.
// docs/interventions.md explains every word; the schema is strict, so that a misspelt key is an error and not a run without it.
import * as z from 'zod'
import { pooling } from './dataSets.ts'

const position = z.number().int()
const name = z.string().min(1)
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])

/** What stands in for a vector of the library as its control. */
export const vectorVariant = z.discriminatedUnion('kind', [
  /** A random direction of the same length; vectors of several steps keep their cosines to one another. */
  z.strictObject({
    kind: z.literal('random'),
    index: z.number().int().min(0).max(999),
    seed: z.number().int().min(0).default(42),
  }),
  /** Made from labels that were shuffled between episodes, at the same length. */
  z.strictObject({ kind: z.literal('shuffled') }),
  /** Without what it shares with another vector of the library, at the same length. */
  z.strictObject({ kind: z.literal('orthogonal'), to: name }),
])
export type VectorVariant = z.infer<typeof vectorVariant>

/** One vector, or one row for each position. */
export const activationSource = z.union(
  [
    z.strictObject({
      /** A safetensors file. */
      file: name,
      /** [W], [N, W] for a set of rows, [1, S, W] for the positions of a sequence. */
      tensor: name,
    }),
    z.strictObject({
      run: name,
      /** One step's activations of the same hook point; every step of the run where left out. */
      episode: z.number().int().min(0).optional(),
      step: z.number().int().min(0).optional(),
      at: z.enum(['lastPrompt', 'firstGenerated', 'meanPrompt', 'meanGenerated', 'all']),
    }),
    z.strictObject({
      /** A data set, for instance `d1`: a row for each of its steps, where it has this hook point. */
      dataSet: name,
      /** The first of the data set's where left out. */
      pooling: pooling.optional(),
      /** Steps of one class alone, by its name. */
      class: name.optional(),
    }),
    z.strictObject({
      /** A vector of the library, for instance `v3`. One that was made for each step acts in every step with that step's own. */
      vector: name,
      variant: vectorVariant.optional(),
    }),
    z.strictObject({
      /** A probe, for instance `p2`: its direction at length 1, towards its second class, at its own hook point. */
      probe: name,
    }),
    z.strictObject({
      /** One vector. */
      values: z.array(z.number()).min(1),
    }),
  ],
  'expected {file, tensor}, {run, at}, {dataSet}, {vector}, {probe} or {values} with finite numbers',
)
export type ActivationSource = z.infer<typeof activationSource>

/**
 * Which tokens. Positions count from 0, negative ones from the prompt's end (−1 is its last token).
 * `everyGenerated` are the tokens that the model wrote, when they are read back; the first of them comes from the last prompt token.
 */
export const positionRule = z.union(
  [
    z.enum(['lastPrompt', 'allPrompt', 'everyGenerated', 'all']),
    z.strictObject({ at: oneOrMore(position) }),
    /** Both included. */
    z.strictObject({ first: position, last: position }),
    /** The first of the tokens that the model wrote. */
    z.strictObject({ generated: z.number().int().min(1) }),
    /** Every token of every occurrence of these ids, or of the ids of this text. */
    z.strictObject({ tokens: z.union([name, z.array(z.number().int().min(0)).min(1)]) }),
  ],
  'expected lastPrompt, allPrompt, everyGenerated, all, {at}, {first, last}, {generated} or {tokens}',
)

export const interventionPhase = z.enum(['prompt', 'decode', 'both'])
export type InterventionPhase = z.infer<typeof interventionPhase>

/** Acts only where the value at the hook point, times the vector, lies beyond the threshold. */
export const interventionGate = z.union(
  [
    z.strictObject({ vector: activationSource, above: z.number() }),
    z.strictObject({ vector: activationSource, below: z.number() }),
  ],
  'expected {vector, above} or {vector, below}',
)

const where = {
  /** For messages and results; the place in the list where left out. */
  name: name.optional(),
  /** One or several hook points by TransformerLens's names; `*`, `{4,8}` and `{4..8}` stand for several. */
  hook: oneOrMore(name),
  /** Heads of a hook point that has them; all where left out. */
  heads: z.array(z.number().int().min(0)).min(1).optional(),
  positions: positionRule,
  /** Follows from `positions` where left out. */
  phase: interventionPhase.optional(),
  /** Steps of the episode, from 0; every step where left out. */
  applyAtSteps: z.array(z.number().int().min(0)).min(1).optional(),
  gate: interventionGate.optional(),
  /** What to do where a prompt has none of the positions. */
  ifAbsent: z.enum(['error', 'skip']).default('error'),
}

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('zeroAblate'), ...where }),
  /** The mean over the source's rows takes the value's place. */
  z.strictObject({
    kind: z.literal('meanAblate'),
    ...where,
    source: activationSource,
    /** Position 0 too: in the mean, and among the tokens of `allPrompt` and `all`. */
    includeSink: z.boolean().default(false),
  }),
  /** A row of the source takes the value's place, drawn anew for every position. */
  z.strictObject({
    kind: z.literal('resampleAblate'),
    ...where,
    source: activationSource,
    includeSink: z.boolean().default(false),
    seed: z.number().int().min(0).default(0),
  }),
  /** The source's row of the same position takes the value's place. */
  z.strictObject({
    kind: z.literal('patch'),
    ...where,
    source: activationSource,
    /** One row for every position instead; negative counts from the source's end. */
    sourcePosition: position.optional(),
  }),
  /** value + α·vector */
  z.strictObject({
    kind: z.literal('add'),
    ...where,
    vector: activationSource,
    alpha: z.number(),
    /** `valueNorm`: the vector is brought to length 1 and α is a fraction of the value's own norm. */
    unit: z.enum(['vector', 'valueNorm']).default('vector'),
    /** The result is brought back to the norm that the value had. */
    normMatched: z.boolean().default(false),
    /** α is halved after each so many tokens that the model wrote; it keeps its size where left out. */
    halfLife: z.number().positive().optional(),
  }),
  /** The part along the vector is taken out. */
  z.strictObject({ kind: z.literal('projectOut'), ...where, vector: activationSource }),
  /** The part along the vector, brought to length 1, is kept between these bounds; set, where both are equal. */
  z.strictObject({
    kind: z.literal('clamp'),
    ...where,
    vector: activationSource,
    low: z.number().optional(),
    high: z.number().optional(),
  }),
  /** Attention patterns of the source [H, S, S] take the place of the model's own. */
  z.strictObject({ kind: z.literal('freezePattern'), ...where, source: activationSource }),
])

type Kinds = z.infer<typeof kinds>

/** The phase in which an intervention acts. */
export function phaseOf({ phase, positions }: Pick<Kinds, 'phase' | 'positions'>): InterventionPhase {
  if (phase) return phase
  if (positions === 'everyGenerated' || (typeof positions === 'object' && 'generated' in positions))
    return 'decode'
  return positions === 'all' ? 'both' : 'prompt'
}

/** Which tokens, as a person wrote them, for messages and results. */
export const positionsText = (positions: string | object): string =>
  typeof positions === 'string' ? positions : JSON.stringify(positions)

function contradiction(item: Kinds): { path: string[]; message: string } | null {
  const { positions, phase } = item
  const isPattern = typeof positions === 'object' && 'tokens' in positions
  const natural = phaseOf({ positions })
  if (phase && positions !== 'all' && !isPattern && phase !== natural)
    return { path: ['phase'], message: `these positions exist in phase “${natural}” only` }
  if (typeof positions === 'object' && 'first' in positions && positions.first >= 0 === positions.last >= 0)
    if (positions.first > positions.last)
      return { path: ['positions'], message: '“first” comes after “last”' }
  if (item.kind === 'clamp') {
    const { low, high } = item
    if (low === undefined && high === undefined)
      return { path: ['low'], message: 'give “low”, “high” or both' }
    if (low !== undefined && high !== undefined && low > high)
      return { path: ['low'], message: 'it is greater than “high”' }
  }
  return null
}

export const intervention = kinds.superRefine((item, context) => {
  const found = contradiction(item)
  if (found) context.addIssue({ code: 'custom', ...found })
})
export type InterventionSetting = z.infer<typeof intervention>

/** In the order in which they act. */
export const interventionList = z.array(intervention)
/** What a file may hold in place of a bare list. */
export const interventionFile = z.strictObject({ interventions: interventionList })
/** What a file or a caller hands in: defaults may be left out. */
export type InterventionInput = z.input<typeof intervention>
