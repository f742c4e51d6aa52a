// The permutation test: what the same procedure finds under labels that belong to other episodes.
// Owns: permuting labels between episodes, the p-value and selectivity. Not: the procedure (usableFolds.ts).
// Source: Hewitt & Liang 2019 (control tasks, selectivity); permutation p-value as Phipson & Smyth 2010. docs/methods/probes.md.
import { perceptronPermutations } from '../../contract/probeEstimates.ts'
import type { ProbeDocument, ProbeFigures } from '../../contract/probes.ts'
import { seededGenerator, shuffled, type UniformGenerator } from '../seededGenerator.ts'
import { judge } from './figures.ts'
import { fitParts, type FitOptions } from './fitParts.ts'
import type { Part } from './fit.ts'
import { heldOutPredictions, type HeldOut } from './heldOut.ts'
import { indicesBy } from './indicesBy.ts'
import type { ProbeData } from './probeData.ts'
import type { ProductMatrix } from './productMatrix.ts'
import type { Fold } from './splits.ts'
import { isUsable, partOf } from './usableFolds.ts'

type Labelled = Pick<ProbeData, 'labels' | 'groups' | 'keys' | 'classes'>

/** Of each group its episodes by run, each its rows sorted by step. */
const episodesByGroup = ({ groups, keys }: Labelled): Map<string, number[]>[] =>
  [...indicesBy(groups).values()].map((rows) => {
    const byRun = new Map<string, number[]>()
    for (const row of rows.sort((a, b) => keys[a].step - keys[b].step)) {
      const { runId } = keys[row]
      byRun.set(runId, [...(byRun.get(runId) ?? []), row])
    }
    return byRun
  })

/**
 * A maker of permuted labels: every episode, its twins in other runs with it, gets another's (of its own run where that has one), step by step, so that what labels owe to the step's number and to
 * each other stays. A step that the other episode lacks gets the label of its nearest.
 */
export function labelPermutations(data: Labelled): (random: UniformGenerator) => Int32Array {
  const groups = episodesByGroup(data)
  const stepOf = (row: number): number => data.keys[row].step
  return (random) => {
    const donors = shuffled(groups, random)
    const labels = new Int32Array(data.labels.length)
    groups.forEach((episodes, index) => {
      for (const [runId, rows] of episodes) {
        const donor = donors[index].get(runId) ?? [...donors[index].values()][0]
        let at = 0
        for (const row of rows) {
          const distance = (place: number): number => Math.abs(stepOf(donor[place]) - stepOf(row))
          while (at + 1 < donor.length && distance(at + 1) <= distance(at)) at++
          labels[row] = data.labels[donor[at]]
        }
      }
    })
    return labels
  }
}

/** Held-out predictions under permuted labels; null where no fold has every class. */
function permutedPredictions(
  matrix: ProductMatrix,
  data: Labelled,
  folds: readonly Fold[],
  options: FitOptions,
  permuted: readonly Int32Array[],
): (HeldOut | null)[] {
  const classes = data.classes.length
  const usable = permuted.map((labels) =>
    folds.flatMap((fold, index) => (isUsable(fold, labels, classes) ? [{ fold, index }] : [])),
  )
  const parts: Part[] = usable.flatMap((own, at) =>
    own.map(({ fold }) => partOf(fold, permuted[at], data.groups)),
  )
  const fits = fitParts(matrix, parts, classes, options)
  let next = 0
  return usable.map((own, at) => {
    if (own.length === 0) return null
    const judged = own.map(({ fold, index }) => ({ fold, index, fit: fits[next++] }))
    return heldOutPredictions(data, permuted[at], judged)
  })
}

/** Permutations that are fitted together, between two reports of progress: linear fits share their products, perceptrons share nothing. */
const AT_ONCE = { linear: 10, mlp: 1 }

/** Tolerance of liblinear here: the mean AUROC moves by .001, which is little beside its spread of .04, and the time falls to a fifth. */
const LOOSE = 1e-2

type Logistic = Extract<FitOptions['estimator'], { kind: 'logistic' }>
const loosened = (estimator: Logistic, C: number): Logistic => ({
  ...estimator,
  C,
  tolerance: estimator.solver === 'liblinear' ? Math.max(estimator.tolerance, LOOSE) : estimator.tolerance,
})

export interface PermutationGround {
  data: Labelled
  folds: readonly Fold[]
  fit: FitOptions
  /** G of the data. */
  groups: number
  /** The probe's own penalty: choosing it anew each time would cost fifty fits for one. */
  C: number | null
}

/**
 * AUROC of probes on permuted labels beside the probe's own, on the same folds.
 * @param progress  gets the share that is done
 * @returns null where no permutation is asked for; of a perceptron no more than 20 are made
 */
export function permutationTest(
  matrix: ProductMatrix,
  { data, folds, fit, groups, C }: PermutationGround,
  own: Pick<ProbeFigures, 'auroc' | 'accuracy'>,
  { permutations, seed }: { permutations: number; seed: number },
  progress: (fraction: number) => void,
): ProbeDocument['permutation'] {
  if (permutations === 0) return null
  const isSlow = fit.estimator.kind === 'mlp'
  const wanted = isSlow ? Math.min(permutations, perceptronPermutations) : permutations
  const together = isSlow ? AT_ONCE.mlp : AT_ONCE.linear
  const random = seededGenerator(`${seed}/permutations`)
  const permute = labelPermutations(data)
  const estimator =
    fit.estimator.kind === 'logistic' && C !== null ? loosened(fit.estimator, C) : fit.estimator
  const auroc: number[] = []
  const accuracies: number[] = []
  for (let done = 0; done < wanted; done += together) {
    progress(done / wanted)
    const permuted = Array.from({ length: Math.min(together, wanted - done) }, () => permute(random))
    for (const held of permutedPredictions(matrix, data, folds, { ...fit, estimator }, permuted)) {
      if (!held) continue
      const { figures } = judge(held, data.classes, groups, [])
      if (figures.auroc.value === null || figures.accuracy.value === null) continue
      auroc.push(figures.auroc.value)
      accuracies.push(figures.accuracy.value)
    }
  }
  const [reached, accuracy] = [own.auroc.value, own.accuracy.value]
  const tried = auroc.length
  return {
    permutations: tried,
    auroc,
    p:
      reached !== null && tried > 0
        ? (1 + auroc.filter((value) => value >= reached).length) / (1 + tried)
        : null,
    selectivity:
      accuracy !== null && tried > 0 ? accuracy - accuracies.reduce((a, b) => a + b, 0) / tried : null,
  }
}
