// Figures that depend on the order of scores alone.
// Owns: areas under the ROC and precision-recall curves, points of the ROC, for samples weighted by their group. Not: thresholds at ½ (figures.ts).
// Method: sorted once, then one pass for each set of weights. As scikit-learn's roc_auc_score and average_precision_score with sample_weight.

export interface RankingFigures {
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
  /** Scores at or above it count as class 1; ∞ at the first point. */
  threshold: number
}

export class RankedScores {
  /** From the highest score down: class and group of each sample. */
  readonly #positive: Uint8Array
  readonly #group: Int32Array
  /** 1 where the next sample's score is lower. */
  readonly #last: Uint8Array
  readonly #score: Float64Array

  /** Arrays by sample. @param positive  1 or 0  @param groups  0 … G − 1 */
  constructor(scores: ArrayLike<number>, positive: ArrayLike<number>, groups: ArrayLike<number>) {
    const n = scores.length
    const order = Uint32Array.from({ length: n }, (_, index) => index).sort((a, b) => scores[b] - scores[a])
    this.#positive = new Uint8Array(n)
    this.#group = new Int32Array(n)
    this.#last = new Uint8Array(n)
    this.#score = new Float64Array(n)
    order.forEach((sample, at) => {
      this.#positive[at] = positive[sample]
      this.#group[at] = groups[sample]
      this.#score[at] = scores[sample]
      this.#last[at] = at === n - 1 || scores[order[at + 1]] < scores[sample] ? 1 : 0
    })
  }

  /** @param weights  how often each group counts; null counts each once  @returns null where a class has no weight */
  figures(weights: ArrayLike<number> | null): RankingFigures | null {
    const [positive, group, last] = [this.#positive, this.#group, this.#last]
    let [ones, zeros] = [0, 0]
    for (let i = 0; i < positive.length; i++) {
      const weight = weights ? weights[group[i]] : 1
      if (positive[i]) ones += weight
      else zeros += weight
    }
    if (ones === 0 || zeros === 0) return null
    let [hits, alarms, area, precision, tprAt1, tprAt5] = [0, 0, 0, 0, 0, 0]
    let [tiedHits, tiedAlarms] = [0, 0]
    for (let i = 0; i < positive.length; i++) {
      const weight = weights ? weights[group[i]] : 1
      if (positive[i]) tiedHits += weight
      else tiedAlarms += weight
      if (!last[i]) continue
      area += tiedAlarms * (hits + tiedHits / 2)
      hits += tiedHits
      alarms += tiedAlarms
      if (tiedHits > 0) precision += (tiedHits * hits) / (hits + alarms)
      // In whole counts, so that 5 of 100 is 5 %.
      if (alarms * 100 <= zeros) tprAt1 = hits / ones
      if (alarms * 20 <= zeros) tprAt5 = hits / ones
      tiedHits = tiedAlarms = 0
    }
    return { auroc: area / (ones * zeros), auprc: precision / ones, tprAt1, tprAt5 }
  }

  /** The ROC curve from (0, 0) to (1, 1); points on a straight line are left out. Empty where a class is missing. */
  curve(): RocPoint[] {
    let [ones, zeros] = [0, 0]
    for (const one of this.#positive) {
      if (one) ones++
      else zeros++
    }
    if (ones === 0 || zeros === 0) return []
    const points: RocPoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0, threshold: Infinity }]
    let [hits, alarms, direction] = [0, 0, '']
    let [tiedHits, tiedAlarms] = [0, 0]
    for (let i = 0; i < this.#positive.length; i++) {
      if (this.#positive[i]) tiedHits++
      else tiedAlarms++
      if (!this.#last[i]) continue
      hits += tiedHits
      alarms += tiedAlarms
      const point = {
        falsePositiveRate: alarms / zeros,
        truePositiveRate: hits / ones,
        threshold: this.#score[i],
      }
      const heading = tiedAlarms === 0 ? 'up' : tiedHits === 0 ? 'right' : ''
      if (heading !== '' && heading === direction) points[points.length - 1] = point
      else points.push(point)
      direction = heading
      tiedHits = tiedAlarms = 0
    }
    return points
  }
}
