// A learned direction: search without gradients among a few principal components.
// Owns: CMA-ES as an object that is asked for candidates and told their losses. Not: what a candidate costs; a sweep finds that out.
// Method: Hansen 2016, “The CMA evolution strategy: a tutorial”, with its default parameters (table 1) and without negative weights.
import { checkOptions, type OptionKinds } from '../../contract/options.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { symmetricEigen } from '../symmetricEigen.ts'
import { normOf } from './vectorGeometry.ts'

export interface DirectionSearchOptions {
  /** k×D, row-major: directions to search among, for instance the first principal components of the residuals. */
  components: Float64Array
  width: number
  /** k scales, for instance standard deviations along the components: the first candidates have about this length. Ones where left out. */
  scales?: readonly number[]
  /** Longest vector that is tried; longer candidates are shortened. None where left out. */
  longest?: number
  seed: number
  /** Candidates of a generation; 4 + ⌊3 ln k⌋ where left out. */
  population?: number
  /** First step size in units of the scales. */
  sigma?: number
}

const searchOptions: OptionKinds<DirectionSearchOptions> = {
  components: 'any',
  width: 'number',
  scales: 'any',
  longest: 'number',
  seed: 'number',
  population: 'number',
  sigma: 'number',
}

/** All that the search is, as JSON can say it. The draws of a generation follow from seed and generation. */
export interface DirectionSearchState {
  generation: number
  sigma: number
  mean: number[]
  covariance: number[]
  pathSigma: number[]
  pathCovariance: number[]
  best: { coordinates: number[]; loss: number } | null
}

/** Weights and learning rates; Hansen 2016, table 1. */
function strategy(k: number, population: number) {
  const parents = Math.floor(population / 2)
  const raw = Array.from({ length: parents }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1))
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  const weights = raw.map((weight) => weight / total)
  const effective = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0)
  const rankOne = 2 / ((k + 1.3) ** 2 + effective)
  const stepRate = (effective + 2) / (k + effective + 5)
  return {
    weights,
    effective,
    stepRate,
    damping: 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (k + 1)) - 1) + stepRate,
    pathRate: (4 + effective / k) / (k + 4 + (2 * effective) / k),
    rankOne,
    rankMany: Math.min(1 - rankOne, (2 * (effective - 2 + 1 / effective)) / ((k + 2) ** 2 + effective)),
    // E‖N(0, I)‖
    usualLength: Math.sqrt(k) * (1 - 1 / (4 * k) + 1 / (21 * k * k)),
  }
}

export class DirectionSearch {
  readonly population: number
  private readonly options: DirectionSearchOptions
  private readonly size: number
  private readonly rates: ReturnType<typeof strategy>
  private state: DirectionSearchState
  private asked: number[][] | null = null

  /**
   * @param state  of a search with the same options, to go on with
   * @throws TypeError for an unknown option, and where components, scales or population do not fit
   */
  constructor(options: DirectionSearchOptions, state?: DirectionSearchState) {
    checkOptions('DirectionSearch', options, searchOptions)
    const { components, width, scales, sigma = 0.5, longest = Infinity } = options
    this.size = components.length / width
    if (!Number.isInteger(this.size) || this.size < 1)
      throw new TypeError(`${components.length} values are no rows of ${width}`)
    if (scales && scales.length !== this.size)
      throw new TypeError(`${scales.length} scales for ${this.size} components`)
    this.population = options.population ?? 4 + Math.floor(3 * Math.log(this.size))
    if (!Number.isInteger(this.population) || this.population < 4)
      throw new TypeError(`a population of ${this.population}`)
    if (!(sigma > 0 && longest > 0)) throw new TypeError(`sigma ${sigma}, longest ${longest}`)
    this.options = options
    this.rates = strategy(this.size, this.population)
    this.state = state ? structuredClone(state) : firstState(this.size, sigma)
    if (this.state.mean.length !== this.size)
      throw new TypeError(`a state of ${this.state.mean.length} components, not ${this.size}`)
  }

  /** How many generations have been told. */
  get generation(): number {
    return this.state.generation
  }

  /** The best vector that was ever tried, and its loss; null before the first finite loss. */
  get best(): { vector: Float32Array; loss: number } | null {
    const { best } = this.state
    return best && { vector: this.vectorOf(best.coordinates), loss: best.loss }
  }

  /** The middle of the search, which noise flatters less than `best`. */
  get centre(): Float32Array {
    return this.vectorOf(this.state.mean)
  }

  /** The search so far; asked and not yet told is not part of it, and is asked again with the same draws. */
  save(): DirectionSearchState {
    return structuredClone(this.state)
  }

  /** Vectors of width D to try next, always `population`. Asked again before `tell`, they are the same. */
  ask(): Float32Array[] {
    this.asked = this.draw()
    return this.asked.map((coordinates) => this.vectorOf(coordinates))
  }

