import { describe, expect, it } from 'vitest'
import type { StepSampling } from './requests.ts'
import { Sampler } from './sampling.ts'

const sampling = (further: Partial<StepSampling>): StepSampling => ({
  temperature: 1,
  topK: 0,
  topP: 1,
  maxNewTokens: 1,
  stopIds: [],
  seed: 'seed',
  ...further,
})

/** Share of each id among many draws with different seeds. */
function shares(logits: Float32Array, further: Partial<StepSampling>, draws = 4000): number[] {
  const scratch = new Float64Array(logits.length)
  const counts = new Array<number>(logits.length).fill(0)
  for (let draw = 0; draw < draws; draw++)
    counts[new Sampler(sampling({ ...further, seed: `draw ${draw}` }), scratch).choose(logits).id]++
  return counts.map((count) => count / draws)
}

const logits = Float32Array.from([1, 3, 2, -4, 0, 3])
const choose = (from: Float32Array, further: Partial<StepSampling> = {}) =>
  new Sampler(sampling(further), new Float64Array(from.length)).choose(from)

/** The plain way: softmax over all, in float64. */
function softmax(from: Float32Array, temperature = 1): number[] {
  const weights = [...from].map((value) => Math.exp(value / temperature))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

describe('choosing a token', () => {
  it('takes the likeliest at temperature 0, the lower id of equals', () => {
    expect(choose(logits, { temperature: 0 }).id).toBe(1)
  })

  it('reports probability, rank, entropy and the five likeliest of the untempered model', () => {
    const p = softmax(logits)
    for (const temperature of [0, 0.5, 1, 3]) {
      const choice = choose(logits, { temperature })
      expect(choice.logProbability).toBeCloseTo(Math.log(p[choice.id]), 12)
      expect(choice.entropy).toBeCloseTo(-p.reduce((sum, each) => sum + each * Math.log(each), 0), 12)
      expect([...choice.topIds]).toEqual([1, 5, 2, 0, 4])
      expect(choice.rank).toBe([1, 5, 2, 0, 4, 3].indexOf(choice.id))
      choice.topLogProbabilities.forEach((value, place) => {
        expect(value).toBeCloseTo(Math.log(p[choice.topIds[place]]), 6)
      })
    }
  })

  it.each([0.5, 1, 2])('draws in proportion to the softmax at temperature %d', (temperature) => {
    const p = softmax(logits, temperature)
    shares(logits, { temperature }).forEach((share, id) => {
      expect(Math.abs(share - p[id])).toBeLessThan(4 * Math.sqrt((p[id] * (1 - p[id])) / 4000) + 1e-9)
    })
  })

  it('keeps the k likeliest under top-k and leaves their proportions', () => {
    const drawn = shares(logits, { topK: 3 })
    expect(drawn[0] + drawn[3] + drawn[4]).toBe(0)
    expect(drawn[1] / drawn[2]).toBeCloseTo(Math.exp(1), 0)
  })

  it('keeps the smallest set that reaches top-p', () => {
    // Shares: 0.38 and 0.38, then 0.14, 0.05, 0.02, 0.0003.
    expect(shares(logits, { topP: 0.7 }, 500).map((share) => share > 0)).toEqual([
      false,
      true,
      false,
      false,
      false,
      true,
    ])
    expect(shares(logits, { topP: 0.8 }, 500).map((share) => share > 0)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
    ])
    expect(shares(logits, { topP: 1e-9 }, 50)[1]).toBe(1)
  })

  it('applies top-p to what top-k has left', () => {
    const drawn = shares(logits, { topK: 2, topP: 0.5 }, 300)
    expect(drawn[1]).toBe(1)
  })

  it('leaves the draw as it is when top-k and top-p cut nothing', () => {
    for (let seed = 0; seed < 50; seed++) {
      const plain = choose(logits, { seed: String(seed) })
      expect(choose(logits, { seed: String(seed), topK: 6 })).toEqual(plain)
    }
  })

  it('finds the nucleus of a large vocabulary whatever the floor it starts from', () => {
    const flat = Float32Array.from({ length: 5000 }, (_, id) => (id === 4321 ? 1 : -id * 1e-4 - 12))
    const top = choose(flat, { topK: 1 })
    expect(top.id).toBe(4321)
    const few = shares(flat, { temperature: 50, topK: 3 }, 300)
    expect(few.flatMap((share, id) => (share > 0 ? [id] : []))).toEqual([0, 1, 4321])
  })

  it('copes with tokens that are ruled out altogether', () => {
    const some = Float32Array.from([-Infinity, 0, -Infinity, 0, -Infinity, -Infinity])
    const choice = choose(some)
    expect([1, 3]).toContain(choice.id)
    expect(choice.entropy).toBeCloseTo(Math.log(2), 12)
  })

  it.each([
    ['a value that is no number', [0, Number.NaN, 1, 0, 0]],
    ['an infinite value', [0, Infinity, 1, 0, 0]],
    ['nothing but minus infinity', new Array<number>(5).fill(-Infinity)],
  ])('refuses %s', (_, values) => {
    expect(() => choose(Float32Array.from(values))).toThrow(
      expect.objectContaining({ code: 'logits_not_finite' }),
    )
  })
})
