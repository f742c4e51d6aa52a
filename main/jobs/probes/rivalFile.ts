// Vectors of a rival model, kept in a file between the thread that computes them and the one that judges.
// Owns: where each layer and pooling lies, and reading it. Not: computing them (randomWeightsRival.ts).
import { closeSync, openSync, readSync } from 'node:fs'
import type { Pooling } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'

/** N×D float32 for each layer and pooling. */
export interface RivalFile {
  file: string
  cells: { layer: number; pooling: Pooling; offset: number; byteLength: number }[]
}

/** @returns N×D; null where the file has no such cell  @throws model_truncated where the file is shorter than it was */
export function readRivalCell(
  { file, cells }: RivalFile,
  layer: number,
  pooling: Pooling,
): Float32Array | null {
  const cell = cells.find((each) => each.layer === layer && each.pooling === pooling)
  if (!cell) return null
  const { offset, byteLength } = cell
  const bytes = new Uint8Array(byteLength)
  const handle = openSync(file, 'r')
  try {
    for (let done = 0; done < byteLength;) {
      const read = readSync(handle, bytes, done, Math.min(byteLength - done, 2 ** 30), offset + done)
      if (read === 0)
        throw errors.modelTruncated({
          path: file,
          expectedBytes: offset + byteLength,
          actualBytes: offset + done,
        })
      done += read
    }
  } finally {
    closeSync(handle)
  }
  return new Float32Array(bytes.buffer)
}
