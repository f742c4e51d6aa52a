// A trained probe on single tokens as they come.
// Owns: one row of activations → one probability. Not: whole episodes (probeReader.ts).
import { probabilitiesOf } from '../../analysis/probes/readProbe.ts'
import type { TrainedProbe } from './trainedProbe.ts'

export interface TokenProbe {
  hook: string
  /** @param values  D values of the hook point at one position @returns of two classes the second's probability, of several the likeliest's */
  read(values: Float32Array): number
}

export const tokenProbe = ({ hook, document }: TrainedProbe): TokenProbe => ({
  hook,
  read: (values) => Math.max(...probabilitiesOf(document, values)),
})
