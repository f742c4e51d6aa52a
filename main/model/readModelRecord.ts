// What `models add` needs to know of a model.
// Owns: reading everything once, so that a model that is added can be used. Not: names in a workspace or storing (jobs/, store/).
import type { ModelRecord } from '../contract/models.ts'
import { openChatTemplate } from './chatTemplate.ts'
import { hashConfig, hashModel, hashTokenizer, type HashOptions } from './hashModel.ts'
import { memoryEstimateBytes } from './memoryEstimate.ts'
import type { ModelFiles } from './modelFiles.ts'
import { openModelFiles } from './openModelFiles.ts'
import { readTokenizer } from './tokenizer.ts'
import { errors } from '../contract/errors.ts'

/** A record for the workspace, which gives it an id and a date, and keeps its checks. */
export type UnaddedModelRecord = Omit<ModelRecord, 'id' | 'addedAt' | 'check' | 'otherChecks'>

/**
 * Opens a model, tries its tokeniser and chat template and hashes its weights (seconds on a large file).
 * @throws what openModelFiles, readTokenizer, hashModel and the chat template throw; nothing is kept then
 */
export async function readModelRecord(path: string, options: HashOptions = {}): Promise<UnaddedModelRecord> {
  const files = await openModelFiles(path)
  const doubts = await tryTexts(files)
  const tokenizerHash = await hashTokenizer(files.tokenizer)
  const hash = await hashModel(files, options)
  const { config, parameters, dtype } = files
  const tokens = Math.min(2048, config.shape.contextLength)
  return {
    name: files.name,
    path: files.path,
    format: files.format,
    architecture: config.architecture,
    shape: config.shape,
    parameters,
    dtype,
    sizeBytes: files.sizeBytes,
    hash,
    tokenizerHash,
    configHash: hashConfig(config),
    hasChatTemplate: files.chatTemplate !== null,
    memoryBytes: memoryEstimateBytes({ shape: config.shape, parameters, dtype }, { rows: 16, tokens }),
    notes: [...files.notes, ...doubts],
  }
}

/** A chat of one message, to tokens: the least that a run needs. @returns what speaks against the tokeniser, in sentences */
async function tryTexts(files: ModelFiles): Promise<string[]> {
  const tokenizer = await readTokenizer(files)
  const text = openChatTemplate(files.chatTemplate).render([{ role: 'user', content: 'Hello' }])
  const ids = tokenizer.encode(text, { special: false })
  const { vocabulary } = files.config.shape
  const beyond = ids.find((id) => id >= vocabulary)
  if (beyond !== undefined) {
    const reason = `it gives the id ${beyond}, the weights have ${vocabulary} tokens`
    throw errors.tokenizerInvalid({ path: files.path, reason })
  }
  const sample = 'Is it alive?'
  const back = tokenizer.decode(tokenizer.encode(sample, { special: false }), { skipSpecial: true })
  if (back.trim().toLowerCase() === sample.toLowerCase()) return []
  return [`The tokeniser gives “${sample}” back as “${back.slice(0, 40)}”: it is hardly this model’s own.`]
}
