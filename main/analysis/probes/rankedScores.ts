// Figures that depend on the order of scores alone.
// Owns: areas under the ROC and precision-recall curves, points of the ROC, for samples weighted by their group. Not: thresholds at ½ (figures.ts).
// Method: sorted once, then one pass for each set of weights. With one fold as scikit-learn's roc_auc_score and average_precision_score
// with sample_weight; of several, only pairs within a fold count for the AUROC (docs/methods/probes.md, “Figures”).

export interface RankingFigures {
  /** Share of pairs of both classes within a fold that are ranked rightly, ties half. */
  auroc: number
  /** Average precision. */
  auprc: number
  /** Largest share of class 1 above a threshold that at most 1 % and 5 % of class 0 pass. */
  tprAt1: number
  tprAt5: number
}

export interface RocPoint {
  falsePositiveRate: number
  truePositiveRate: number
}

/** One fold's curve: its points from (0, 0) to (1, 1), the share of all pairs that it has. */
interface FoldCurve {
  points: RocPoint[]
  weight: number
}

/** Lowest and highest true positive rate where a fold's curve passes a false positive rate. */
function heightAt(points: readonly RocPoint[], rate: number): [number, number] {
  const after = points.findIndex((point) => point.falsePositiveRate >= rate)
  const reached = points[after]
  if (reached.falsePositiveRate > rate) {
    const before = points[after - 1]
    const share = (rate - before.falsePositiveRate) / (reached.falsePositiveRate - before.falsePositiveRate)
    const height = before.truePositiveRate + share * (reached.truePositiveRate - before.truePositiveRate)
    return [height, height]
  }
  const last = points.findLast((point) => point.falsePositiveRate === rate)!
  return [reached.truePositiveRate, last.truePositiveRate]
}

/** Height over rate of the folds' mean curve, which rises straight up where its folds do. */
function meanCurve(curves: readonly FoldCurve[]): RocPoint[] {
  const rates = new Set(curves.flatMap(({ points }) => points.map((point) => point.falsePositiveRate)))
  return [...rates]
    .sort((a, b) => a - b)
    .flatMap((falsePositiveRate) => {
      let [low, high] = [0, 0]
      for (const { points, weight } of curves) {
        const [lowest, highest] = heightAt(points, falsePositiveRate)
        low += weight * lowest
        high += weight * highest
      }
      const heights = high > low ? [low, high] : [low]
      return heights.map((truePositiveRate) => ({ falsePositiveRate, truePositiveRate }))
    })
}

export class RankedScores {
  /** From the highest score down: class and group of each sample. */
  readonly #positive: Uint8Array
  readonly #group: Int32Array
  readonly #fold: Int32Array
  readonly #folds: number
  /** 1 where the next sample's score is lower. */
  readonly #last: Uint8Array

  /** Arrays by sample. @param positive  1 or 0  @param groups  0 … G − 1  @param folds  from 0 on; each was scored by another fit */
  constructor(
    scores: ArrayLike<number>,
    positive: ArrayLike<number>,
    groups: ArrayLike<number>,
    folds: ArrayLike<number>,
  ) {
    const n = scores.length
    const order = Uint32Array.from({ length: n }, (_, index) => index).sort((a, b) => scores[b] - scores[a])
    this.#positive = new Uint8Array(n)
    this.#group = new Int32Array(n)
    this.#last = new Uint8Array(n)
    this.#fold = new Int32Array(n)
    order.forEach((sample, at) => {
      this.#positive[at] = positive[sample]
      this.#group[at] = groups[sample]
      this.#fold[at] = folds[sample]
      this.#last[at] = at === n - 1 || scores[order[at + 1]] < scores[sample] ? 1 : 0
    })
    this.#folds = this.#fold.reduce((most, fold) => Math.max(most, fold), -1) + 1
  }

