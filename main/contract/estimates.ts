// A figure with its interval, as every statistic that leaves the engine is given.
// Owns: that shape. Not: how intervals are made (analysis/).
import * as z from 'zod'

/** A figure and its 95 % interval from resampled episodes; null where it is undefined. */
export const estimate = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
})
export type Estimate = z.infer<typeof estimate>
