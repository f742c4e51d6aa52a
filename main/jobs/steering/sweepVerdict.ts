// A played sweep as the verdict and upstream's tables take it.
// Owns: outcomes and side effects of each episode out of stored steps. Not: judging them (analysis/steering/), or what the store knows besides
// (verdictFacts.ts).
import { distinctPairs, repeatedRuns } from '../../analysis/steering/completionFigures.ts'
import { upstreamTables } from '../../analysis/steering/sweepTables.ts'
import { verdictCard } from '../../analysis/steering/verdictCard.ts'
import type { VectorStability } from '../../contract/contrasts.ts'
import { errors } from '../../contract/errors.ts'
import { phaseOf } from '../../contract/interventions.ts'
import type { EpisodeSummary, StepRecord } from '../../contract/runs.ts'
import type { SweepConditionInput, SweepEpisode, VerdictDocument } from '../../contract/steering.ts'
import type { SweepMember, SweepSettings, SweepSummary } from '../../contract/sweeps.ts'
import type { SweepTables, TableCondition } from '../../contract/sweepTables.ts'
import type { Workspace } from '../../store/workspace.ts'
import { splitStop } from '../playEpisode.ts'
import { neutralPrompts } from './neutralPrompts.ts'
import { metricOf, outcomesOf } from './stepOutcomes.ts'
import { evenlySpread, perplexity } from './sweepScores.ts'
import { withFacts } from './verdictFacts.ts'

type Member = SweepMember & { runId: string }

/** @throws sweep_without_baseline where the baseline or every other condition has not been played to its end */
export function requireSteps({ id, conditions }: Pick<SweepSummary, 'id' | 'conditions'>): void {
  const done = conditions.filter(({ status }) => status === 'done')
  const hasBaseline = done.some(({ role }) => role === 'baseline')
  if (!hasBaseline || done.length < 2)
    throw errors.sweepUnplayed({
      id,
      reason: hasBaseline ? 'no condition beside its baseline has ended' : 'its baseline has not ended',
    })
}

/** @throws not_found, workspace_damaged; TypeError without a baseline, see requireSteps */
export function sweepVerdict(workspace: Workspace, id: string): VerdictDocument {
  const { settings } = workspace.sweeps.get(id)
  const members = playedMembers(workspace, id)
  const conditions = members.map((member) => conditionOf(workspace, member, settings))
  const { outcome, verdict } = settings
  const document = verdictCard(
    { conditions, stability: stabilityOf(workspace, members) },
    { ...verdict, metric: metricOf(outcome), isRate: true },
  )
  const vectorOf = (runId: string): string | null => steeringOf(workspace, runId)?.vector.vector ?? null
  return withFacts(document, { workspace, id, members }, vectorOf)
}

/** Conditions that failed have no rate of their own: they are told of beside the verdict. */
const playedMembers = (workspace: Workspace, id: string): Member[] =>
  workspace.sweeps.conditions(id).filter(({ runId }) => workspace.runs.get(runId).status === 'done')

function conditionOf(workspace: Workspace, member: Member, settings: SweepSettings): SweepConditionInput {
  const { id, title, role, cell, alpha, runId } = member
  const scores = new Map<string, number>()
  for (const { episode, step, kind, value } of workspace.sweeps.scores(runId))
    scores.set(`${kind}/${episode}/${step}`, value)
  const episodes = Array.from({ length: settings.episodes }, (_, episode): SweepEpisode => {
    const summary = workspace.episodes.get(runId, episode)
    const steps = workspace.steps.list(runId, episode)
    return {
      task: summary.task,
      seed: episode, // every condition draws with the same seed, by episode
      outcomes: outcomesOf(steps, summary.outcome, settings.outcome),
      sideEffects: {
        ...figuresOf(steps, summary),
        ...(settings.scoredSteps > 0 && {
          decisionKl: role === 'baseline' ? 0 : (scores.get(`decisionKl/${episode}/0`) ?? null),
          perplexity: perplexityOf(steps, settings.scoredSteps, (step) =>
            role === 'baseline'
              ? perplexity(step.logProbabilities)
              : scores.get(`perplexity/${episode}/${step.step}`),
          ),
        }),
      },
    }
  })
  // A condition in words is asked with its words. Where only later tokens are steered the first is drawn before any of them: nothing to ask.
  const steering = steeringOf(workspace, runId)
  const isFirstPlain = role === 'baseline' || (steering !== null && phaseOf(steering) === 'decode')
  const firstTokenKl = isFirstPlain
    ? neutralPrompts.map(() => 0)
    : firstTokens(workspace.sweeps.promptScores(runId, 'firstTokenKl'))
  const direction = role === 'random' ? directionOf(workspace, runId) : null
  return { id, title, role, cell, alpha, direction, episodes, prompts: firstTokenKl ? { firstTokenKl } : {} }
}

