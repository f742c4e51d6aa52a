import { describe, expect, it } from 'vitest'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { DirectionSearch, type DirectionSearchOptions } from './directionSearch.ts'
import { normOf } from './vectorGeometry.ts'

const SIZE = 6
/** Components that are the first axes of eight. */
const components = Float64Array.from({ length: SIZE * 8 }, (_, i) => (i % 8 === Math.floor(i / 8) ? 1 : 0))
const options = (given: Partial<DirectionSearchOptions> = {}): DirectionSearchOptions => ({
  components,
  width: 8,
  seed: 1,
  ...given,
})

/** Runs generations on a loss. */
function run(
  search: DirectionSearch,
  loss: (x: Float32Array) => number,
  generations: number,
): DirectionSearch {
  for (let i = 0; i < generations; i++) search.tell(search.ask().map(loss))
  return search
}
const goal = [3, -1, 2, 0.5, -2, 1, 0, 0]
const sphere = (x: Float32Array): number => x.reduce((sum, value, i) => sum + (value - goal[i]) ** 2, 0)
const ellipsoid = (x: Float32Array): number =>
  x.reduce((sum, value, i) => sum + 10 ** ((4 * Math.min(i, 5)) / 5) * (value - goal[i]) ** 2, 0)
const rosenbrock = (x: Float32Array): number =>
  [0, 1, 2, 3, 4].reduce((sum, i) => sum + 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2, 0)

describe('the search for a direction', () => {
  it('finds the bottom of a bowl, of one ten thousand times as steep along one axis, and of a bent valley', () => {
    expect(run(new DirectionSearch(options()), sphere, 150).best!.loss).toBeLessThan(1e-8)
    expect(run(new DirectionSearch(options()), ellipsoid, 400).best!.loss).toBeLessThan(1e-6)
    expect(run(new DirectionSearch(options()), rosenbrock, 700).best!.loss).toBeLessThan(1e-6)
  })

  it('follows a long narrow ridge in 600 generations, which takes thousands without the path of its steps', () => {
    const size = 12
    const axes = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))
    const ridge = (x: Float32Array): number =>
      (x[0] - 3) ** 2 + 1e6 * x.slice(1).reduce((sum, value) => sum + (value - 1) ** 2, 0)
    const search = new DirectionSearch({ components: axes, width: size, seed: 1 })
    expect(run(search, ridge, 600).best!.loss).toBeLessThan(1e-6)
  })

  it('has its middle near the goal where losses are noisy', () => {
    const normal = normalGenerator(seededGenerator('noise'))
    const search = run(new DirectionSearch(options({ population: 20 })), (x) => sphere(x) + normal(), 150)
    expect(sphere(search.centre)).toBeLessThan(0.6)
    // The best loss ever told is flattered by its own noise.
    expect(search.best!.loss).toBeLessThan(0)
  })

  it('gives equal candidates for equal seeds, and goes on after a stop as if there had been none', () => {
    const whole = run(new DirectionSearch(options()), sphere, 20)
    const half = run(new DirectionSearch(options()), sphere, 10)
    half.ask() // asked, never told
    const saved = JSON.parse(JSON.stringify(half.save())) as ReturnType<typeof half.save>
    const resumed = run(new DirectionSearch(options(), saved), sphere, 10)
    expect(resumed.save()).toEqual(whole.save())
    expect(resumed.ask()).toEqual(whole.ask())
    expect(whole.ask()).toEqual(whole.ask())
    expect(new DirectionSearch(options({ seed: 2 })).ask()).not.toEqual(new DirectionSearch(options()).ask())
  })

  it('stays among its components and below the longest norm', () => {
    const search = new DirectionSearch(options({ longest: 0.4, scales: [1, 2, 3, 4, 5, 6] }))
    for (const candidate of search.ask()) {
      expect([...candidate.subarray(SIZE)]).toEqual([0, 0])
      expect(normOf(candidate)).toBeLessThan(0.4 + 1e-6)
    }
  })

  it('takes a loss that is no number as the worst', () => {
    const search = new DirectionSearch(options())
    search.tell(search.ask().map(() => NaN))
    expect(search.best).toBeNull()
    const broken = run(new DirectionSearch(options()), (x) => (x[0] > 1 ? NaN : sphere(x)), 200)
    expect(broken.best!.vector[0]).toBeLessThanOrEqual(1)
    expect(Math.abs(broken.best!.vector[1] + 1)).toBeLessThan(0.1)
  })

  it('is refused what does not fit', () => {
    const search = new DirectionSearch(options())
    expect(() => search.tell([1, 2])).toThrow(TypeError)
    search.ask()
    expect(() => search.tell([1])).toThrow(TypeError)
    expect(() => new DirectionSearch(options({ width: 7 }))).toThrow(TypeError)
    expect(() => new DirectionSearch(options({ scales: [1] }))).toThrow(TypeError)
    expect(() => new DirectionSearch(options({ population: 2 }))).toThrow(TypeError)
    expect(() => new DirectionSearch(options({ sigma: 0 }))).toThrow(TypeError)
    const state = new DirectionSearch({ components: new Float64Array([1, 0]), width: 2, seed: 1 }).save()
    expect(() => new DirectionSearch(options(), state)).toThrow(TypeError)
  })
})
