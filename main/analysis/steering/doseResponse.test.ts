import { describe, expect, it } from 'vitest'
import { clusterResamples } from '../clusterBootstrap.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { doseFigures, type Dose } from './doseResponse.ts'
import { pairedArm } from './pairedArm.ts'

const EPISODES = 12
const resamples = clusterResamples(EPISODES, 300, seededGenerator('doses'))
const figures = (doses: Dose[], permutations = 499) =>
  doseFigures(doses, { resamples, permutations, random: seededGenerator('shuffles') })
const normal = normalGenerator(seededGenerator('noise'))
const noise = (): number[] => Array.from({ length: EPISODES }, () => normal())

/** One step an episode: level + noise; the baseline has what is given. */
const arm = (baseline: number[], level: number, spread: number[]) => {
  const episodes = (values: number[]) =>
    values.map((value, seed) => ({ task: `cat ${seed}`, seed, outcomes: [value], sideEffects: {} }))
  return pairedArm(episodes(baseline), episodes(spread.map((value) => level + value)))
}
const baseline = noise()
const doses = (levels: (alpha: number) => number, alphas = [1, 2, 4]): Dose[] =>
  alphas.map((alpha) => ({
    alpha,
    arm: arm(baseline, levels(alpha), noise()),
    randoms: [0, 1, 2].map((k) => ({ direction: String(k), arm: arm(baseline, 0, noise()) })),
  }))

describe('dose and response', () => {
  it('a line is found again, with the baseline at 0 and −α to its left', () => {
    const exact = [-2, 1, 4].map((alpha) => ({ alpha, arm: arm(baseline, 3 * alpha, baseline), randoms: [] }))
    const found = figures(exact)!
    expect(found.points.map(({ alpha }) => alpha)).toEqual([-2, 0, 1, 4])
    expect(found.slope.value).toBeCloseTo(3, 10)
    expect(found.slope.low).toBeCloseTo(3, 10)
    expect(found.p).toBeCloseTo(1 / 500, 10)
    expect(found).toMatchObject({ directions: 0, randomSlope: null, advantage: null, randomP: null })
  })

  it('a trend stands beside that of random directions', () => {
    const { slope, directions, randomSlope, advantage, randomP, p } = figures(doses((alpha) => -2 * alpha))!
    expect(directions).toBe(3)
    expect(randomP).toBeLessThan(0.05)
    expect(slope.high).toBeLessThan(0)
    expect(Math.abs(randomSlope!)).toBeLessThan(0.5)
    expect(advantage!.value).toBeCloseTo(slope.value! - randomSlope!, 10)
    expect(p).toBeLessThan(0.01)
  })

  it('doses without random directions of their own do not count where the trend is compared with them', () => {
    const opposite = { ...doses((alpha) => -2 * alpha, [-4])[0], randoms: [] }
    const beside = doses((alpha) => -2 * alpha)
    const found = figures([opposite, ...beside])!
    expect(found.points.map(({ alpha }) => alpha)).toEqual([-4, 0, 1, 2, 4])
    expect(found.randomSlope).toBe(figures(beside)!.randomSlope)
    expect(found.advantage!.value).toBe(figures(beside)!.advantage!.value)
    expect(figures([opposite, beside[0], { ...beside[1], randoms: [] }])!.advantage).toBeNull()
  })

  it('random directions that are as steep, some one way and some the other, leave the vector within their spread', () => {
    const steep = [1, 2, 4].map((alpha) => ({
      alpha,
      arm: arm(baseline, -2 * alpha, noise()),
      randoms: [-2, -1, 1, 2].map((each) => ({
        direction: `to ${each}`,
        arm: arm(baseline, each * alpha, noise()),
      })),
    }))
    const { advantage, randomP } = figures(steep)!
    expect(advantage!.high).toBeLessThan(0)
    expect(randomP).toBeGreaterThan(0.1)
    // A direction is the same one at every dose, in whatever order the doses name them.
    const turned = steep.map((dose, i) => (i === 1 ? { ...dose, randoms: dose.randoms.toReversed() } : dose))
    expect(figures(turned)!.randomP).toBeCloseTo(randomP!, 12)
  })

  it('one random direction shows no spread, and one that is missing at a dose is left out', () => {
    const three = doses((alpha) => -2 * alpha)
    const of = (count: (place: number) => number): Dose[] =>
      three.map((dose, place) => ({ ...dose, randoms: dose.randoms.slice(0, count(place)) }))
    expect(figures(of(() => 1))).toMatchObject({ directions: 1, randomP: null })
    expect(figures(of((place) => 3 - (place % 2)))).toMatchObject({ directions: 2 })
  })

  it('without a trend p is spread evenly: about one in ten lies below .1', () => {
    let below = 0
    for (let trial = 0; trial < 200; trial++)
      if (
        figures(
          doses(() => 0),
          99,
        )!.p! <= 0.1
      )
        below++
    // Expected 20, standard deviation 4.2.
    expect(below).toBeGreaterThan(6)
    expect(below).toBeLessThan(35)
  })

  it('is null for two doses or one episode that all share, and refused for an α that comes twice', () => {
    expect(figures(doses(() => 0, [1]))).toBeNull()
    expect(figures([])).toBeNull()
    const other = pairedArm(
      [{ task: 'cat', seed: 0, outcomes: [1], sideEffects: {} }],
      [{ task: 'cat', seed: 0, outcomes: [0], sideEffects: {} }],
    )
    expect(figures([1, 2].map((alpha) => ({ alpha, arm: other, randoms: [] })))).toBeNull()
    expect(() => figures(doses(() => 0, [1, 1, 2]))).toThrow('same α')
  })
})
