// Every figure of a predictor on held-out samples, each with an interval.
// Owns: which figures there are, for two classes and for more. Not: ranking (rankedScores.ts) or resampling (resamples.ts).
// Definitions: docs/methods/probes.md. Undefined figures are null.
import type { Estimate } from '../../contract/estimates.ts'
import type { ProbeFigures } from '../../contract/probes.ts'
import { areaAdvantage, areaEstimate, independentPairs } from './areaIntervals.ts'
import type { HeldOut } from './heldOut.ts'
import { sigmoid } from './losses.ts'
import { RankedScores, type RankingFigures } from './rankedScores.ts'
import { estimateOf } from './resamples.ts'

/** Ranking by resample; null where undefined. Of several classes: the mean of one against the rest. */
export interface Ranking {
  whole: RankingFigures | null
  resampled: (RankingFigures | null)[]
  /** Behind the AUROC, of which no two share an episode; of several classes the fewest. */
  pairs: number
  /** That are judged. */
  groups: number
}

const isClass = (labels: Int32Array, k: number): Uint8Array =>
  Uint8Array.from(labels, (label) => (label === k ? 1 : 0))

export function rankersOf(held: HeldOut): RankedScores[] {
  const first = held.evidence.length === 1 ? 1 : 0
  return held.evidence.map(
    (odds, k) => new RankedScores(odds, isClass(held.labels, k + first), held.groups, held.folds),
  )
}

/** The mean over those classes that have samples and others; null where none has. */
function meanRanking(figures: (RankingFigures | null)[]): RankingFigures | null {
  const defined = figures.filter((figure) => figure !== null)
  if (defined.length === 0) return null
  const mean = (of: (figure: RankingFigures) => number): number =>
    defined.reduce((sum, figure) => sum + of(figure), 0) / defined.length
  return {
    auroc: mean((f) => f.auroc),
    auprc: mean((f) => f.auprc),
    tprAt1: mean((f) => f.tprAt1),
    tprAt5: mean((f) => f.tprAt5),
  }
}

export function rankingOf(held: HeldOut, resamples: readonly Uint16Array[]): Ranking {
  const rankers = rankersOf(held)
  const under = (weights: Uint16Array | null): RankingFigures | null =>
    meanRanking(rankers.map((ranker) => ranker.figures(weights)))
  const first = held.evidence.length === 1 ? 1 : 0
  const pairs = held.evidence.map((_, k) => independentPairs(held, k + first)).filter((count) => count > 0)
  return {
    whole: under(null),
    resampled: resamples.map(under),
    pairs: pairs.length > 0 ? Math.min(...pairs) : 0,
    groups: new Set(held.groups).size,
  }
}

/** Sums of one group's samples, so that a resample is a weighted sum of groups. */
class GroupSums {
  readonly confusion: Float64Array
  readonly brier: Float64Array
  readonly samples: Float64Array
  readonly #classes: number
  readonly #groups: number

  constructor(held: HeldOut, classes: number, groups: number) {
    this.#classes = classes
    this.#groups = groups
    this.confusion = new Float64Array(groups * classes * classes)
    this.brier = new Float64Array(groups)
    this.samples = new Float64Array(groups)
    for (let i = 0; i < held.rows.length; i++) {
      const [group, label] = [held.groups[i], held.labels[i]]
      this.confusion[(group * classes + label) * classes + held.named[i]]++
      this.samples[group]++
      // Of two classes the usual half of the sum over both.
      if (held.logOdds.length === 1)
        this.brier[group] += sigmoid(label ? -held.logOdds[0][i] : held.logOdds[0][i]) ** 2
      else
        for (let k = 0; k < classes; k++)
          this.brier[group] += sigmoid(label === k ? -held.logOdds[k][i] : held.logOdds[k][i]) ** 2
    }
  }

  under(weights: ArrayLike<number> | null): ThresholdFigures {
    const C = this.#classes
    const confusion = new Float64Array(C * C)
    let [brier, samples] = [0, 0]
    for (let group = 0; group < this.#groups; group++) {
      const weight = weights ? weights[group] : 1
      if (weight === 0 || this.samples[group] === 0) continue
      brier += weight * this.brier[group]
      samples += weight * this.samples[group]
      for (let cell = 0; cell < C * C; cell++)
        confusion[cell] += weight * this.confusion[group * C * C + cell]
    }
    return thresholdFigures(confusion, C, samples, brier)
  }
}

