// Fingerprints of what a result rests on.
// Owns: hashes of weights, configuration, tokeniser and chat template. Not: comparing them with a record (jobs/).
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { errors } from '../contract/errors.ts'
import { readGguf } from './gguf.ts'
import type { ChatTemplateSource, DecoderConfig, ModelFiles, TokenizerSource } from './modelFiles.ts'

export interface HashOptions {
  signal?: AbortSignal
  /** Fraction done, 0 … 1. */
  onProgress?: (fraction: number) => void
}

/**
 * SHA-256 over the bytes of all weight files in order, hex; for one file the same as `sha256sum` gives.
 * @throws modelMalformed where a file cannot be read; the signal's reason when it is aborted
 */
export async function hashModel(files: ModelFiles, options: HashOptions = {}): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  for (const file of files.weightFiles) await hashFile(file)
  return hash.digest('hex')

  async function hashFile(path: string): Promise<void> {
    try {
      for await (const part of createReadStream(path, { highWaterMark: 2 ** 22 })) {
        options.signal?.throwIfAborted()
        hash.update(part)
        done += part.length
        options.onProgress?.(Math.min(1, done / files.sizeBytes))
      }
    } catch (error) {
      if (options.signal?.aborted) throw error
      throw errors.modelMalformed({ path, reason: 'it cannot be read to its end' }, error)
    }
  }
}

/**
 * SHA-256 over the configuration as JSON with sorted keys, hex: the same numbers give the same hash however
 * config.json is written, and another `rope_theta` beside the same weights gives another.
 */
export const hashConfig = (config: DecoderConfig): string =>
  createHash('sha256')
    .update(JSON.stringify(config, (_, value: unknown) => withSortedKeys(value)))
    .digest('hex')

const withSortedKeys = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** SHA-256, hex: of tokenizer.json, or of a GGUF's `tokenizer.*` metadata but the template. */
export async function hashTokenizer(source: TokenizerSource): Promise<string> {
  const hash = createHash('sha256')
  if (source.kind === 'huggingface') {
    for await (const part of createReadStream(source.tokenizerFile)) hash.update(part)
    return hash.digest('hex')
  }
  const { metadata } = readGguf(source.file)
  const keys = [...metadata.keys()].filter((key) => key.startsWith('tokenizer.ggml.')).sort()
  for (const key of keys) hash.update(`${JSON.stringify([key, metadata.get(key)])}\n`)
  return hash.digest('hex')
}

/** SHA-256 of the template's text, hex; of the empty text where the plain fallback stands in. */
export const hashChatTemplate = (source: ChatTemplateSource | null): string =>
  createHash('sha256')
    .update(source?.text ?? '')
    .digest('hex')