/** One of each neutral prompt; null where they were not asked, or steering cannot reach the first token. */
function firstTokens(scores: ReadonlyMap<string, number>): number[] | null {
  const values = neutralPrompts.map((prompt) => scores.get(prompt))
  return values.every((value) => value !== undefined) ? values : null
}

function figuresOf(steps: readonly StepRecord[], { outcome }: EpisodeSummary): Record<string, number | null> {
  const answers = steps.map(({ completionIds, finish }) => splitStop(completionIds, finish).text)
  return {
    win: Number(outcome === 'win'),
    length: meanOf(steps.map(({ completionIds }) => completionIds.length)),
    distinct2: meanOf(answers.map((ids) => distinctPairs(ids))),
    repetition: meanOf(answers.map((ids) => repeatedRuns(ids))),
  }
}

/** Of the values that are there; null where none is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null)
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length
}

/** Geometric mean over the scored steps; null where one has not been scored. */
function perplexityOf(
  steps: readonly StepRecord[],
  count: number,
  scoreOf: (step: StepRecord) => number | undefined,
): number | null {
  const values = evenlySpread(steps.length, count).map((index) => scoreOf(steps[index]))
  if (values.length === 0 || values.includes(undefined)) return null
  return Math.exp(values.reduce((sum: number, value) => sum + Math.log(value!), 0) / values.length) // none is undefined
}

/** What a condition adds to the residual, and where; null without a vector. */
function steeringOf(workspace: Workspace, runId: string) {
  const added = workspace.runs
    .get(runId)
    .settings.interventions.find((each) => each.kind === 'add' && 'vector' in each.vector)
  return added?.kind === 'add' && 'vector' in added.vector ? { ...added, vector: added.vector } : null
}

/** The same for one random direction at every dose. */
function directionOf(workspace: Workspace, runId: string): string | null {
  const variant = steeringOf(workspace, runId)?.vector.variant
  return variant?.kind === 'random' ? `${variant.seed}/${variant.index}` : null
}

/** By cell, of the rows of its own vector that act at its hook point and steps, where they are made from labelled steps. */
function stabilityOf(
  workspace: Workspace,
  members: readonly Member[],
): Record<string, (VectorStability | null)[]> {
  const cells = new Map(
    members.filter(({ role }) => role === 'steered').map((each) => [each.cell, each.runId]),
  )
  const known = new Set(workspace.vectors.list().map(({ id }) => id))
  const found: Record<string, (VectorStability | null)[]> = {}
  for (const [cell, runId] of cells) {
    const steering = steeringOf(workspace, runId)
    if (!steering || !known.has(steering.vector.vector)) continue
    const { documents } = workspace.vectors.get(steering.vector.vector)
    // A vector of one hook point serves every other.
    const own = documents.length === 1 ? documents : documents.filter(({ hook }) => hook === steering.hook)
    const steps = steering.applyAtSteps
    found[cell] = own
      .flatMap(({ document }) => document.vectors)
      .filter(({ norm, firstStep, lastStep }) => {
        const isIn = (step: number): boolean => step >= firstStep && step <= lastStep
        return norm !== null && (own[0].document.vectors.length === 1 || !steps || steps.some(isIn))
      })
      .map(({ stability }) => stability)
  }
  return found
}

/**
 * Upstream's tables of the baseline and one cell's doses.
 * @param cell  the headline's, or the first where null
 * @throws not_found, sweep_unplayed, invalid_input for a cell that is not there
 */
export function tablesOf(workspace: Workspace, id: string, cell: string | null): SweepTables {
  const { verdict } = workspace.sweeps.get(id)
  const members = playedMembers(workspace, id)
  const steered = members.filter(({ role }) => role === 'steered')
  const headline = members.find((member) => member.id === verdict?.overall.conditionId)
  const own = cell ?? headline?.cell ?? steered[0]?.cell
  const chosen = steered.filter((member) => member.cell === own)
  const baseline = members.find(({ role }) => role === 'baseline')
  if (!baseline) throw errors.sweepUnplayed({ id, reason: 'its baseline has not ended' })
  if (chosen.length === 0)
    throw errors.invalidInput({ field: 'cell', reason: `no condition of “${own ?? ''}” has ended` })
  return upstreamTables([baseline, ...chosen].map((member) => tableCondition(workspace, member)))
}

function tableCondition(workspace: Workspace, { runId, id, alpha }: Member): TableCondition {
  const { episodes } = workspace.runs.get(runId).settings
  return {
    id,
    alpha,
    episodes: Array.from({ length: episodes }, (_, episode) => ({
      episode,
      steps: workspace.steps.list(runId, episode).map((step) => ({
        step: step.step,
        isInvalid: step.isInvalid,
        completion: step.completion,
        isSteered: step.interventions.some(({ tokens }) => tokens > 0),
      })),
    })),
  }
}
