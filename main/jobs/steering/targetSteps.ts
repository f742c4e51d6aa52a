// The step at which upstream would steer, for a vector of each step between invalid and valid answers.
// Owns: joining a vector's rows with the accuracy of a probe of each step. Not: the rule (analysis/steering/targetStep.ts).
import { targetStep, type StepEvidence } from '../../analysis/steering/targetStep.ts'
import type { VectorReport } from '../../contract/contrasts.ts'
import type { ProbeDocument } from '../../contract/probes.ts'
import type { VectorTarget } from '../../contract/vectors.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * What upstream's rule is given: steps that have a probe's accuracy and a vector's rows.
 * @param invalid  which end of the vector the invalid rows are
 */
export function stepEvidence(
  vectors: readonly Pick<VectorReport, 'firstStep' | 'away' | 'towards'>[],
  invalid: 'away' | 'towards',
  steps: readonly Pick<ProbeDocument['steps'][number], 'trainFirst' | 'testFirst' | 'accuracy'>[],
): StepEvidence[] {
  const accuracies = new Map(
    steps
      .filter(({ trainFirst, testFirst }) => trainFirst === testFirst)
      .map(({ testFirst, accuracy }) => [testFirst, accuracy.value]),
  )
  return vectors.flatMap((vector) => {
    const accuracy = accuracies.get(vector.firstStep) ?? null
    if (accuracy === null) return []
    const valid = vector[invalid === 'away' ? 'towards' : 'away']
    return [{ step: vector.firstStep, accuracy, valid, invalid: vector[invalid] }]
  })
}

/**
 * By the newest probe of each step that was trained on the vector's own data set.
 * @returns null for a vector that is not of each step and of invalid answers, and where there is no such probe
 * @throws not_found
 */
export function vectorTarget(workspace: Workspace, id: string): VectorTarget | null {
  const { origin, documents } = workspace.vectors.get(id)
  const [first] = documents
  if (origin.kind !== 'contrast' || !first) return null
  const { recipe, dataSetRecipe, away, towards } = origin
  const invalid = away === 'invalid' ? 'away' : towards === 'invalid' ? 'towards' : null
  if (recipe.settings.scope.kind !== 'perStep' || dataSetRecipe.label.kind !== 'invalid' || !invalid)
    return null
  const probe = workspace.probes
    .list()
    .filter(
      ({ dataSetId, status, settings }) =>
        dataSetId === recipe.dataSetId && status === 'done' && settings.scope.kind === 'perStep',
    )
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0]
  const document = probe && workspace.probes.document(probe.id)
  const target = document && targetStep(stepEvidence(first.document.vectors, invalid, document.steps))
  return target ? { probeId: probe.id, ...target } : null
}
