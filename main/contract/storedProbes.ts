// Probes as a workspace keeps and uses them.
// Owns: their state, and what using one gives: read-outs, attribution, neighbours, pictures, files. Not: settings and document (probes.ts).
import * as z from 'zod'
import { pooling, stepKey } from './dataSets.ts'
import { estimate } from './estimates.ts'
import { probeDocument, probeSettings } from './probes.ts'
import { errorReport } from './runs.ts'

export const probeStatus = z.enum(['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'])
export type ProbeStatus = z.infer<typeof probeStatus>

/** As lists show it; the document comes with `probes.get`. */
export const probeSummary = z.object({
  id: z.string(),
  name: z.string(),
  dataSetId: z.string(),
  createdAt: z.string(),
  status: probeStatus,
  /** 0 … 1 and what it does; while running. */
  progress: z.object({ label: z.string(), fraction: z.number() }).nullable(),
  settings: probeSettings,
  layer: z.number().int().nullable(),
  pooling: pooling.nullable(),
  auroc: estimate.nullable(),
  advantage: estimate.nullable(),
  warnings: z.number().int(),
  error: errorReport.nullable(),
})
export type ProbeSummary = z.infer<typeof probeSummary>

/** The document is null until the probe is `done`. */
export const probeRecord = z.object({ summary: probeSummary, document: probeDocument.nullable() })
export type ProbeRecord = z.infer<typeof probeRecord>

const floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array')

/** A probe along an episode, whether or not the episode was among its rows. */
export const probeReadOut = z.object({
  steps: z.array(
    z.object({
      step: z.number().int(),
      /** Of the second of two classes, else of the likeliest; null where the activation is not stored. */
      probability: z.number().nullable(),
      /** When the step was held out; null where no fold judged it, be it learnt from or no row of the data set. */
      heldOut: z.number().nullable(),
      /** Whether the step is a row of the data set; null where the data set was removed. */
      isRow: z.boolean().nullable(),
      /** Of several classes the likeliest, by index; of two 1 where the probability is above ½. */
      named: z.number().int().nullable(),
      /** One probability for each position of prompt and answer; null where not asked for. */
      tokens: floats.nullable(),
    }),
  ),
})
export type ProbeReadOut = z.infer<typeof probeReadOut>

/** Probability of the named class over the steps of an episode; null where nothing is stored. */
export const episodeScore = z.object({
  episode: z.number().int(),
  mean: z.number().nullable(),
  max: z.number().nullable(),
})

/** direction · activation of every layer and position: what the probe's direction finds where. */
export const probeAttribution = z.object({
  layers: z.array(z.number().int()),
  /** Of prompt and answer together. */
  positions: z.number().int(),
  /** [layers, positions], row-major; without the intercept. */
  values: floats,
})
export type ProbeAttribution = z.infer<typeof probeAttribution>

/** A probe's threshold at a rate of false alarms, as the gate of an intervention takes it. */
export const probeGate = z.object({
  probeId: z.string(),
  /** That it was trained on: the threshold means nothing elsewhere. */
  hook: z.string(),
  /** Of the rows that it was trained on; of other tokens the rates need not hold. */
  pooling,
  /** The class it opens for. */
  opensFor: z.string(),
  /** Shares of held-out steps of the other class and of its own for which it opens. */
  falsePositiveRate: z.number(),
  truePositiveRate: z.number(),
  /** The same threshold as a probability. */
  probability: z.number(),
  /** The gate is open where the probe's direction at length 1, times the value, lies above. */
  above: z.number(),
})
export type ProbeGate = z.infer<typeof probeGate>

export const projectionMethod = z.enum(['pca', 'lda', 'umap'])
export const probeProjection = z.object({
  method: projectionMethod,
  /** `share` of the variance; null where the method knows none. */
  axes: z.array(z.object({ title: z.string(), share: z.number().nullable() })),
  x: floats,
  y: floats,
  rows: z.array(stepKey.extend({ label: z.number().int() })),
  /** Rows of the data set, of which `rows` may be an evenly spaced part. */
  of: z.number().int(),
})
export type ProbeProjection = z.infer<typeof probeProjection>

/** The rows whose activations lie closest to a step's by cosine, the closest first. */
export const probeNeighbour = stepKey.extend({
  label: z.number().int(),
  cosine: z.number(),
  /** When it was held out; null for a row that no fold judged. */
  probability: z.number().nullable(),
})
export type ProbeNeighbour = z.infer<typeof probeNeighbour>

export const probeExportFormat = z.enum(['safetensors', 'json', 'npz'])
export const probeExport = z.object({
  fileName: z.string(),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array'),
})
export type ProbeExport = z.infer<typeof probeExport>
