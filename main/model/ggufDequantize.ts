// Tensors of GGUF to 32-bit numbers.
// Owns: multiplying blocks out. Not: their layouts (ggufNumbers.ts) or files (gguf.ts). Results agree with the Python
// package `gguf` bit for bit (ggufDequantize.test.ts).
import { multiplyOut } from './blockNumbers.ts'
import { ggufBlocks, type GgufType } from './gguf.ts'
import { readBlocks } from './ggufNumbers.ts'
import { widenBfloats, widenHalfs } from './halfFloats.ts'

/**
 * Dequantises whole blocks.
 * @param bytes  blocks of `type`, back to back  @param out  as many numbers as they hold, row-major
 * @throws TypeError where the two lengths disagree
 */
export function dequantize(type: GgufType, bytes: Uint8Array, out: Float32Array): void {
  const block = ggufBlocks[type]
  if (bytes.length !== (out.length / block.numbers) * block.bytes) {
    throw new TypeError(`${bytes.length} bytes of ${type} for ${out.length} numbers`)
  }
  if (type === 'F32') new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes)
  else if (type === 'F16') widenHalfs(bytes, out)
  else if (type === 'BF16') widenBfloats(bytes, out)
  else multiplyOut(readBlocks(type, bytes, out.length), out)
}
