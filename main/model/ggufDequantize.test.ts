import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ggufBlocks, type GgufType } from './gguf.ts'
import { dequantize } from './ggufDequantize.ts'

const golden: { types: Record<GgufType, { blocks: string; numbers: string }> } = JSON.parse(
  readFileSync(new URL('../../tests/parity/golden/ggufDequantize.json', import.meta.url), 'utf8'),
)
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

describe('dequantize', () => {
  it.each(Object.keys(ggufBlocks) as GgufType[])(
    'agrees with the Python package bit for bit on %s',
    (type) => {
      const blocks = bytesOf(golden.types[type].blocks)
      const expected = new Uint32Array(bytesOf(golden.types[type].numbers).buffer)
      const numbers = new Float32Array(expected.length)
      dequantize(type, blocks, numbers)
      expect(new Uint32Array(numbers.buffer)).toEqual(expected)
      expect(new Set(numbers).size).toBeGreaterThan(10)
    },
  )

  it('refuses lengths that do not belong together', () => {
    expect(() => dequantize('Q4_0', new Uint8Array(18), new Float32Array(64))).toThrow(TypeError)
    expect(() => dequantize('Q6_K', new Uint8Array(209), new Float32Array(256))).toThrow(TypeError)
  })
})
