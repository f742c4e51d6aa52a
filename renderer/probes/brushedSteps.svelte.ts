// Steps inside the rectangle that was drawn in a projection: one choice for the probe's lists and for episodes' timelines.
// Owns: which steps they are, and of which probe. Not: drawing (ProjectionCard.svelte, ReadOutStrip.svelte).
import type { StepKey } from '../../main/contract/dataSets.ts'
import { keyOf } from './mistakes.ts'

type BrushedStep = StepKey & { label: number }

export class BrushedSteps {
  steps = $state.raw<readonly BrushedStep[]>([])
  #probe: string | null = null
  #keys = $derived(new Set(this.steps.map(keyOf)))

  /** @param probe  whose projection it is; null where none is shown */
  choose(probe: string | null, steps: readonly BrushedStep[]): void {
    this.#probe = probe
    this.steps = steps
  }

  /** Whether the step lies in the rectangle; never while another probe is looked at. */
  has(probe: string | null, step: StepKey): boolean {
    return this.#keys.has(keyOf(step)) && probe === this.#probe
  }
}

export const brushedSteps = new BrushedSteps()
