// What a reader should know before believing a probe, in words.
// Owns: the warnings and when each is given. Not: the figures they speak of.
// Why each: docs/methods/probes.md, “Warnings”.
import type { Estimate } from '../../contract/estimates.ts'
import type { ProbeDocument, ProbeSettings, ProbeWarning, Rival } from '../../contract/probes.ts'
import { FEW_PAIRS } from './areaIntervals.ts'
import { figure, LEVEL, strongest, tooFew } from './headline.ts'
import { indicesBy } from './indicesBy.ts'
import type { ProbeData } from './probeData.ts'
import { momentOf } from './rivals.ts'
import type { Fold } from './splits.ts'

/** Fewer groups than these make intervals that are too narrow. */
const FEW_GROUPS = 10
const FEW_OF_A_CLASS = 20
/** A correlation from which on the norm tells the length. */
const LEAK = 0.9

type JudgedControls = Pick<ProbeDocument, 'figures' | 'permutation' | 'randomFeatures' | 'converged'>

export interface WarningGround {
  data: ProbeData
  settings: ProbeSettings
  /** Without those that could not be learnt from. */
  folds: readonly Fold[]
  unusableFolds: number
  cells: number
  /** Correlation of the pooled vectors' norm with one over the number of tokens; null where it is no mean, or undefined. */
  normLeak: number | null
  document: Pick<
    ProbeDocument,
    'figures' | 'steps' | 'rivals' | 'permutation' | 'randomFeatures' | 'pooling' | 'converged' | 'headline'
  >
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

/** What can be said of any rows with groups. @param groups  number of groups that are judged  @param unit  what a group is called */
export function* splitWarnings(
  data: Pick<ProbeData, 'labels' | 'groups' | 'classes'>,
  {
    folds,
    unusableFolds,
    groups,
    unit,
  }: Pick<WarningGround, 'folds' | 'unusableFolds'> & { groups: number; unit: string },
): Generator<ProbeWarning> {
  const learnt = Math.min(...folds.map(({ train }) => new Set(train.map((row) => data.groups[row])).size))
  const fewest = Math.min(groups, learnt)
  if (fewest < FEW_GROUPS)
    yield {
      kind: 'fewGroups',
      text:
        groups <= learnt
          ? `Only ${groups} ${unit}s are judged: intervals from so few are too narrow.`
          : `A fold learns from only ${learnt} ${unit}s.`,
    }
  const counts = data.classes.map((_, k) => data.labels.filter((label) => label === k).length)
  const rarest = counts.indexOf(Math.min(...counts))
  if (counts[rarest] < FEW_OF_A_CLASS)
    yield { kind: 'rareClass', text: `There are only ${counts[rarest]} rows of “${data.classes[rarest]}”.` }
  if (unusableFolds > 0)
    yield {
      kind: 'foldsLeftOut',
      text: `${unusableFolds} ${unusableFolds === 1 ? 'fold was' : 'folds were'} left out: no row of some class to learn from, or none to judge.`,
    }
  const constant = [...indicesBy(data.groups).values()]
  if (
    constant.some((rows) => rows.length > 1) &&
    constant.every((rows) => new Set(rows.map((row) => data.labels[row])).size === 1)
  )
    yield {
      kind: 'labelByEpisode',
      text: `Every ${unit} has one label throughout: there are ${constant.length} independent samples, not ${data.labels.length}.`,
    }
}

function* dataWarnings({ data, folds, unusableFolds, document }: WarningGround): Generator<ProbeWarning> {
  if (data.areEarlierLabelsLive)
    yield {
      kind: 'liveLabels',
      text: 'The data set is of a version that did not keep the labels of earlier steps: the rival “Earlier labels” reads hand labels as they are now. Make the data set anew to fix them.',
    }
  yield* splitWarnings(data, {
    folds,
    unusableFolds,
    groups: document.figures.groups,
    unit: 'episode',
  })
  const episodes = new Set(data.keys.map(({ runId, episode }) => `${runId}/${episode}`)).size
  const independent = new Set(data.groups).size
  if (independent < episodes)
    yield {
      kind: 'twinEpisodes',
      text: `${episodes} episodes are ${independent} of their own: the others are the same task, seed and number in another run. Twins stay together: none is judged by a probe that learnt from the other, and a resample takes both.`,
    }
  const bySteps = indicesBy(data.keys.map(({ step }) => step))
  const single = [...bySteps].filter(
    ([, rows]) => rows.length > 1 && new Set(rows.map((row) => data.labels[row])).size === 1,
  )
  if (single.length > 0 && bySteps.size > 1)
    yield {
      kind: 'oneClassAtStep',
      text: `At step ${single
        .map(([step]) => step)
        .sort((a, b) => a - b)
        .join(', ')} all rows have the same label: there the step's number alone tells it.`,
    }
  const byPrompt = indicesBy(data.prompts)
  const shared = [...byPrompt.values()].filter(
    (rows) => new Set(rows.map((row) => data.groups[row])).size > 1,
  )
  const sharing = shared.reduce((sum, rows) => sum + rows.length, 0)
  if (sharing > 0 && momentOf(document.pooling) === 'prompt') {
    const steps = [...new Set(shared.flat().map((row) => data.keys[row].step))].sort((a, b) => a - b)
    yield {
      kind: 'samePrompts',
      text: `${sharing} rows (step ${steps.slice(0, 5).join(', ')}${steps.length > 5 ? ', …' : ''}) have the same prompt as another episode's: what is read before the answer is the same for all of them.`,
    }
  }
}

/** What the figures and controls of any judged rows say against the probe. */
export function* controlWarnings(
  { figures, permutation, randomFeatures, converged }: JudgedControls,
  { estimator, permutations }: Pick<ProbeSettings, 'estimator' | 'permutations'>,
): Generator<ProbeWarning> {
  if (figures.majority !== null && (figures.accuracy.value ?? 0) <= figures.majority)
    yield {
      kind: 'belowMajority',
      text: `Its accuracy, ${percent(figures.accuracy.value ?? 0)}, is no better than always naming the commonest class (${percent(figures.majority)}).`,
    }
  if (!permutation)
    yield {
      kind: 'noPermutations',
      text: 'No labels were permuted: nothing says how good a probe on shuffled labels would be.',
    }
  else if (permutation.p !== null && tooFew(permutation.permutations))
    yield {
      kind: 'fewPermutations',
      text: `${permutation.permutations} permutations are too few: p is at least ${permutation.p.toPrecision(2)} with them, and below ${LEVEL} only with 20 or more.`,
    }
  else if (permutation.p === null || permutation.p >= LEVEL)
    yield {
      kind: 'shuffledAsGood',
      text: `Probes on labels shuffled between episodes do as well (p = ${permutation.p === null ? 'undefined' : permutation.p.toPrecision(2)}, ${permutation.permutations} permutations).`,
    }
  const random = randomFeatures?.auroc.value
  if (
    random !== undefined &&
    random !== null &&
    figures.auroc.value !== null &&
    random >= figures.auroc.value
  )
    yield { kind: 'randomAsGood', text: `Random features of the same size reach ${figure(random)}.` }
  if (!converged)
    yield {
      kind: 'notConverged',
      text: `A fit had not converged after ${estimator.kind === 'logistic' ? estimator.maxIterations : 'the allowed'} iterations.`,
    }
  if (figures.classes.length > 2)
    yield { kind: 'severalClasses', text: 'AUROC and AUPRC are means of one class against the rest.' }
  if (permutation && permutation.permutations < permutations && estimator.kind === 'mlp')
    yield {
      kind: 'permutationsReduced',
      text: `${permutation.permutations} permutations were made instead of ${permutations}: every one trains the perceptron anew on every fold.`,
    }
}

/** Of the AUROC over all judged rows, and of single steps or windows. */
export function* pairWarnings({
  figures,
  steps,
}: Pick<ProbeDocument, 'figures' | 'steps'>): Generator<ProbeWarning> {
  const isScarce = ({ pairs, auroc }: { pairs: number | null; auroc: Estimate }): boolean =>
    auroc.value !== null && pairs !== null && pairs < FEW_PAIRS
  const rule =
    'Only pairs of one fold count, and those of the same episodes tell the same: the interval is no narrower than that of so many independent pairs.'
  if (isScarce(figures)) {
    const text = `The AUROC rests on ${figures.pairs} ${figures.pairs === 1 ? 'pair' : 'pairs'} of rows that share no episode. ${rule}`
    yield { kind: 'fewPairs', text }
    return
  }
  const scarce = steps.filter(isScarce)
  if (scarce.length === 0) return
  const places = [...new Set(scarce.map(({ testFirst }) => testFirst))]
  const named = `${places.slice(0, 8).join(', ')}${places.length > 8 ? ', …' : ''}`
  const text = `Judged at step ${named}, the AUROC rests on fewer than ${FEW_PAIRS} pairs of rows that share no episode. ${rule}`
  yield { kind: 'fewPairs', text }
}

function* resultWarnings({ settings, cells, document, normLeak }: WarningGround): Generator<ProbeWarning> {
  const { figures, rivals, pooling, headline } = document
  if (momentOf(pooling) === 'completion')
    yield {
      kind: 'poolingHasAnswer',
      text: 'The pooling contains the answer, and the label is judged from the answer: the probe may read what was said, not what will be.',
    }
  if (cells > 1)
    yield {
      kind: 'chosenOnTest',
      text: `The best of ${cells} layers and poolings was chosen by its held-out figure, which is too good by that choice. Confirm it on other episodes.`,
    }
  const tried = document.steps.filter(({ auroc }) => auroc.value !== null)
  if (settings.scope.kind !== 'global' && tried.length > 1) {
    const top = tried.reduce((best, each) => (each.auroc.value! > best.auroc.value! ? each : best))
    const place =
      top.testFirst === top.testLast ? `step ${top.testFirst}` : `steps ${top.testFirst} to ${top.testLast}`
    yield {
      kind: 'stepChosenOnTest',
      text: `Of ${tried.length} held-out figures that of ${place} is the highest, ${figure(top.auroc.value!)}: a target step that is chosen by it is chosen on test data, and the figure is too good by that choice. Confirm it on other episodes.`,
    }
  }
  if (normLeak !== null && Math.abs(normLeak) >= LEAK)
    yield {
      kind: 'normLeaksLength',
      text: `The lengths of the pooled vectors follow the number of tokens that they are means of (correlation ${figure(normLeak)} with one over it): a probe can read how long the text is.`,
    }
  const best = rivals.find(({ kind }) => kind === headline.rival)
  if (best && !(headline.advantage.low !== null && headline.advantage.low > 0))
    yield { kind: 'rivalAsGood', text: rivalSentence(best, figures.auroc) }
  const later = strongest(rivals.filter((rival) => !rival.available))
  if (later && (later.auroc.value ?? 0) >= (figures.auroc.value ?? 0))
    yield {
      kind: 'laterRivalAsGood',
      text: `“${later.title}” reaches ${figure(later.auroc.value!)} once the answer is written.`,
    }
}

function rivalSentence({ title, auroc }: Rival, own: Estimate): string {
  const values = `${own.value === null ? 'undefined' : figure(own.value)} against ${auroc.value === null ? 'undefined' : figure(auroc.value)}`
  return `“${title}” predicts the label as well: the probe is not reliably above it (AUROC ${values}).`
}

/** All that apply, those about the data first. */
export const warningsOf = (ground: WarningGround): ProbeWarning[] => [
  ...dataWarnings(ground),
  ...pairWarnings(ground.document),
  ...resultWarnings(ground),
  ...controlWarnings(ground.document, ground.settings),
]
