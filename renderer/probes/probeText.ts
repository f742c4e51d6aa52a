// A probe's settings in words.
import type {
  EstimatorSettings,
  ProbeDocument,
  ProbeSettings,
  SplitSettings,
} from '../../main/contract/probes.ts'
import type { ProbeSummary } from '../../main/contract/storedProbes.ts'
import { poolingNames } from '../dataSets/recipeText.ts'
import { digits, percent } from '../shared/format.ts'
import { writeNumbers } from '../shared/numberWords.ts'

export const estimatorNames: Record<EstimatorSettings['kind'], string> = {
  logistic: 'Logistic regression',
  meanDifference: 'Difference of means',
  lda: 'LDA',
  ridge: 'Ridge',
  mlp: 'MLP, one hidden layer',
}

export const splitNames: Record<SplitSettings['kind'], string> = {
  grouped: 'Folds of episodes',
  episode: 'Held-out episodes',
  object: 'Folds of objects',
  category: 'Each category once',
  transfer: 'Other runs',
}

export const scopeNames: Record<ProbeSettings['scope']['kind'], string> = {
  global: 'All steps',
  perStep: 'Each step',
  windows: 'Windows of steps',
  stepByStep: 'Step × step',
}

function estimatorText(estimator: EstimatorSettings): string {
  const name = estimatorNames[estimator.kind]
  switch (estimator.kind) {
    case 'logistic':
      return `${name} (${estimator.solver}, C ${estimator.C === 'nested' ? 'by nested folds' : `= ${digits(estimator.C)}`})`
    case 'lda':
      return `${name} (shrinkage ${estimator.shrinkage === 'auto' ? 'Ledoit–Wolf' : digits(estimator.shrinkage)})`
    case 'ridge':
      return `${name} (α = ${digits(estimator.alpha)})`
    case 'mlp':
      return `${name} (${estimator.hidden} units)`
    case 'meanDifference':
      return name
  }
}

function splitText(split: SplitSettings): string {
  switch (split.kind) {
    case 'episode':
      return `${percent(split.testShare)} of episodes held out, seed ${split.seed}`
    case 'grouped':
      return `${split.folds} folds of episodes`
    case 'object':
      return `${split.folds} folds of objects`
    case 'category':
      return 'each category held out once'
    case 'transfer':
      return `judged on ${split.testRunIds.length === 1 ? 'another run' : `${split.testRunIds.length} other runs`}`
  }
}

/** Which of the data set's layers and poolings; empty for all of them. */
export const cellText = ({ layers, poolings }: Pick<ProbeSettings, 'layers' | 'poolings'>): string =>
  [
    ...(layers ? [`${layers.length === 1 ? 'layer' : 'layers'} ${writeNumbers(layers)}`] : []),
    ...(poolings ? [poolings.map((pooling) => poolingNames[pooling]).join(', ')] : []),
  ].join(', ')

/** In one line, as a bar shows it. */
export function settingsText(settings: ProbeSettings): string {
  const { scope } = settings
  return [
    estimatorText(settings.estimator),
    splitText(settings.split),
    ...(settings.standardize ? ['standardised'] : []),
    ...(settings.classWeight === 'balanced' ? ['balanced classes'] : []),
    ...(scope.kind === 'global'
      ? []
      : [scope.kind === 'windows' ? `windows of ${scope.size}` : scopeNames[scope.kind].toLowerCase()]),
  ].join(' · ')
}

/** With fewer permutations p cannot fall below .05. */
const LEAST_PERMUTATIONS = 20

/** What stands over a result: whether it is ahead, or what was not tried to know it. */
export function verdictText({
  headline,
  permutation,
}: Pick<ProbeDocument, 'headline' | 'permutation'>): string {
  if (headline.significant) return 'Ahead of what else could know it'
  if (!((headline.advantage.low ?? 0) > 0)) return 'Not ahead of what else could know it'
  if (!permutation) return 'Ahead of its rivals; shuffled labels were not tried'
  return permutation.permutations < LEAST_PERMUTATIONS
    ? 'Ahead of its rivals; too few shuffled labels were tried'
    : 'Ahead of its rivals, not of shuffled labels'
}

export const statusNames: Record<ProbeSummary['status'], string> = {
  queued: 'Waits for its turn',
  running: 'Training',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
}

/** If it goes on at the pace so far; null before there is a pace. A probe that was resumed tells no pace by its age. */
export function secondsLeft({ progress, createdAt }: ProbeSummary, now: number): number | null {
  const seconds = (now - Date.parse(createdAt)) / 1000
  if (!progress || progress.fraction < 0.05 || seconds < 1) return null
  return (seconds / progress.fraction) * (1 - progress.fraction)
}
