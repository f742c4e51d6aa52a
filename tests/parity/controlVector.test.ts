// Control vectors against repeng's, byte for byte: what reads theirs reads ours. Golden file: controlVector.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { controlVectorBytes, readControlVector } from '../../main/model/controlVectorFile.ts'

const golden = join(import.meta.dirname, 'golden')
const file = join(golden, 'controlVector.gguf')
const { hint, directions } = JSON.parse(readFileSync(join(golden, 'controlVector.json'), 'utf8')) as {
  hint: string
  directions: Record<string, number[]>
}
const expected = Object.entries(directions).map(([layer, values]) => ({
  layer: Number(layer),
  values: Float32Array.from(values),
}))

test('a control vector is written as repeng writes it, bit for bit', () => {
  expect(expected.map(({ layer }) => layer)).toEqual([1, 2, 11])
  const own = Buffer.from(controlVectorBytes(expected, hint))
  expect(own.equals(readFileSync(file))).toBe(true)
})

test('a control vector of repeng’s is read with its directions and its model', () => {
  const read = readControlVector(file)
  expect(read.directions).toEqual(expected)
  expect(read.metadata.get('controlvector.model_hint')).toBe(hint)
})
