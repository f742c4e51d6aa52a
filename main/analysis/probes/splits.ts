// Which rows are learnt from and which are judged.
// Owns: every kind of split, always of whole groups. Not: what is then fitted.
// Method: the episode split is upstream's (ARES, phase1_probe.py); grouped folds are scikit-learn's GroupKFold(shuffle=True, random_state=seed).
import { errors } from '../../contract/errors.ts'
import type { SplitSettings } from '../../contract/probes.ts'
import { RandomState } from './mersenneTwister.ts'

export interface Fold {
  train: Int32Array
  test: Int32Array
}

/** What a split looks at: see ProbeData. */
export interface SplitRows {
  groups: ArrayLike<number>
  tasks: readonly string[]
  categories: readonly (string | null)[] | null
  runIds: readonly string[]
}

const indicesOf = (count: number, belongs: (row: number) => boolean): Int32Array =>
  Int32Array.from({ length: count }, (_, row) => row).filter(belongs)

const distinct = <T>(values: ArrayLike<T>): T[] => [...new Set(Array.from(values))]

/** The sizes of NumPy's array_split: the first parts are larger by one. */
function parts<T>(items: readonly T[], count: number): T[][] {
  const [size, larger] = [Math.floor(items.length / count), items.length % count]
  return Array.from({ length: count }, (_, k) => {
    const from = k * size + Math.min(k, larger)
    return items.slice(from, from + size + (k < larger ? 1 : 0))
  })
}

function foldsOf<T>(
  of: ArrayLike<T>,
  folds: number,
  seed: number,
  unit: string,
  order: (a: T, b: T) => number,
): Fold[] {
  const groups = distinct(of).sort(order)
  if (groups.length < folds) throw errors.probeTooFewGroups({ groups: groups.length, needed: folds, unit })
  return parts(new RandomState(seed).shuffled(groups), folds).map((members) => {
    const held = new Set(members)
    return {
      train: indicesOf(of.length, (row) => !held.has(of[row])),
      test: indicesOf(of.length, (row) => held.has(of[row])),
    }
  })
}

const byNumber = (a: number, b: number): number => a - b
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Folds of whole groups, as GroupKFold(folds, shuffle=True, random_state=seed) makes them. */
export const groupedFolds = (groups: ArrayLike<number>, folds: number, seed: number): Fold[] =>
  foldsOf(groups, folds, seed, 'episodes', byNumber)

/** One held-out share: the first ⌊(1 − share)·G⌋ of the shuffled groups are learnt from, at least one. */
export function heldOutGroups(groups: ArrayLike<number>, share: number, seed: number): Fold[] {
  const sorted = distinct(groups).sort(byNumber)
  // 1 − 0.2 times 50 is 40 and must not become 39.
  const count = Math.max(1, Math.floor(sorted.length * (1 - share) + 1e-9))
  if (count >= sorted.length)
    throw errors.probeTooFewGroups({ groups: sorted.length, needed: count + 1, unit: 'episodes' })
  const learnt = new Set(new RandomState(seed).shuffled(sorted).slice(0, count))
  return [
    {
      train: indicesOf(groups.length, (row) => learnt.has(groups[row])),
      test: indicesOf(groups.length, (row) => !learnt.has(groups[row])),
    },
  ]
}

function leaveOneCategoryOut(categories: SplitRows['categories']): Fold[] {
  const names = distinct(categories ?? []).filter((name) => name !== null)
  if (!categories || names.length < 2) throw errors.probeNoCategories({ categories: names.length })
  const rows = categories.length
  return names.sort(byText).map((name) => ({
    // A row without category is learnt from and never judged.
    train: indicesOf(rows, (row) => categories[row] !== name),
    test: indicesOf(rows, (row) => categories[row] === name),
  }))
}

/** Of the twins that several runs have, one may be learnt from where the other is judged only in another fold. */
const TWIN_FOLDS = { count: 5, seed: 42 }

/** One fold; where judged groups are learnt from too, five, each without what it judges. */
function transferFolds({ runIds, groups }: SplitRows, testRunIds: readonly string[]): Fold[] {
  const train = indicesOf(runIds.length, (row) => !testRunIds.includes(runIds[row]))
  const test = indicesOf(runIds.length, (row) => testRunIds.includes(runIds[row]))
  const missing = !test.length ? 'judge' : !train.length ? 'learn from' : null
  if (missing) throw errors.probeNoRows({ purpose: missing })
  const learnt = new Set(Array.from(train, (row) => groups[row]))
  const judged = distinct(Array.from(test, (row) => groups[row])).sort(byNumber)
  if (!judged.some((group) => learnt.has(group))) return [{ train, test }]
  const order = new RandomState(TWIN_FOLDS.seed).shuffled(judged)
  return parts(order, Math.min(TWIN_FOLDS.count, judged.length)).map((members) => {
    const held = new Set(members)
    return {
      train: train.filter((row) => !held.has(groups[row])),
      test: test.filter((row) => held.has(groups[row])),
    }
  })
}

/**
 * The folds that settings ask for.
 * @throws probeTooFewGroups, probeNoCategories, probeNoRows
 */
export function splitRows(rows: SplitRows, settings: SplitSettings): Fold[] {
  switch (settings.kind) {
    case 'episode':
      return heldOutGroups(rows.groups, settings.testShare, settings.seed)
    case 'grouped':
      return groupedFolds(rows.groups, settings.folds, settings.seed)
    case 'object':
      return foldsOf(rows.tasks, settings.folds, settings.seed, 'objects', byText)
    case 'category':
      return leaveOneCategoryOut(rows.categories)
    case 'transfer':
      return transferFolds(rows, settings.testRunIds)
  }
}
