import { describe, expect, it } from 'vitest'
import type { AxedTensor } from './axedTensor.ts'
import {
  dotDirections,
  headResults,
  headsFirst,
  joinStacks,
  neuronResults,
  normaliseRows,
  normaliseStack,
  repeatRow,
  scaleRows,
  sumOfStack,
  unembedInto,
} from './residualStack.ts'

const stack = (values: number[], shape: number[]): AxedTensor => ({
  data: Float32Array.from(values),
  shape,
  axes: 'N B S D',
})

describe('a stack of components', () => {
  const two = stack([1, 3, 2, 2, 5, 7, 0, 4], [2, 1, 2, 2])

  it('is divided by the scale of its position, with its mean taken away where the norm does so', () => {
    const scale = { data: Float32Array.from([2, 4]), shape: [1, 2, 1], axes: 'B S 1' }
    expect([...normaliseStack(two, scale, false).data]).toEqual([0.5, 1.5, 0.5, 0.5, 2.5, 3.5, 0, 1])
    expect([...normaliseStack(two, scale, true).data]).toEqual([-0.5, 0.5, 0, 0, -0.5, 0.5, -0.5, 0.5])
  })

  it('sums to its norm once each component is divided: attributions add up', () => {
    const sum = stack([6, 10, 2, 6], [1, 1, 2, 2])
    const norm = { epsilon: 0, isCentred: false, gain: Float32Array.from([2, 3]), bias: null }
    const whole = normaliseRows(sum, norm)
    const scale = {
      data: Float32Array.from([Math.sqrt(68), Math.sqrt(20)]),
      shape: [1, 2, 1],
      axes: 'B S 1',
    }
    const parts = scaleRows(normaliseStack(two, scale, false), norm.gain, null)
    whole.data.forEach((value, index) =>
      expect(parts.data[index] + parts.data[index + 4]).toBeCloseTo(value, 5),
    )
  })

  it('has a product with one direction, or with that of each position', () => {
    expect(dotDirections(two, Float32Array.from([1, 10]))).toEqual({
      data: Float32Array.from([31, 22, 75, 40]),
      shape: [2, 1, 2],
      axes: 'N B S',
    })
    expect([...dotDirections(two, Float32Array.from([1, 0, 0, 1])).data]).toEqual([1, 2, 5, 4])
  })

  it('refuses scales and directions of other positions', () => {
    const scale = { data: new Float32Array(3), shape: [1, 3, 1], axes: 'B S 1' }
    expect(() => normaliseStack(two, scale, false)).toThrow(/2 positions and 3 scales/)
    expect(() => dotDirections(two, new Float32Array(6))).toThrow(/3 directions/)
  })
})

describe('parts of a layer', () => {
  it('are what each neuron’s activation makes of its column of the output', () => {
    const post = { data: Float32Array.from([1, 2, 3, 4, 5, 6]), shape: [1, 2, 3], axes: 'B S M' }
    const stored = { data: Float32Array.from([1, 10, 100, 2, 20, 200]), isTransposed: false }
    const turned = { data: Float32Array.from([1, 2, 10, 20, 100, 200]), isTransposed: true }
    const wanted = stack([300, 600, 600, 1200, 1, 2, 4, 8], [2, 1, 2, 2])
    expect(neuronResults(post, stored, [2, 0])).toEqual(wanted)
    expect(neuronResults(post, turned, [2, 0])).toEqual(wanted)
    for (const neuron of [3, -1, 0.5]) expect(() => neuronResults(post, stored, [neuron])).toThrow(TypeError)
  })

  it('have their heads outside of positions', () => {
    const results = {
      data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      shape: [1, 2, 2, 2],
      axes: 'B S H D',
    }
    expect(headsFirst(results)).toEqual(stack([1, 2, 5, 6, 3, 4, 7, 8], [2, 1, 2, 2]))
  })

  it('are joined and summed where they fit', () => {
    const [one, other] = [stack([1, 2], [1, 1, 1, 2]), stack([3, 4, 5, 6], [2, 1, 1, 2])]
    const joined = joinStacks([one, other])
    expect(joined).toEqual(stack([1, 2, 3, 4, 5, 6], [3, 1, 1, 2]))
    expect(sumOfStack(joined)).toEqual({ data: Float32Array.from([9, 12]), shape: [1, 1, 2], axes: 'B S D' })
    expect(repeatRow(Float32Array.from([7, 8]), 2)).toEqual(stack([7, 8, 7, 8], [1, 1, 2, 2]))
    expect(() => joinStacks([])).toThrow(TypeError)
    expect(() => joinStacks([one, stack([1], [1, 1, 1, 1])])).toThrow(/cannot be joined/)
  })
})

describe('a layer norm', () => {
  it('takes the mean away, divides, and applies gain and bias', () => {
    const norm = {
      epsilon: 0,
      isCentred: true,
      gain: Float32Array.from([2, 3]),
      bias: Float32Array.from([0, 1]),
    }
    expect([...normaliseRows(stack([1, 3], [1, 1, 1, 2]), norm).data]).toEqual([-2, 4])
  })
})

describe('a head', () => {
  it('adds its own part of the output, however the matrix lies', () => {
    const z = { data: Float32Array.from([1, 2]), shape: [1, 1, 2, 1], axes: 'B S H K' }
    const expected = { data: Float32Array.from([1, 2, 3, 8, 10, 12]), shape: [1, 1, 2, 3], axes: 'B S H D' }
    const outputByInput = { data: Float32Array.from([1, 4, 2, 5, 3, 6]), isTransposed: false }
    const inputByOutput = { data: Float32Array.from([1, 2, 3, 4, 5, 6]), isTransposed: true }
    expect(headResults(z, outputByInput)).toEqual(expected)
    expect(headResults(z, inputByOutput)).toEqual(expected)
  })
})

describe('logits', () => {
  it('are written for the tokens at hand, and soft-capped where the model does so', () => {
    const logits = new Float32Array(6)
    const part = { data: Float32Array.from([1, 0, 1, 1]), first: 1, width: 2, vocabulary: 3 }
    unembedInto(logits, Float32Array.from([1, 2, 3, 4]), part, null)
    expect([...logits]).toEqual([0, 1, 3, 0, 3, 7])
    unembedInto(logits, Float32Array.from([1, 2, 3, 4]), part, 2)
    expect(logits[5]).toBeCloseTo(2 * Math.tanh(3.5), 6)
  })
})