interface ThresholdFigures {
  accuracy: number | null
  /** Mean recall of the classes that have samples; null where only one has. */
  balancedAccuracy: number | null
  brier: number | null
  classes: { precision: number | null; recall: number | null; f1: number | null }[]
}

function thresholdFigures(
  confusion: Float64Array,
  C: number,
  samples: number,
  brier: number,
): ThresholdFigures {
  const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)
  const index = Array.from({ length: C }, (_, k) => k)
  const hits = index.map((k) => confusion[k * C + k])
  const classes = index.map((k) => {
    const actual = index.reduce((sum, j) => sum + confusion[k * C + j], 0)
    const named = index.reduce((sum, j) => sum + confusion[j * C + k], 0)
    return {
      precision: share(hits[k], named),
      recall: share(hits[k], actual),
      f1: share(2 * hits[k], actual + named),
    }
  })
  const recalls = classes.map(({ recall }) => recall).filter((recall) => recall !== null)
  return {
    accuracy: share(
      hits.reduce((a, b) => a + b, 0),
      samples,
    ),
    balancedAccuracy: recalls.length > 1 ? recalls.reduce((a, b) => a + b, 0) / recalls.length : null,
    brier: share(brier, samples),
    classes,
  }
}

export interface Judgement {
  figures: ProbeFigures
  ranking: Ranking
  /** By resample. */
  accuracies: (number | null)[]
}

/** @param groups  G of the data: resamples have a count for each */
export function judge(
  held: HeldOut,
  names: readonly string[],
  groups: number,
  resamples: readonly Uint16Array[],
): Judgement {
  const sums = new GroupSums(held, names.length, groups)
  const whole = sums.under(null)
  const resampled = resamples.map((weights) => sums.under(weights))
  const ranking = rankingOf(held, resamples)
  const ranked = (of: (figures: RankingFigures) => number): Estimate => rankingEstimate(ranking, of)
  const threshold = (of: (figures: ThresholdFigures) => number | null): Estimate =>
    estimateOf(of(whole), resampled.map(of), ranking.groups)
  const single = names.length === 2
  const counts = names.map((_, k) => held.labels.reduce((sum, label) => sum + (label === k ? 1 : 0), 0))
  const unknown = { value: null, low: null, high: null }
  return {
    figures: {
      n: held.rows.length,
      groups: ranking.groups,
      pairs: ranking.pairs,
      accuracy: threshold((f) => f.accuracy),
      balancedAccuracy: threshold((f) => f.balancedAccuracy),
      auroc: aurocEstimate(ranking),
      auprc: ranked((f) => f.auprc),
      brier: threshold((f) => f.brier),
      tprAt1: single ? ranked((f) => f.tprAt1) : unknown,
      tprAt5: single ? ranked((f) => f.tprAt5) : unknown,
      majority: held.labels.length > 0 ? Math.max(...counts) / held.labels.length : null,
      classes: names.map((name, k) => ({
        name,
        n: counts[k],
        precision: threshold((f) => f.classes[k].precision),
        recall: threshold((f) => f.classes[k].recall),
        f1: threshold((f) => f.classes[k].f1),
      })),
    },
    ranking,
    accuracies: resampled.map(({ accuracy }) => accuracy),
  }
}

const rankingEstimate = (ranking: Ranking, of: (figures: RankingFigures) => number): Estimate =>
  estimateOf(
    ranking.whole && of(ranking.whole),
    ranking.resampled.map((figures) => figures && of(figures)),
    ranking.groups,
  )

const areaOf = ({ whole, resampled, pairs, groups }: Ranking) => ({
  whole: whole && whole.auroc,
  resampled: resampled.map((figures) => figures && figures.auroc),
  pairs,
  groups,
})

export const aurocEstimate = (ranking: Ranking): Estimate => areaEstimate(areaOf(ranking))

/** One predictor's AUROC less another's, on the same resamples. */
export const aurocAdvantage = (ranking: Ranking, other: Ranking): Estimate =>
  areaAdvantage(areaOf(ranking), areaOf(other))
