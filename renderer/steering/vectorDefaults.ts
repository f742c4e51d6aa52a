// What a sweep with a vector begins with: played like the run that the vector comes from, counting what its label counts.
// Owns: these defaults. Not: the fields themselves (sweepDraft.ts).
import type { LabelRule } from '../../main/contract/dataSets.ts'
import type { ModelRecord } from '../../main/contract/models.ts'
import { collectSettings, type CollectSettings, type RunRecord } from '../../main/contract/runs.ts'
import { usualInstruction } from '../../main/contract/sweeps.ts'
import type { VectorSummary } from '../../main/contract/vectors.ts'
import { newSweepDraft, presetFields, type SweepDraft } from './sweepDraft.ts'

/** Which runs a vector's rows came from; none for prompts and files. */
export type OriginRuns = (vector: VectorSummary) => readonly string[]

/** The run that a sweep is played like: the vector's own, else the newest of its model. */
export function runLike(
  vector: VectorSummary,
  runs: readonly RunRecord[],
  originOf: OriginRuns,
): RunRecord | null {
  const ids = originOf(vector)
  const own = runs.find(({ id }) => ids.includes(id))
  if (own) return own
  const alike = runs.filter(
    ({ sweep, manifest }) =>
      sweep === undefined && (vector.model === null || manifest.modelHash === vector.model.hash),
  )
  return alike[0] ?? null
}

/** The settings to be played with where no run says any. */
export const plainSettings = (modelId: string): CollectSettings =>
  collectSettings.parse({
    modelId: modelId || 'none',
    environment: { name: 'twenty_questions' },
    oracle: { kind: 'kb' },
    sampling: {},
    capture: {},
  })

/** The vector's own model where it is in the workspace; of a vector that names none, the run's. */
export function modelOf(
  vector: VectorSummary,
  models: readonly ModelRecord[],
  run: RunRecord | null,
): ModelRecord | null {
  const { model } = vector
  const ofRun = models.find(({ id }) => id === run?.settings.modelId) ?? null
  if (model === null) return ofRun ?? models[0] ?? null
  return ofRun?.hash === model.hash ? ofRun : (models.find(({ hash }) => hash === model.hash) ?? null)
}

type OutcomeFields = Pick<
  SweepDraft,
  'outcome' | 'outcomeLabel' | 'outcomeEquals' | 'outcomeOf' | 'outcomeContains' | 'wanted'
>

/** What the vector's label counts, and which way the vector is meant to move it. */
function outcomeFields(vector: VectorSummary, base: CollectSettings): OutcomeFields {
  const plain = newSweepDraft()
  const canBeInvalid = base.environment.name === 'twenty_questions'
  const usual: OutcomeFields = {
    ...plain,
    outcome: canBeInvalid ? 'invalid' : 'won',
    wanted: canBeInvalid ? 'down' : 'up',
  }
  const { origin } = vector
  if (origin.kind === 'learned')
    return { ...plain, ...(ruleFields(origin.recipe.outcome) ?? {}), wanted: origin.recipe.wanted }
  if (origin.kind !== 'contrast') return usual
  const { label: rule } = origin.dataSetRecipe
  const fields = ruleFields(rule)
  if (fields === null || (rule.kind === 'invalid' && !canBeInvalid)) return usual
  const pointsToIt =
    rule.kind === 'invalid' ? origin.towards === 'invalid' : !/^(not |no$)/.test(origin.towards)
  return { ...plain, ...fields, wanted: pointsToIt ? 'up' : 'down' }
}

function ruleFields(rule: LabelRule): Partial<OutcomeFields> | null {
  switch (rule.kind) {
    case 'invalid':
    case 'won':
      return { outcome: rule.kind }
    case 'environment':
      return { outcome: rule.kind, outcomeLabel: rule.label, outcomeEquals: JSON.stringify(rule.equals) }
    case 'text':
      return { outcome: rule.kind, outcomeOf: rule.of, outcomeContains: rule.contains }
    default:
      return null
  }
}

/** A probe's direction has length 1, which says nothing of how far to go. */
const isUnitLength = ({ rows }: VectorSummary): boolean => rows.every(({ norm }) => Math.abs(norm - 1) < 1e-4)

/**
 * All fields of a Quick sweep.
 * @param base  settings it is played like
 */
export function draftFor(
  vector: VectorSummary,
  base: CollectSettings,
  model: ModelRecord | null,
): SweepDraft {
  const unit = vector.origin.kind === 'probe' || isUnitLength(vector) ? 'valueNorm' : 'vector'
  const outcome = outcomeFields(vector, base)
  return {
    ...newSweepDraft(),
    ...presetFields('quick', unit),
    ...{ unit, vectors: [vector.id], modelId: model?.id ?? '' },
    // Other objects and draws than those the vector was made from: what is judged must not be what was learnt from.
    seed: base.seed + 1,
    ...{ maxSteps: base.environment.maxSteps, systemPrompt: base.environment.systemPrompt },
    ...{
      temperature: base.sampling.temperature,
      maxNewTokens: base.sampling.maxNewTokens,
    },
    outcome: outcome.outcome,
    ...{ outcomeLabel: outcome.outcomeLabel, outcomeEquals: outcome.outcomeEquals },
    ...{ outcomeOf: outcome.outcomeOf, outcomeContains: outcome.outcomeContains, wanted: outcome.wanted },
    prompt:
      outcome.outcome === 'invalid' ? (usualInstruction({ kind: 'invalid' }, outcome.wanted) ?? '') : '',
  }
}
