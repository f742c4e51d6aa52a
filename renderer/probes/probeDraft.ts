// How a probe is trained and judged, as plain fields, and the way between them and its settings.
// Owns: defaults, turning fields into settings, which field a fault belongs to. Not: the form (probeForm.svelte.ts).
import type { Pooling } from '../../main/contract/dataSets.ts'
import {
  probeSettings,
  type EstimatorSettings,
  type ProbeSettings,
  type SplitSettings,
} from '../../main/contract/probes.ts'

/** A number field that was emptied holds null. */
type NumberField = number | null

export interface ProbeDraft {
  name: string
  estimator: EstimatorSettings['kind']
  solver: 'liblinear' | 'lbfgs'
  isNested: boolean
  C: NumberField
  tolerance: NumberField
  maxIterations: NumberField
  isAutoShrunk: boolean
  shrinkage: NumberField
  alpha: NumberField
  hidden: NumberField
  weightDecay: NumberField
  epochs: NumberField
  /** Of those of the data set; null for all. No field: a probe of one cell of a sweep brings them along. */
  layers: number[] | null
  poolings: Pooling[] | null
  standardize: boolean
  isBalanced: boolean
  split: SplitSettings['kind']
  folds: NumberField
  testShare: NumberField
  splitSeed: NumberField
  testRunIds: string[]
  scope: ProbeSettings['scope']['kind']
  windowSize: NumberField
  permutations: NumberField
  bootstraps: NumberField
  laterRivals: boolean
  /** Rivals that take a pass over the steps. */
  isReplayed: boolean
  hasRandomWeights: boolean
  seed: NumberField
}
export type ProbeField = keyof ProbeDraft
export type ProbeFaults = Partial<Record<ProbeField, string>>

export const newProbe = (): ProbeDraft => ({
  name: '',
  estimator: 'logistic',
  solver: 'liblinear',
  isNested: false,
  C: 1,
  tolerance: 1e-4,
  maxIterations: 1000,
  isAutoShrunk: true,
  shrinkage: 0.1,
  alpha: 1,
  hidden: 64,
  weightDecay: 1e-4,
  epochs: 200,
  layers: null,
  poolings: null,
  standardize: false,
  isBalanced: false,
  split: 'grouped',
  folds: 5,
  testShare: 0.2,
  splitSeed: 42,
  testRunIds: [],
  scope: 'global',
  windowSize: 5,
  permutations: 100,
  bootstraps: 1000,
  laterRivals: false,
  isReplayed: false,
  hasRandomWeights: false,
  seed: 42,
})

/** The fields that train the same probe again. */
export function draftOfSettings(settings: ProbeSettings): ProbeDraft {
  const { estimator, split, scope } = settings
  const draft: ProbeDraft = {
    ...newProbe(),
    ...{ layers: settings.layers && [...settings.layers] },
    ...{ poolings: settings.poolings && [...settings.poolings] },
    ...{ estimator: estimator.kind, split: split.kind, scope: scope.kind },
    ...{ standardize: settings.standardize, isBalanced: settings.classWeight === 'balanced' },
    ...{ permutations: settings.permutations, bootstraps: settings.bootstraps },
    ...{ laterRivals: settings.laterRivals, seed: settings.seed },
    isReplayed: settings.costlyRivals.includes('replayed'),
    hasRandomWeights: settings.costlyRivals.includes('randomWeights'),
  }
  if (estimator.kind === 'logistic') {
    draft.solver = estimator.solver
    draft.tolerance = estimator.tolerance
    draft.maxIterations = estimator.maxIterations
    draft.isNested = estimator.C === 'nested'
    if (estimator.C !== 'nested') draft.C = estimator.C
  }
  if (estimator.kind === 'lda') {
    draft.isAutoShrunk = estimator.shrinkage === 'auto'
    if (estimator.shrinkage !== 'auto') draft.shrinkage = estimator.shrinkage
  }
  if (estimator.kind === 'ridge') draft.alpha = estimator.alpha
  if (estimator.kind === 'mlp') {
    draft.hidden = estimator.hidden
    draft.weightDecay = estimator.weightDecay
    draft.epochs = estimator.epochs
  }
  if (split.kind === 'transfer') draft.testRunIds = [...split.testRunIds]
  if (split.kind === 'episode') draft.testShare = split.testShare
  if (split.kind === 'grouped' || split.kind === 'object') draft.folds = split.folds
  if ('seed' in split) draft.splitSeed = split.seed
  if (scope.kind === 'windows') draft.windowSize = scope.size
  return draft
}

