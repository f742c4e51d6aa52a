import { describe, expect, it } from 'vitest'
import { joinAxis, padAxis, sliceAxis, stackTensors, type AxedTensor } from './axedTensor.ts'

const tensor = (shape: number[], axes: string, first = 0): AxedTensor => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => first + index),
  shape,
  axes,
})

describe('an array with named axes', () => {
  it('gives some entries of an axis in the middle', () => {
    const part = sliceAxis(tensor([2, 3, 2], 'B S D'), 'S', 1, 3)
    expect(part).toEqual({
      data: Float32Array.from([2, 3, 4, 5, 8, 9, 10, 11]),
      shape: [2, 2, 2],
      axes: 'B S D',
    })
  })

  it('is its parts put together again', () => {
    const whole = tensor([2, 3, 2, 4], 'B H S T')
    for (const [axis, at, size] of [
      ['H', 1, 3],
      ['S', 1, 2],
      ['T', 3, 4],
    ] as const)
      expect(joinAxis(sliceAxis(whole, axis, 0, at), sliceAxis(whole, axis, at, size), axis)).toEqual(whole)
  })

  it('is filled up at the end of an axis', () => {
    expect([...padAxis(tensor([1, 2, 1], 'B S D'), 'D', 2, -1).data]).toEqual([0, -1, -1, 1, -1, -1])
  })

  it('becomes a row of a stack', () => {
    const stack = stackTensors([tensor([1, 2], 'B S'), tensor([1, 2], 'B S', 5)])
    expect(stack).toEqual({ data: Float32Array.from([0, 1, 5, 6]), shape: [2, 1, 2], axes: 'N B S' })
  })

  it('refuses what does not fit', () => {
    const one = tensor([1, 2], 'B S')
    expect(() => sliceAxis(one, 'D', 0, 1)).toThrow(/no axis D/)
    expect(() => sliceAxis(one, 'S', 1, 3)).toThrow(/1 to 3 of 2/)
    expect(() => sliceAxis(one, 'S', 2, 1)).toThrow(TypeError)
    expect(() => joinAxis(one, tensor([2, 2], 'B S'), 'S')).toThrow(/do not fit/)
    expect(() => stackTensors([one, tensor([1, 3], 'B S')])).toThrow(/cannot be stacked/)
    expect(() => stackTensors([])).toThrow(/nothing/)
  })
})
