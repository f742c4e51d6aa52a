// Bounded reading of files that nobody has checked yet.
// Owns: exact reads and the translation of the system's file faults into ours. Not: any format.
import { readFile, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { errors } from '../contract/errors.ts'
import { codeOf, fullDiskCodes, unwritableCodes } from '../contract/faultCode.ts'
import { basename, dirname } from 'node:path'

/** Larger JSON beside a model is refused unread. */
const textLimitBytes = 256 * 2 ** 20

/**
 * Reads exactly `length` bytes at `offset` (bytes).
 * @throws modelTruncated where the file ends before that.
 */
export async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    // One system call reads less than 2 GiB.
    const wanted = Math.min(length - done, 2 ** 30)
    const { bytesRead } = await handle.read(bytes, done, wanted, offset + done)
    if (bytesRead === 0) {
      throw errors.modelTruncated({ path, expectedBytes: offset + length, actualBytes: offset + done })
    }
    done += bytesRead
  }
  return bytes
}

/**
 * Text of a small file, or null where there is none.
 * @throws modelMalformed for a file beyond 256 MiB or one that is not UTF-8.
 */
export async function readTextIfThere(path: string): Promise<string | null> {
  let size: number
  try {
    const found = await stat(path)
    if (!found.isFile()) return null
    size = found.size
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw errors.modelMalformed({ path, reason: `cannot be opened (${codeOf(error)})` }, error)
  }
  if (size > textLimitBytes) throw errors.modelMalformed({ path, reason: `${size} bytes are too many` })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    if (error instanceof TypeError) throw errors.modelMalformed({ path, reason: 'not UTF-8 text' }, error)
    throw errors.modelMalformed({ path, reason: `cannot be read (${codeOf(error)})` }, error)
  }
}

/** As readTextIfThere. @throws modelFileMissing where there is no such file. */
export async function readText(path: string): Promise<string> {
  const text = await readTextIfThere(path)
  if (text === null) throw errors.modelFileMissing({ path: dirname(path), file: basename(path) })
  return text
}

/** @throws modelMalformed where the text is not JSON. */
export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.modelMalformed({ path, reason: `not JSON (${reason})` }, error)
  }
}

/** What to throw when writing `path` failed with `error`. */
export function writeFault(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (fullDiskCodes.includes(code)) return errors.diskFull({ path }, error)
  if (unwritableCodes.includes(code)) return errors.fileUnwritable({ path, reason: code }, error)
  return error
}
