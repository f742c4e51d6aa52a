// A probe's direction as interventions take it: to add, to project out, to open a gate.
// Owns: which probes have one, and what made it. Not: finding a probe (probeReader.ts) or applying the direction (inference/).
import { errors } from '../../contract/errors.ts'
import type { StoredTensor, WorkspaceSource } from '../../inference/interventionSources.ts'
import type { Workspace } from '../../store/workspace.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'

/**
 * The direction in which class 1's log odds grow, at length 1 (as a probe's gate counts it).
 * @returns [D]
 * @throws not_found, probe_not_done, probe_not_linear; probe_lacks for several classes, another hook point, or rows of several models
 */
export function readProbeDirection(
  workspace: Workspace,
  { probe: id }: Extract<WorkspaceSource, { probe: string }>,
  hook: string,
): StoredTensor {
  const { name, status } = workspace.probes.get(id)
  const document = workspace.probes.document(id)
  if (!document) throw errors.probeNotDone({ id, status })
  const { coefficients, settings, layer, data } = document
  if (coefficients.length === 0) throw errors.probeNotLinear({ id, estimator: settings.estimator.kind })
  const lacks = (what: string, has: string): Error => errors.probeLacks({ id, what, has })
  if (coefficients.length > 1)
    throw lacks(
      'one direction',
      `one for each of ${coefficients.length} classes (${data.classes.join(', ')})`,
    )
  const { recipe, models } = workspace.probes.origin(id)
  const own = hookOf(recipe.hook, layer)
  if (own !== hook) throw lacks(`a direction at ${hook}`, `one at ${own}`)
  const [model, ...others] = models
  if (others.length > 0) throw lacks('rows of one model alone', models.map((each) => each.name).join(', '))
  const [direction] = coefficients
  const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0))
  return {
    data: Float32Array.from(direction, (value) => value / length),
    shape: [direction.length],
    modelHash: model.hash,
    computeDtype: model.computeDtype,
    provenance: `probe ${id} “${name}” (data ${document.data.hash.slice(0, 12)}), ${own}, towards “${data.classes[1]}”`,
    isSequence: false,
  }
}
