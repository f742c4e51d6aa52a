// Labelled residuals, one row a step: what every contrast vector is made from.
// Owns: their shape, their checks, and which rows belong together. Not: what is made of them.
import { errors } from '../../contract/errors.ts'
import { shuffled, type UniformGenerator } from '../seededGenerator.ts'

export interface ContrastRows {
  /** N×width, row-major: one pooled residual a step. */
  data: Float32Array
  width: number
  /** 0 or 1. */
  labels: Int32Array
  /** Any number for each episode, different between runs; one for all episodes of an object where objects repeat. */
  episodes: Int32Array
  /** Step within the episode, from 0. */
  steps: Int32Array
  /** Each row is a mean over several tokens: shorter than any of them, so that its norm is not the residual's. */
  areMeans?: boolean
  /** Rows of the same number ≥ 0 are a pair, one of each class; −1 is none. */
  pairs?: Int32Array
}

/** Rows that each stand for one or several: a mean and how many it is of. */
export interface WeightedRows {
  data: Float32Array | Float64Array
  width: number
  labels: Int32Array
  episodes: Int32Array
  weights: Float64Array
  pairs: Int32Array | null
}

/**
 * @throws activations_not_finite for NaN or ±∞
 * @throws TypeError where arrays do not fit each other, or a label is neither 0 nor 1
 */
export function checkContrastRows(rows: ContrastRows): void {
  const { data, width, labels, episodes, steps, pairs } = rows
  if (!Number.isInteger(width) || width < 1) throw new TypeError(`rows of ${width} values`)
  const n = labels.length
  if (data.length !== n * width) throw new TypeError(`${data.length} values are not ${n} rows of ${width}`)
  for (const [name, other] of Object.entries({ episodes, steps, pairs }))
    if (other && other.length !== n) throw new TypeError(`${other.length} ${name} for ${n} rows`)
  const label = labels.find((value) => value !== 0 && value !== 1)
  if (label !== undefined) throw new TypeError(`${label} is neither label 0 nor 1`)
  const place = data.findIndex((value) => !Number.isFinite(value))
  if (place < 0) return
  const row = Math.floor(place / width)
  throw errors.activationsNotFinite({ episode: episodes[row], step: steps[row], value: String(data[place]) })
}

/** Indices of the rows whose step lies in the range, both included. */
export function rowsOfSteps({ steps }: ContrastRows, first: number, last: number): number[] {
  return Array.from(steps.keys()).filter((row) => steps[row] >= first && steps[row] <= last)
}

/** A copy of some rows, each of weight 1. Labels may be others than the rows' own. */
export function chosenRows(
  rows: ContrastRows,
  chosen: readonly number[],
  labels = rows.labels,
): WeightedRows {
  const { width } = rows
  const data = new Float32Array(chosen.length * width)
  chosen.forEach((row, to) => data.set(rows.data.subarray(row * width, (row + 1) * width), to * width))
  return {
    data,
    width,
    labels: Int32Array.from(chosen, (row) => labels[row]),
    episodes: Int32Array.from(chosen, (row) => rows.episodes[row]),
    weights: new Float64Array(chosen.length).fill(1),
    pairs: rows.pairs ? Int32Array.from(chosen, (row) => rows.pairs![row]) : null, // seen on this line
  }
}

/** One row for each episode and class: its mean, weighted by how many it is of. Class means stay what they are, and are had faster. */
export function condensedRows(rows: WeightedRows): WeightedRows {
  const { data, width, labels, episodes, weights } = rows
  const places = new Map<string, number>()
  const owner = Int32Array.from(labels, (label, row) => {
    const key = `${episodes[row]}/${label}`
    if (!places.has(key)) places.set(key, places.size)
    return places.get(key)! // set on the line before
  })
  const size = places.size
  const sums = new Float64Array(size * width)
  const condensed = {
    data: sums,
    width,
    labels: new Int32Array(size),
    episodes: new Int32Array(size),
    weights: new Float64Array(size),
    pairs: null,
  }
  owner.forEach((to, row) => {
    condensed.labels[to] = labels[row]
    condensed.episodes[to] = episodes[row]
    condensed.weights[to] += weights[row]
    for (let column = 0; column < width; column++)
      sums[to * width + column] += weights[row] * data[row * width + column]
  })
  for (let i = 0; i < sums.length; i++) sums[i] /= condensed.weights[Math.floor(i / width)]
  return condensed
}

