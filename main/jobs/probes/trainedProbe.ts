// A probe that is ready to be used.
// Owns: what using it takes. Not: finding it (probeReader.ts) or training it (probeTraining.ts).
import type { PoolingChoice } from '../../analysis/poolings.ts'
import type { ProbeDocument } from '../../contract/probes.ts'
import type { ProbeOrigin } from '../../store/probes.ts'

/** A probe that is done, with what it reads. */
export interface TrainedProbe extends ProbeOrigin {
  id: string
  name: string
  document: ProbeDocument
  hook: string
  choice: PoolingChoice
}
