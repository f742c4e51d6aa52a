import { describe, expect, it } from 'vitest'
import { randomVectors } from './controlDirections.ts'
import { cosine, cosineMatrix, dot, normOf, orthogonalised, vectorPath } from './vectorGeometry.ts'

const [x, y, z] = [0, 1, 2].map((axis) => Float32Array.from({ length: 3 }, (_, i) => (i === axis ? 2 : 0)))

describe('angles', () => {
  it('are null for a vector without length, and for one that is missing', () => {
    expect(cosine(x, new Float32Array(3))).toBeNull()
    expect(cosineMatrix([x, null, y])).toEqual([
      [1, null, 0],
      [null, null, null],
      [0, null, 1],
    ])
  })

  it('are refused between widths', () => {
    expect(() => dot(x, new Float32Array(4))).toThrow(TypeError)
  })
})

describe('the path over steps', () => {
  it('shows two vectors on one axis', () => {
    const path = vectorPath([x, null, y])!
    expect(path.explained).toEqual([1])
    expect(path.points[1]).toBeNull()
    expect(Math.abs(path.points[0]!.x - path.points[2]!.x)).toBeCloseTo(Math.sqrt(8), 6)
    expect(path.points.map((point) => point?.y)).toEqual([0, undefined, 0])
  })

  it('needs two vectors', () => {
    expect(vectorPath([null, x])).toBeNull()
  })
})

describe('an orthogonalised vector', () => {
  it('keeps what the others do not share', () => {
    const vector = Float32Array.of(1, 2, 3)
    const others = [x, Float32Array.of(5, 1, 0), x]
    expect([...orthogonalised(vector, others)!]).toEqual([0, 0, 3])
    expect([...orthogonalised(vector, [])!]).toEqual([1, 2, 3])
  })

  it('is none where nothing is left', () => {
    expect(orthogonalised(Float32Array.of(3, 1, 0), [x, y])).toBeNull()
    expect(orthogonalised(Float32Array.of(1, 2, 3), [x, y, z])).toBeNull()
  })

  it('is not led astray by a zero among the others', () => {
    expect([...orthogonalised(x, [new Float32Array(3)])!]).toEqual([2, 0, 0])
  })
})

describe('random directions', () => {
  const width = 200
  const given = [1, 2, 3].map((scale) =>
    Float32Array.from({ length: width }, (_, i) => scale * Math.sin(i * scale) + 1),
  )
  const vectors = [given[0], null, given[1], given[2]]

  it('keep every norm and every cosine between steps, and point elsewhere', () => {
    for (const set of randomVectors(vectors, 3, 5)) {
      expect(set[1]).toBeNull()
      set.forEach((drawn, index) => {
        if (!drawn) return
        expect(normOf(drawn)).toBeCloseTo(normOf(vectors[index]!), 3)
        expect(Math.abs(cosine(drawn, vectors[index]!)!)).toBeLessThan(0.35)
        set.forEach((other, place) => {
          if (other) expect(cosine(drawn, other)).toBeCloseTo(cosine(vectors[index]!, vectors[place]!)!, 5)
        })
      })
    }
  })

  it('are others for each draw and seed, and the same again', () => {
    const [first, second] = randomVectors(vectors, 2, 5)
    expect(Math.abs(cosine(first[0]!, second[0]!)!)).toBeLessThan(0.35)
    expect(randomVectors(vectors, 2, 5)).toEqual([first, second])
    expect(randomVectors(vectors, 1, 6)[0]).not.toEqual(first)
  })

  it('favour no axis: their mean square is the same in each', () => {
    const squares = new Float64Array(4)
    const draws = randomVectors([Float32Array.of(1, 0, 0, 0)], 2000, 1)
    for (const [drawn] of draws) drawn!.forEach((value, i) => (squares[i] += value * value))
    // Expected 500; standard deviation about 11.
    for (const sum of squares) expect(Math.abs(sum - 500)).toBeLessThan(55)
  })

  it('are refused where there are more vectors than dimensions', () => {
    expect(() => randomVectors([x, y, z, x], 1, 1)).toThrow(TypeError)
    expect(randomVectors([null], 2, 1)).toEqual([[null], [null]])
  })
})
