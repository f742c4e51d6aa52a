// 16-bit floating-point numbers to 32 bits.
// Owns: binary16 and bfloat16, both ways exact. Not: where the bytes come from.

let table: Float32Array | null = null

/** All 65,536 values of binary16, by their bits. */
function halfTable(): Float32Array {
  if (table) return table
  table = new Float32Array(65536)
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    if (exponent === 31) table[bits] = fraction ? NaN : sign * Infinity
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25)
  }
  return table
}

/** The number that the bits of a binary16 stand for. */
export const halfToFloat = (bits: number): number => halfTable()[bits]

/** Widens binary16 values, little-endian bytes, into `out` (bytes.length / 2 of them). */
export function widenHalfs(bytes: Uint8Array, out: Float32Array): void {
  const values = halfTable()
  for (let i = 0; i < out.length; i++) out[i] = values[bytes[2 * i] | (bytes[2 * i + 1] << 8)]
}

/** Widens bfloat16 values, little-endian bytes, into `out` (bytes.length / 2 of them). */
export function widenBfloats(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < out.length; i++) bits[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24)
}
