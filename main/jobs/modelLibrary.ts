// The workspace's models: known by id, read at need, loaded once.
// Owns: adding, finding, and keeping one model loaded between runs. Not: reading files (model/) or computing (inference/).
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { WorkProgress } from '../contract/api.ts'
import { AppError, errors } from '../contract/errors.ts'
import type { CheckResult, ModelRecord } from '../contract/models.ts'
import type { TokenView } from '../contract/runs.ts'
import { readModelRecord } from '../model/readModelRecord.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { readTokenizer } from '../model/tokenizer.ts'
import type { Workspace } from '../store/workspace.ts'
import { checkModel } from './checkModel.ts'
import type { EventHub } from './eventHub.ts'
import { LoadedModel } from './loadedModel.ts'
import type { TokenReader } from './episodeBrowser.ts'

type Tell = (progress: WorkProgress) => void

export class ModelLibrary {
  private loaded: { id: string; rows: number; model: LoadedModel } | null = null
  private readonly readers = new Map<string, Promise<TokenReader>>()
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly cacheFolder: string

  constructor(workspace: Workspace, hub: EventHub, cacheFolder: string) {
    this.workspace = workspace
    this.hub = hub
    this.cacheFolder = cacheFolder
  }

  list(): ModelRecord[] {
    return this.workspace.models.list()
  }

  get(id: string): ModelRecord {
    return this.workspace.models.get(id)
  }

  /** Reads, checks and hashes the model, then stores its record; a model that fails any of it is not added. */
  async add(path: string, tell: Tell, signal: AbortSignal): Promise<ModelRecord> {
    const described = await readModelRecord(resolve(path), {
      signal,
      onProgress: (fraction) => tell({ label: 'Hashing the weights', fraction }),
    })
    signal.throwIfAborted()
    const known = this.list()
    const same = known.find((model) => model.hash === described.hash && model.path === described.path)
    if (same) return same
    const record = { ...described, id: freeId(described.name, known), addedAt: new Date().toISOString() }
    this.workspace.models.put(record)
    this.hub.emit({ kind: 'models' })
    return record
  }

  /** The model of that id; else the one at that path, which is added. */
  async findOrAdd(idOrPath: string, tell: Tell, signal: AbortSignal): Promise<ModelRecord> {
    const known = this.find(idOrPath)
    if (known) return known
    return this.add(idOrPath, tell, signal)
  }

  /** Path of the model of that id, or the path itself. */
  pathOf(idOrPath: string): string {
    return this.find(idOrPath)?.path ?? resolve(idOrPath)
  }

  remove(id: string): void {
    this.get(id)
    this.workspace.models.remove(id)
    this.readers.delete(id)
    this.hub.emit({ kind: 'models' })
  }

  check(idOrPath: string, tell: Tell, signal: AbortSignal): Promise<CheckResult[]> {
    return checkModel(this.pathOf(idOrPath), this.cacheFolder, tell, signal)
  }

  /**
   * The model, loaded; one stays loaded until another is asked for.
   * @param rows  how many sequences will run at once
   * @throws model_changed where its files are not the ones that were added.
   */
  async load(id: string, rows: number, tell: Tell, signal: AbortSignal): Promise<LoadedModel> {
    if (this.loaded?.id === id && this.loaded.rows >= rows && !this.loaded.model.isLost)
      return this.loaded.model
    await this.unload()
    const record = this.get(id)
    const model = await LoadedModel.open(
      record.path,
      { cacheFolder: this.cacheFolder, rows, record },
      tell,
      signal,
    )
    this.loaded = { id, rows, model }
    return model
  }

  async unload(): Promise<void> {
    const { loaded } = this
    this.loaded = null
    await loaded?.model.close()
  }

  /** Texts of a model's tokens. Where its files are gone, ids stand in: stored episodes stay readable. */
  async reader(id: string): Promise<TokenReader> {
    const known = this.readers.get(id)
    const reading = known ?? this.openReader(id)
    if (!known) this.readers.set(id, reading)
    try {
      return await reading
    } catch (error) {
      this.readers.delete(id) // the files may be back the next time
      if (error instanceof AppError) return idReader
      throw error
    }
  }

  private async openReader(id: string): Promise<TokenReader> {
    const tokenizer = await readTokenizer(await openModelFiles(this.get(id).path))
    return (ids) => tokenizer.tokenViews(ids)
  }

  private find(idOrPath: string): ModelRecord | undefined {
    const known = this.list()
    const byId = known.find((model) => model.id === idOrPath)
    if (byId) return byId
    if (!existsSync(idOrPath)) {
      if (/[/\\.]/.test(idOrPath)) throw errors.modelPathMissing({ path: resolve(idOrPath) })
      throw errors.notFound({ kind: 'model', id: idOrPath })
    }
    return known.find((model) => model.path === resolve(idOrPath))
  }
}

const idReader: TokenReader = (ids) =>
  Array.from(ids, (id): TokenView => ({ id, text: `⟨${id}⟩`, isSpecial: false }))

/** The name in lower case with dashes; numbered where it is taken. */
export function freeId(name: string, known: readonly { id: string }[]): string {
  const base =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'model'
  const taken = new Set(known.map((model) => model.id))
  if (!taken.has(base)) return base
  let number = 2
  while (taken.has(`${base}-${number}`)) number++
  return `${base}-${number}`
}