/** Rows of each episode, in the order in which episodes first appear. */
export function rowsByEpisode(episodes: Int32Array): number[][] {
  const found = new Map<number, number[]>()
  episodes.forEach((episode, row) => {
    const rows = found.get(episode)
    if (rows) rows.push(row)
    else found.set(episode, [row])
  })
  return [...found.values()]
}

/** Whether every pair lies within one episode, as two ways to write one prompt do: then a pair can exchange its labels by itself. */
export function pairsStayWithin({ pairs, episodes }: ContrastRows): boolean {
  if (!pairs) return false
  const owners = new Map<number, number>()
  return pairs.every((pair, row) => {
    if (pair < 0) return true
    const owner = owners.get(pair) ?? episodes[row]
    owners.set(pair, owner)
    return owner === episodes[row]
  })
}

/**
 * Pairs for rows that come in none: the n-th row of one class beside the n-th of the other at the same step, −1 for what is left over. They join
 * episodes that have nothing to do with each other, so another order of the rows gives others. Rows labelled −1 are left out.
 */
export function pairsByStep(labels: Int32Array, steps: Int32Array): Int32Array {
  const pairs = new Int32Array(labels.length).fill(-1)
  const waiting = new Map<string, number[]>()
  let next = 0
  labels.forEach((label, row) => {
    if (label < 0) return
    const other = waiting.get(`${steps[row]}/${1 - label}`)?.shift()
    if (other !== undefined) {
      pairs[row] = next
      pairs[other] = next++
      return
    }
    const key = `${steps[row]}/${label}`
    const queue = waiting.get(key)
    if (queue) queue.push(row)
    else waiting.set(key, [row])
  })
  return pairs
}

/**
 * Labels as they would be if they had nothing to do with the activations: each episode takes the labels of another, step by step, since labels
 * within one are not independent. Where each pair lies within one episode it keeps or exchanges its labels instead.
 * @returns labels for all rows; −1 for a step that the other episode did not have, and for a row without a pair where pairs exchange
 */
export function shuffledLabels(rows: ContrastRows, random: UniformGenerator): Int32Array {
  const { pairs, labels: own, episodes, steps } = rows
  if (pairs && pairsStayWithin(rows)) {
    // All pairs of an episode together: they are no more independent of each other than its rows.
    const swaps = new Map<number, boolean>()
    return own.map((label, row) => {
      if (pairs[row] < 0) return -1
      if (!swaps.has(episodes[row])) swaps.set(episodes[row], random() < 0.5)
      return swaps.get(episodes[row]) ? 1 - label : label
    })
  }
  const byEpisode = rowsByEpisode(episodes)
  const order = shuffled(Array.from(byEpisode.keys()), random)
  const labels = new Int32Array(own.length).fill(-1)
  byEpisode.forEach((of, episode) => {
    const donors = new Map<number, number[]>()
    for (const row of byEpisode[order[episode]])
      donors.set(steps[row], [...(donors.get(steps[row]) ?? []), row])
    // Of an object that was played twice each step is there twice: its first takes the other's first label, its second the second.
    const times = new Map<number, number>()
    for (const row of of) {
      const time = times.get(steps[row]) ?? 0
      times.set(steps[row], time + 1)
      const from = donors.get(steps[row])
      if (from) labels[row] = own[from[time % from.length]]
    }
  })
  return labels
}