function estimatorOf(draft: ProbeDraft): unknown {
  const { estimator: kind } = draft
  if (kind === 'logistic') {
    const { solver, tolerance, maxIterations } = draft
    return { kind, solver, C: draft.isNested ? 'nested' : draft.C, tolerance, maxIterations }
  }
  if (kind === 'lda') return { kind, shrinkage: draft.isAutoShrunk ? 'auto' : draft.shrinkage }
  if (kind === 'ridge') return { kind, alpha: draft.alpha }
  const { hidden, weightDecay, epochs } = draft
  return kind === 'mlp' ? { kind, hidden, weightDecay, epochs } : { kind }
}

/** The directions of the others do not depend on the classes' shares: the engine refuses weights for them. */
const takesWeights = (kind: EstimatorSettings['kind']): boolean => kind !== 'lda' && kind !== 'meanDifference'

function splitOf(draft: ProbeDraft): unknown {
  const { split: kind, folds, splitSeed: seed } = draft
  if (kind === 'episode') return { kind, testShare: draft.testShare, seed }
  if (kind === 'grouped' || kind === 'object') return { kind, folds, seed }
  return kind === 'transfer' ? { kind, testRunIds: draft.testRunIds } : { kind }
}

const fields: Record<string, [ProbeField, string]> = {
  name: ['name', 'At most 200 letters.'],
  'estimator.C': ['C', 'A number above 0.'],
  'estimator.tolerance': ['tolerance', 'A number above 0.'],
  'estimator.maxIterations': ['maxIterations', 'A whole number from 1.'],
  'estimator.shrinkage': ['shrinkage', 'A number from 0 to 1.'],
  'estimator.alpha': ['alpha', 'A number above 0.'],
  'estimator.hidden': ['hidden', 'A whole number from 1 to 4096.'],
  'estimator.weightDecay': ['weightDecay', 'A number from 0.'],
  'estimator.epochs': ['epochs', 'A whole number from 1.'],
  'split.folds': ['folds', 'A whole number from 2 to 100.'],
  'split.testShare': ['testShare', 'A number between 0 and 1.'],
  'split.seed': ['splitSeed', 'A whole number from 0.'],
  'split.testRunIds': ['testRunIds', 'Choose at least one run to judge on.'],
  'scope.size': ['windowSize', 'A whole number from 1.'],
  permutations: ['permutations', 'A whole number from 0 to 10,000.'],
  bootstraps: ['bootstraps', 'A whole number from 100 to 100,000.'],
  seed: ['seed', 'A whole number from 0.'],
}

/**
 * The settings that the fields make, or what is wrong with which of them.
 * @param dataSetId  an id, or any letter while the data set is still to be made
 */
export function checkProbe(
  draft: ProbeDraft,
  dataSetId: string,
): { settings: ProbeSettings | null; faults: ProbeFaults } {
  const parsed = probeSettings.safeParse({
    dataSetId,
    name: draft.name.trim(),
    ...{ layers: draft.layers, poolings: draft.poolings },
    estimator: estimatorOf(draft),
    ...{
      standardize: draft.standardize,
      classWeight: draft.isBalanced && takesWeights(draft.estimator) ? 'balanced' : 'none',
    },
    split: splitOf(draft),
    scope: draft.scope === 'windows' ? { kind: 'windows', size: draft.windowSize } : { kind: draft.scope },
    ...{ permutations: draft.permutations, bootstraps: draft.bootstraps },
    ...{ laterRivals: draft.laterRivals, seed: draft.seed },
    costlyRivals: [
      ...(draft.isReplayed ? ['replayed'] : []),
      ...(draft.hasRandomWeights ? ['randomWeights'] : []),
    ],
  })
  const faults: ProbeFaults = {}
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.filter((key) => typeof key === 'string').join('.')
    const [field, sentence] = fields[path] ?? (['name', issue.message] as const)
    faults[field] ??= sentence
  }
  return { settings: parsed.success ? parsed.data : null, faults }
}

/** Whether two trainings give the same probe: a name makes no difference. */
export function isSameProbe(one: ProbeSettings, other: ProbeSettings): boolean {
  const core = (settings: ProbeSettings): string =>
    JSON.stringify(probeSettings.parse({ ...settings, name: '' }))
  return core(one) === core(other)
}
