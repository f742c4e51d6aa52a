// The verdict on a steering sweep: every effect against its controls, and one sentence for all.
// Owns: which figures are reckoned from what. Not: the tests behind a claim (sweepClaims.ts), words and colours (conditionVerdict.ts, doseVerdict.ts,
// verdictItems.ts, overallVerdict.ts). Method: docs/methods/verdict.md.
import type { VectorStability } from '../../contract/contrasts.ts'
import type {
  ConditionVerdict,
  SweepCondition,
  SweepConditionInput,
  VerdictDocument,
  VerdictSettings,
} from '../../contract/steering.ts'
import { clusterResamples } from '../clusterBootstrap.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { judgeCondition, type ConditionFigures } from './conditionVerdict.ts'
import { doseResponsesOf } from './doseVerdict.ts'
import { holm } from './effects.ts'
import { headline, overallOf } from './overallVerdict.ts'
import { judgeSideEffect, promptSides, shareOfLength } from './sideEffects.ts'
import {
  chanceOf,
  effectEstimate,
  isBeside,
  judgedSweep,
  randomComparison,
  type JudgedArm,
} from './sweepClaims.ts'
import { sensitivityOf } from './sweepSensitivity.ts'
import { verdictItems } from './verdictItems.ts'

export interface SteeringSweep {
  /** One of them the baseline. Random, shuffled, orthogonal and negated ones belong to the steered condition of the same cell and |α|. */
  conditions: readonly SweepConditionInput[]
  /** By cell, of the rows that steered there, from their contrast's document: another vector's or layer's says nothing of it. */
  stability?: Readonly<Record<string, readonly (VectorStability | null)[]>>
}

/**
 * Judges a sweep. Pairs are episodes of the same hidden object and seed; whatever has no pair is counted and left out.
 * @throws TypeError where there is not exactly one baseline, an id or an episode comes twice, an outcome is not finite, or a cell has two conditions
 * of one α
 * Checked by simulation: docs/methods/verdict.md and scripts/steeringPower.ts.
 */
export function verdictCard(sweep: SteeringSweep, settings: VerdictSettings): VerdictDocument {
  const conditions = sweep.conditions.map(completed)
  const { baseline, judged, resamples } = judgedSweep(conditions, settings)
  const rate = meanOutcome(baseline)
  const verdicts = conditionVerdicts(judged, { baseline, resamples, rate, settings })
  const doseResponses = doseResponsesOf(judged, resamples, settings)
  const sensitivity = sensitivityOf(baseline, judged, settings)
  const document = {
    settings,
    baseline: { id: baseline.id, episodes: baseline.episodes.length, steps: stepsOf(baseline), rate },
    conditions: verdicts,
    doseResponses,
    sensitivity,
    gates: [],
    missing: [],
  }
  const best = headline(verdicts, settings)
  const own = judged.find(({ condition }) => condition.id === best?.id)
  if (!best || !own)
    return {
      ...document,
      items: [],
      overall: {
        colour: 'grey',
        sentence: 'Nothing was steered, so there is nothing to judge.',
        conditionId: null,
      },
    }
  const items = verdictItems({
    judged: own,
    verdict: best,
    controls: judged.filter(
      (other) =>
        other !== own && (other.condition.role === 'prompt' || isBeside(other.condition, own.condition)),
    ),
    doses: doseResponses.find(({ cell }) => cell === best.cell) ?? null,
    stability: sweep.stability?.[best.cell] ?? [],
    sensitivity,
    settings,
  })
  return { ...document, items, overall: overallOf(best, { verdicts, items, rate, settings }) }
}

const completed = (condition: SweepConditionInput): SweepCondition => ({
  ...condition,
  cell: condition.cell ?? '',
  direction: condition.direction ?? null,
  prompts: condition.prompts ?? {},
  // Not parsed: a side effect may be NaN here, which is news and no fault of form.
  episodes: condition.episodes.map((episode) => ({ ...episode, sideEffects: episode.sideEffects ?? {} })),
})

/** The same for every condition. */
const promptResamples = (prompts: number, { bootstraps, seed }: VerdictSettings): Int32Array[] =>
  clusterResamples(prompts, bootstraps, seededGenerator(`verdict/${seed}/prompts`))

const stepsOf = ({ episodes }: SweepCondition): number =>
  episodes.reduce((sum, { outcomes }) => sum + outcomes.length, 0)

function meanOutcome(condition: SweepCondition): number | null {
  const steps = stepsOf(condition)
  return steps === 0
    ? null
    : condition.episodes.flatMap(({ outcomes }) => outcomes).reduce((a, b) => a + b, 0) / steps
}

interface Reckoning {
  baseline: SweepCondition
  resamples: readonly Int32Array[]
  rate: number | null
  settings: VerdictSettings
}

function conditionVerdicts(
  judged: readonly JudgedArm[],
  { baseline, resamples, rate, settings }: Reckoning,
): ConditionVerdict[] {
  const pValues = judged.map((own) => chanceOf(own, settings))
  const corrected = holm(pValues.map((p, i) => (judged[i].condition.role === 'steered' ? p : null)))
  return judged.map((own, index) => {
    const { condition, arm } = own
    const steps = arm.steps.reduce((sum, value) => sum + value, 0)
    const { id, title, role, cell, alpha } = condition
    const figures: ConditionFigures = {
      ...{ id, title, role, cell, alpha },
      pairs: arm.pairs,
      unpaired: arm.unpaired,
      steps,
      rate: steps === 0 ? null : arm.sums.reduce((sum, value) => sum + value, 0) / steps,
      effect: effectEstimate(own),
      p: pValues[index],
      holm: corrected[index],
      random: randomComparison(own, judged),
      sideEffects: settings.sideEffects.map((sideEffect) => {
        const steered = condition.prompts[sideEffect.name]
        const other = baseline.prompts[sideEffect.name]
        if (!steered || !other) return judgeSideEffect(sideEffect, arm, resamples)
        const sides = promptSides(sideEffect.name, steered, other)
        return judgeSideEffect(sideEffect, sides, promptResamples(steered.length, settings), 'prompt')
      }),
      lengthShare: shareOfLength(arm, resamples),
    }
    return judgeCondition(figures, arm, rate, settings)
  })
}
