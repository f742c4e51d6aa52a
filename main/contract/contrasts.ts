// Contrast vectors: what is asked of two sets of stored steps, and all that is said of the directions between them.
// Owns: settings and the document of a contrast. Not: the arithmetic (analysis/steering/) or sweeps with the vectors (steering.ts).
// The document holds no vector: those are long, and travel beside it.
import * as z from 'zod'

const count = z.number().int().min(0)
const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)

export const contrastSettings = z.object({
  /**
   * `meanDifference` μ₊ − μ₋ (contrastive activation addition) · `whitened` Σ⁻¹(μ₊ − μ₋) at the length of μ₊ − μ₋ ·
   * `pairedComponent` first principal component of the differences of pairs.
   */
  kind: z.enum(['meanDifference', 'whitened', 'pairedComponent']).default('meanDifference'),
  /** One vector for all steps, for each step, or for each window of steps. */
  scope: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('pooled') }),
      z.object({ kind: z.literal('perStep') }),
      z.object({ kind: z.literal('windows'), size: z.number().int().min(1) }),
    ])
    .default({ kind: 'pooled' }),
  /** The class that the vector points to; away from the other. */
  towards: z.union([z.literal(0), z.literal(1)]).default(1),
  /** Fewer rows than this in either class, and there is no vector. */
  leastPerClass: z.number().int().min(1).default(5),
  /** Of the covariance behind `whitened`; `auto` is Ledoit and Wolf's. */
  shrinkage: z.union([z.number().gt(0).max(1), z.literal('auto')]).default('auto'),
  /** Random halves of the episodes behind each point of the stability curve. */
  splits: z.number().int().min(10).max(10_000).default(200),
  /** Vectors of labels that were shuffled between episodes. */
  shuffles: z.number().int().min(20).max(10_000).default(200),
  seed: seed.default(42),
})
export type ContrastSettings = z.infer<typeof contrastSettings>
export type ContrastSettingsInput = z.input<typeof contrastSettings>

const stabilityPoint = z.object({
  /** In each half. */
  episodes: count,
  /** Mean over random pairs of disjoint halves, and where the middle 95 % of them lie. */
  cosine: z.number(),
  low: z.number(),
  high: z.number(),
})

const stability = z.object({
  curve: z.array(stabilityPoint),
  /** Cosine to be expected between this vector and one from as many new episodes. */
  reliability: z.number().nullable(),
  /** Episodes from which two vectors would have a cosine of .9; null where it cannot be said. */
  episodesNeeded: z.number().int().nullable(),
  /** At either end of the band of halves; null where the band holds no bound. */
  episodesNeededLow: z.number().int().nullable(),
  episodesNeededHigh: z.number().int().nullable(),
})
export type VectorStability = z.infer<typeof stability>

const contrastFlag = z.object({
  /** `fewSamples`, `noPairs`, `zero`, `degenerate`, `unstable`, `likeShuffled`, `indistinct`, `stepsDiffer`, `sinkRows`. */
  kind: z.string(),
  /** A vector that is refused is not handed out. */
  isRefusal: z.boolean(),
  /** A whole sentence. */
  text: z.string(),
})
export type ContrastFlag = z.infer<typeof contrastFlag>

const vectorReport = z.object({
  /** Steps whose rows it is made from, both included. */
  firstStep: count,
  lastStep: count,
  /** Rows away from and towards which it points. */
  away: count,
  towards: count,
  episodes: count,
  /** Null where there is no vector. */
  norm: z.number().nullable(),
  /** Norm ÷ the median norm of the residual, attention sinks left out; null where that is not known. */
  normFraction: z.number().nullable(),
  /** Distance of the classes along the vector in standard deviations, on the rows it is made from and on episodes it has not seen. */
  dPrime: z.number().nullable(),
  heldOutDPrime: z.number().nullable(),
  /** Norms of vectors made from shuffled labels. p: share of norms, this one among them, that are as large. */
  shuffled: z.object({ mean: z.number(), deviation: z.number(), p: z.number() }).nullable(),
  stability: stability.nullable(),
  flags: z.array(contrastFlag),
})
export type VectorReport = z.infer<typeof vectorReport>

export const contrastDocument = z.object({
  settings: contrastSettings,
  width: count,
  rows: count,
  episodes: count,
  /** Median of a token's; null without rows, and where rows are means over tokens. */
  residualNorm: z.number().nullable(),
  /** Why it is null though there are rows; absent otherwise. */
  residualNormUnknown: z.string().optional(),
  /** Rows longer than ten times the median, as attention sinks are; left out of the median. */
  sinkRows: count,
  vectors: z.array(vectorReport),
  /** Between vectors, in their order; null where one is refused. */
  cosines: z.array(z.array(z.number().nullable())),
  /** The vectors on the first two principal components of themselves; null below two vectors. */
  path: z
    .object({
      points: z.array(z.object({ x: z.number(), y: z.number() }).nullable()),
      explained: z.array(z.number()),
    })
    .nullable(),
})
export type ContrastDocument = z.infer<typeof contrastDocument>
