// A request's prompts as a chain, each with what is done to it.
// Owns: joining prompts and interventions. Not: what of the chain is run (prefixChain.ts).
import { BoundInterventions } from './interventionBinding.ts'
import type { Intervention } from './interventions.ts'
import type { ChainLink } from './prefixChain.ts'
import type { GenerateRequest } from './requests.ts'

/** A prompt of a chain with what is done to it. */
export interface BoundLink extends ChainLink {
  interventions: BoundInterventions
}

/**
 * The earlier prompts of a request, then its own.
 * @throws intervention_nowhere, intervention_invalid where an intervention does not fit its prompt
 */
export function bindChain(request: GenerateRequest): BoundLink[] {
  const { promptIds, earlierPrompts, sampling, interventions = [], earlierInterventions = [] } = request
  const link = (ids: Int32Array, own: readonly Intervention[], newTokens: number): BoundLink => {
    const bound = new BoundInterventions(own, ids, newTokens)
    return { ids, marks: bound.marks, interventions: bound }
  }
  return [
    ...earlierPrompts.map((ids, index) => link(ids, earlierInterventions[index] ?? [], 0)),
    link(promptIds, interventions, sampling.maxNewTokens),
  ]
}