  /**
   * @param losses  of the candidates of the last `ask`, in their order; smaller is better, NaN counts as the worst
   * @throws TypeError unless there is one for each
   */
  tell(losses: readonly number[]): void {
    const asked = this.asked
    if (!asked || losses.length !== asked.length)
      throw new TypeError(`${losses.length} losses for ${asked?.length ?? 0} candidates`)
    const ranked = asked
      .map((coordinates, index) => ({
        coordinates,
        loss: Number.isNaN(losses[index]) ? Infinity : losses[index],
      }))
      .sort((a, b) => (a.loss === b.loss ? 0 : a.loss - b.loss))
    const [first] = ranked
    if (Number.isFinite(first.loss) && first.loss < (this.state.best?.loss ?? Infinity))
      this.state.best = { coordinates: [...first.coordinates], loss: first.loss }
    this.state = this.next(ranked.slice(0, this.rates.weights.length).map(({ coordinates }) => coordinates))
    this.asked = null
  }

  private draw(): number[][] {
    const { mean, sigma, generation } = this.state
    const normal = normalGenerator(seededGenerator(`search/${this.options.seed}/${generation}`))
    const { values, vectors } = this.axes()
    return Array.from({ length: this.population }, () => {
      const draws = Array.from({ length: this.size }, normal)
      return mean.map((centre, i) => {
        let step = 0
        for (let k = 0; k < this.size; k++)
          step += vectors[k * this.size + i] * Math.sqrt(values[k]) * draws[k]
        return centre + sigma * step
      })
    })
  }

  private axes(): { values: Float64Array; vectors: Float64Array } {
    const { values, vectors } = symmetricEigen(Float64Array.from(this.state.covariance), this.size)
    return { values: values.map((value) => Math.max(value, 1e-20)), vectors }
  }

  /** Equations (41) to (47) of the tutorial. */
  private next(parents: readonly number[][]): DirectionSearchState {
    const { size, rates, state } = this
    const { weights, effective, stepRate, damping, pathRate, rankOne, rankMany, usualLength } = rates
    const steps = parents.map((parent) => parent.map((value, i) => (value - state.mean[i]) / state.sigma))
    const step = state.mean.map((_, i) => weights.reduce((sum, weight, j) => sum + weight * steps[j][i], 0))
    const generation = state.generation + 1
    const whitened = this.whitened(step)
    const pathSigma = state.pathSigma.map(
      (value, i) => (1 - stepRate) * value + Math.sqrt(stepRate * (2 - stepRate) * effective) * whitened[i],
    )
    const length = Math.hypot(...pathSigma)
    const unbiased = length / Math.sqrt(1 - (1 - stepRate) ** (2 * generation))
    const isStalled = unbiased >= (1.4 + 2 / (size + 1)) * usualLength
    const gain = isStalled ? 0 : Math.sqrt(pathRate * (2 - pathRate) * effective)
    const pathCovariance = state.pathCovariance.map((value, i) => (1 - pathRate) * value + gain * step[i])
    const lost = isStalled ? pathRate * (2 - pathRate) : 0
    const covariance = state.covariance.map((value, place) => {
      const [row, column] = [Math.floor(place / size), place % size]
      const many = weights.reduce((sum, weight, j) => sum + weight * steps[j][row] * steps[j][column], 0)
      return (
        (1 - rankOne - rankMany + rankOne * lost) * value +
        rankOne * pathCovariance[row] * pathCovariance[column] +
        rankMany * many
      )
    })
    return {
      generation,
      sigma: state.sigma * Math.exp((stepRate / damping) * (length / usualLength - 1)),
      mean: state.mean.map((value, i) => value + state.sigma * step[i]),
      covariance,
      pathSigma,
      pathCovariance,
      best: state.best,
    }
  }

  /** C^(−½)·v. */
  private whitened(vector: readonly number[]): number[] {
    const { size } = this
    const { values, vectors } = this.axes()
    const result = new Array<number>(size).fill(0)
    for (let k = 0; k < size; k++) {
      let along = 0
      for (let i = 0; i < size; i++) along += vectors[k * size + i] * vector[i]
      for (let i = 0; i < size; i++) result[i] += (along / Math.sqrt(values[k])) * vectors[k * size + i]
    }
    return result
  }

  private vectorOf(coordinates: readonly number[]): Float32Array {
    const { components, width, scales, longest = Infinity } = this.options
    const vector = new Float64Array(width)
    coordinates.forEach((coordinate, k) => {
      const weight = coordinate * (scales?.[k] ?? 1)
      for (let i = 0; i < width; i++) vector[i] += weight * components[k * width + i]
    })
    const shorten = Math.min(1, longest / normOf(vector))
    return Float32Array.from(vector, (value) => value * shorten)
  }
}

function firstState(size: number, sigma: number): DirectionSearchState {
  const covariance = new Array<number>(size * size).fill(0)
  for (let i = 0; i < size; i++) covariance[i * size + i] = 1
  const zeros = (): number[] => new Array<number>(size).fill(0)
  return {
    generation: 0,
    sigma,
    mean: zeros(),
    covariance,
    pathSigma: zeros(),
    pathCovariance: zeros(),
    best: null,
  }
}
