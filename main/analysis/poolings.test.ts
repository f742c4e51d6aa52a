import { describe, expect, test } from 'vitest'
import { pooling } from '../contract/dataSets.ts'
import { pointOfPositions, pointsOfPooling, poolingWeights, type PoolingChoice } from './poolings.ts'

const width = 2
/** Position p is [p, 10 p]; position 0 is a sink. */
const positions = (count: number): Float32Array =>
  Float32Array.from({ length: count * width }, (_, i) =>
    i < width ? 1000 : Math.floor(i / width) * (i % width === 0 ? 1 : 10),
  )
const choice = (changes: Partial<PoolingChoice>): PoolingChoice => ({
  pooling: 'mean',
  lastK: 2,
  leaveOutSink: true,
  ...changes,
})

/** As whoever stores points and puts them together later has it. */
function pooled(asked: PoolingChoice, prompt: number, generated: number): number[] | null {
  const weights = poolingWeights(asked, { prompt, generated })
  if (!weights) return null
  const sum = new Float64Array(width)
  pointsOfPooling(asked).forEach((point, i) => {
    if (weights[i] === 0) return
    const vector = pointOfPositions(point, positions(prompt + generated), { prompt, width })!
    vector.forEach((value, column) => (sum[column] += weights[i] * value))
  })
  return Array.from(sum, (value) => Math.round(1e4 * value) / 1e4)
}

describe('a pooling put together from its points', () => {
  const expected: Record<(typeof pooling.options)[number], number[]> = {
    lastPrompt: [3, 30],
    meanPrompt: [2, 20],
    firstGenerated: [4, 40],
    meanGenerated: [4.5, 45],
    mean: [3, 30],
    last: [5, 50],
    lastK: [2.5, 25],
  }
  test.each(pooling.options)('%s is what its definition says, the sink left out', (each) => {
    expect(pooled(choice({ pooling: each }), 4, 2)).toEqual(expected[each])
  })

  test('takes the sink in where it is asked to', () => {
    expect(pooled(choice({ leaveOutSink: false }), 4, 2)![0]).toBeCloseTo((1000 + 1 + 2 + 3 + 4 + 5) / 6, 3)
    expect(pooled(choice({ pooling: 'meanPrompt', leaveOutSink: false }), 4, 2)![0]).toBeCloseTo(1006 / 4, 3)
  })

  test('of a prompt of one token is its answer alone, the sink alone, or nothing', () => {
    expect(pooled(choice({}), 1, 2)).toEqual([1.5, 15])
    expect(pooled(choice({ pooling: 'meanPrompt', leaveOutSink: false }), 1, 2)).toEqual([1000, 1000])
    expect(pooled(choice({ pooling: 'meanPrompt' }), 1, 2)).toBeNull()
  })

  test('of the last k tokens never reaches into the sink unless it is all there is', () => {
    expect(pooled(choice({ pooling: 'lastK', lastK: 9 }), 4, 1)).toEqual([2, 20])
    expect(pooled(choice({ pooling: 'lastK', lastK: 9 }), 1, 1)).toEqual([1000, 1000])
  })
})
