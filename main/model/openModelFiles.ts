// The one door to a model on disk.
// Owns: telling a folder, a GGUF file and an adapter apart. Not: reading any (huggingFaceFolder.ts, ggufModel.ts, adapterFolder.ts).
import { open, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errors } from '../contract/errors.ts'
import { adapterConfigName, openAdapterFolder } from './adapterFolder.ts'
import { chatTemplateNotes } from './chatTemplate.ts'
import { openGgufModel } from './ggufModel.ts'
import { openHuggingFaceFolder } from './huggingFaceFolder.ts'
import type { ModelFiles } from './modelFiles.ts'

/**
 * Reads and checks the headers of a model: a Hugging Face folder (or any of its files), a GGUF file, or a LoRA adapter's folder.
 * Weights' values are not read; the tokeniser is read by `readTokenizer`.
 * @throws modelPathMissing, modelFileMissing, modelTruncated, modelMalformed, modelUnsupported, architectureUnsupported,
 *   adapterBaseMissing, adapterMismatch
 */
export async function openModelFiles(path: string): Promise<ModelFiles> {
  const files = await openEither(resolve(path))
  return { ...files, notes: [...files.notes, ...modelNotes(files)] }
}

async function openEither(path: string): Promise<ModelFiles> {
  const found = await stat(path).catch((error: unknown) => {
    throw errors.modelPathMissing({ path }, error)
  })
  if (found.isDirectory()) return openFolder(path)
  if (await startsAsGguf(path)) return openGgufModel(path)
  if (path.endsWith('.gguf'))
    throw errors.modelMalformed({ path, reason: 'it does not begin as a GGUF file does' })
  if (/\.(safetensors|json|jinja)$/.test(path)) return openFolder(dirname(path))
  throw errors.modelMalformed({ path, reason: 'neither a GGUF file nor part of a Hugging Face folder' })
}

async function openFolder(path: string): Promise<ModelFiles> {
  const names = await readdir(path)
  if (names.includes(adapterConfigName) && !names.includes('config.json'))
    return openAdapterFolder(path, openEither)
  const ggufs = names.filter((name) => name.endsWith('.gguf'))
  if (!names.includes('config.json') && ggufs.length === 1) return openGgufModel(join(path, ggufs[0]))
  if (!names.includes('config.json') && ggufs.length > 1) {
    const reason = `it holds ${ggufs.length} GGUF files; give the path of one of them`
    throw errors.modelMalformed({ path, reason })
  }
  return openHuggingFaceFolder(path)
}

async function startsAsGguf(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw errors.modelMalformed({ path, reason: 'it cannot be opened' }, error)
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.toString('latin1') === 'GGUF'
  } finally {
    await handle.close()
  }
}

function modelNotes(files: ModelFiles): string[] {
  const notes = chatTemplateNotes(files.chatTemplate)
  if (files.format === 'gguf' && !/^(float|bfloat)/.test(files.dtype)) {
    notes.push(`Its ${files.dtype} weights are computed with as float32, dequantised once into the cache.`)
  }
  const { window } = files.config.attention
  const { layers } = files.config.shape
  if (window) {
    const where = window.layers.length === layers ? '' : `In ${window.layers.length} of ${layers} layers a`
    notes.push(`${where || 'A'} token sees at most ${window.positions} positions back.`)
  }
  if (files.stopIds.length === 0) notes.push('It names no token that ends an answer; answers end by length.')
  return notes
}