  /** @param weights  how often each group counts; null counts each once  @returns null where no fold has weight in both classes */
  figures(weights: ArrayLike<number> | null): RankingFigures | null {
    const [positive, group, last, fold] = [this.#positive, this.#group, this.#last, this.#fold]
    // Of each fold: above the present score, and at it.
    const [hitsOf, alarmsOf] = [new Float64Array(this.#folds), new Float64Array(this.#folds)]
    const [tiedHitsOf, tiedAlarmsOf] = [new Float64Array(this.#folds), new Float64Array(this.#folds)]
    let [ones, zeros] = [0, 0]
    for (let i = 0; i < positive.length; i++) {
      const weight = weights ? weights[group[i]] : 1
      if (positive[i]) ones += weight
      else zeros += weight
    }
    if (ones === 0 || zeros === 0) return null
    let [hits, alarms, area, precision, tprAt1, tprAt5] = [0, 0, 0, 0, 0, 0]
    let [tiedHits, tiedAlarms, first] = [0, 0, 0]
    for (let i = 0; i < positive.length; i++) {
      const weight = weights ? weights[group[i]] : 1
      if (positive[i]) {
        tiedHits += weight
        tiedHitsOf[fold[i]] += weight
      } else {
        tiedAlarms += weight
        tiedAlarmsOf[fold[i]] += weight
      }
      if (!last[i]) continue
      for (; first <= i; first++) {
        const f = fold[first]
        area += tiedAlarmsOf[f] * (hitsOf[f] + tiedHitsOf[f] / 2)
        hitsOf[f] += tiedHitsOf[f]
        alarmsOf[f] += tiedAlarmsOf[f]
        tiedHitsOf[f] = tiedAlarmsOf[f] = 0
      }
      hits += tiedHits
      alarms += tiedAlarms
      if (tiedHits > 0) precision += (tiedHits * hits) / (hits + alarms)
      // In whole counts, so that 5 of 100 is 5 %.
      if (alarms * 100 <= zeros) tprAt1 = hits / ones
      if (alarms * 20 <= zeros) tprAt5 = hits / ones
      tiedHits = tiedAlarms = 0
    }
    const pairs = hitsOf.reduce((sum, count, f) => sum + count * alarmsOf[f], 0)
    return pairs === 0 ? null : { auroc: area / pairs, auprc: precision / ones, tprAt1, tprAt5 }
  }

  /**
   * The ROC curve from (0, 0) to (1, 1), points on a straight line left out. Of several folds: their curves' mean, each with the
   * weight of its pairs, so that its area is the AUROC. Empty where no fold has both classes.
   */
  curve(): RocPoint[] {
    const curves = Array.from({ length: this.#folds }, (_, fold) => this.#foldCurve(fold)).filter(
      (curve) => curve !== null,
    )
    const pairs = curves.reduce((sum, { weight }) => sum + weight, 0)
    if (curves.length === 1) return curves[0].points
    return meanCurve(curves.map(({ points, weight }) => ({ points, weight: weight / pairs })))
  }

  /** `weight` is its number of pairs; null where a class is missing. */
  #foldCurve(fold: number): FoldCurve | null {
    let [ones, zeros] = [0, 0]
    this.#positive.forEach((one, i) => {
      if (this.#fold[i] !== fold) return
      if (one) ones++
      else zeros++
    })
    if (ones === 0 || zeros === 0) return null
    const points: RocPoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0 }]
    let [hits, alarms, direction] = [0, 0, '']
    let [tiedHits, tiedAlarms] = [0, 0]
    for (let i = 0; i < this.#positive.length; i++) {
      if (this.#fold[i] === fold) {
        if (this.#positive[i]) tiedHits++
        else tiedAlarms++
      }
      if (!this.#last[i] || tiedHits + tiedAlarms === 0) continue
      hits += tiedHits
      alarms += tiedAlarms
      const point = { falsePositiveRate: alarms / zeros, truePositiveRate: hits / ones }
      const heading = tiedAlarms === 0 ? 'up' : tiedHits === 0 ? 'right' : ''
      if (heading !== '' && heading === direction) points[points.length - 1] = point
      else points.push(point)
      direction = heading
      tiedHits = tiedAlarms = 0
    }
    return { points, weight: ones * zeros }
  }
}
