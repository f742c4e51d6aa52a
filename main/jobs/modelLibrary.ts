// The workspace's models: known by id, read at need, loaded once.
// Owns: adding, finding, and keeping one model loaded between runs. Not: reading files (model/) or computing (inference/).
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { WorkProgress } from '../contract/api.ts'
import type { ComputeDevice, DeviceCheck, DeviceChoice } from '../contract/devices.ts'
import { errors } from '../contract/errors.ts'
import {
  computeDtype,
  type ComputeDtype,
  type DtypeChoice,
  type HookPointRecord,
  type ModelCheck,
  type ModelRecord,
} from '../contract/models.ts'
import type { RunStatus } from '../contract/runs.ts'
import { readModelRecord } from '../model/readModelRecord.ts'
import { dtypeNotes } from '../model/blockWeights.ts'
import { listHooks } from '../model/hookNames.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { dtypeRefusal } from '../model/prepareWeights.ts'
import type { Workspace } from '../store/workspace.ts'
import { checkModel } from './checkModel.ts'
import { checkDevice } from './devices/deviceCheck.ts'
import { deviceChoices, requireChecked } from './devices/deviceChecks.ts'
import { embeddedModelId, readEmbeddedModel } from './embeddedModel.ts'
import type { EventHub } from './eventHub.ts'
import { LoadedModel } from './loadedModel.ts'
import { checkIdentity } from './modelIdentity.ts'

type Tell = (progress: WorkProgress) => void

const alive: readonly RunStatus[] = ['queued', 'running']

/** What a model is loaded for. */
export interface ModelNeed {
  /** How many sequences will run at once. */
  rows: number
  /** What is computed with; `float32` where left out. */
  dtype?: ComputeDtype
  /** What it is computed on; the processor where left out. */
  device?: ComputeDevice
  /** Where the model is loaded for somebody else, as many rows as that has will do. */
  fewerRowsDo?: boolean
}

/** Released once, however the work ends; the model stays loaded for the next. */
export interface BorrowedModel {
  model: LoadedModel
  release(): void
}

export class ModelLibrary {
  private loaded: { record: ModelRecord; need: ModelNeed; model: LoadedModel } | null = null
  /** Works that have borrowed it, or wait for its loading. */
  private users = 0
  private waiting: (() => void)[] = []
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly cacheFolder: string
  private readonly embeddedFolder: string

  constructor(workspace: Workspace, hub: EventHub, cacheFolder: string, embeddedFolder: string) {
    this.workspace = workspace
    this.hub = hub
    this.cacheFolder = cacheFolder
    this.embeddedFolder = embeddedFolder
  }

  list(): ModelRecord[] {
    return this.workspace.models.list()
  }

  get(id: string): ModelRecord {
    return this.workspace.models.get(id)
  }

  /** Reads, checks and hashes the model, then stores its record; a model that fails any of it is not added. */
  async add(path: string, tell: Tell, signal: AbortSignal): Promise<ModelRecord> {
    const described = await readModelRecord(fullPath(path), {
      signal,
      onProgress: (fraction) => tell({ label: 'Hashing the weights', fraction }),
    })
    signal.throwIfAborted()
    const known = this.list()
    const same = known.find((model) => model.hash === described.hash && model.path === described.path)
    if (same) return same
    const id = freeId(described.name, known)
    const record = { ...described, id, addedAt: new Date().toISOString(), check: null, otherChecks: [] }
    this.workspace.models.put(record)
    this.hub.emit({ kind: 'models' })
    return record
  }

  /** The model that ships with the app, added where it is not there and brought up to date where it is. */
  async addEmbedded(): Promise<ModelRecord> {
    const known = this.list().find((model) => model.id === embeddedModelId)
    const record = await readEmbeddedModel(this.embeddedFolder, known)
    if (record !== known) {
      this.workspace.models.put(record)
      this.hub.emit({ kind: 'models' })
    }
    return record
  }

  /** At the workbench's start: a workspace without a model begins with the embedded one; who removed it beside others has it no more. */
  async offerEmbedded(): Promise<void> {
    const known = this.list()
    if (known.length === 0 || known.some((model) => model.id === embeddedModelId)) await this.addEmbedded()
  }

  /** The model of that id; else the one at that path, which is added. */
  async findOrAdd(idOrPath: string, tell: Tell, signal: AbortSignal): Promise<ModelRecord> {
    if (idOrPath === embeddedModelId) return this.addEmbedded()
    const known = this.find(idOrPath)
    if (known) return known
    return this.add(idOrPath, tell, signal)
  }

  /** What a model can be computed with. @throws not_found, and what opening its files throws */
  async dtypes(id: string): Promise<DtypeChoice[]> {
    const files = await openModelFiles(this.get(id).path)
    return computeDtype.options.map((dtype) => {
      const refusal = dtypeRefusal(files, dtype)
      return { dtype, refusal, notes: refusal === null ? dtypeNotes(files.config, dtype) : [] }
    })
  }

  /** What a model can be computed on here, the processor first. @throws not_found */
  async devices(id: string, dtype: ComputeDtype): Promise<DeviceChoice[]> {
    const { hash, configHash } = this.get(id)
    return deviceChoices(this.cacheFolder, { hash, configHash, dtype })
  }

  /**
   * Tries a device with a model, of the workspace or not; the check is kept beside the cached weights.
   * @throws what checkDevice throws; model_changed as `check`
   */
  async checkDevice(
    idOrPath: string,
    use: { dtype: ComputeDtype; device: ComputeDevice },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<DeviceCheck> {
    const path = this.pathOf(idOrPath)
    const known = this.list().find((model) => model.id === idOrPath)
    if (known) await checkIdentity(await openModelFiles(path), known, tell, signal)
    const { cacheFolder } = this
    const check = await checkDevice({ ...use, path, cacheFolder, hash: known?.hash }, tell, signal)
    this.hub.emit({ kind: 'models' })
    return check
  }

  /** @throws device_unavailable, device_unchecked */
  async requireDevice(id: string, dtype: ComputeDtype, device: ComputeDevice): Promise<void> {
    const { path, hash, configHash } = this.get(id)
    await requireChecked(this.cacheFolder, path, { device, dtype, hash, configHash })
  }

  /** In the order in which a forward pass meets them. @throws not_found */
  hookPoints(id: string): HookPointRecord[] {
    return listHooks(this.get(id).shape).map(({ name, axes, sizes }) => ({ name, axes, sizes: [...sizes] }))
  }

  /** Path of the model of that id, or the path itself. */
  pathOf(idOrPath: string): string {
    if (idOrPath === embeddedModelId) return this.embeddedFolder
    return this.find(idOrPath)?.path ?? fullPath(idOrPath)
  }

  /**
   * Forgets the model; its files stay, and so do its runs.
   * @throws model_in_use while a run that is queued or running needs it
   */
  async remove(id: string): Promise<void> {
    this.get(id)
    const runs = this.workspace.runs
      .list()
      .filter(({ status, settings }) => settings.modelId === id && alive.includes(status))
    if (runs.length > 0) throw errors.modelInUse({ id, runs: runs.map((run) => run.id) })
    this.workspace.models.remove(id)
    this.hub.emit({ kind: 'models' })
    if (this.loaded?.record.id === id) await this.unload()
  }

  /**
   * Checks a model, of the workspace or not, and keeps what is found in its record.
   * @param dtype  what is computed with
   * @throws dtype_unavailable; model_changed where it is asked for by its id and its files are not the ones that were added; what checkModel throws
   */
  async check(idOrPath: string, dtype: ComputeDtype, tell: Tell, signal: AbortSignal): Promise<ModelCheck> {
    const path = this.pathOf(idOrPath)
    const known = this.list().find((model) => model.id === idOrPath)
    if (known) await checkIdentity(await openModelFiles(path), known, tell, signal)
    const options = { cacheFolder: this.cacheFolder, dtype, hash: known?.hash }
    const check = await checkModel(path, options, tell, signal)
    signal.throwIfAborted()
    await this.keepCheck(path, check)
    return check
  }

  /**
   * Keeps a check, made here or by another process, with the models of its content at that path: one for each dtype, since a model is trusted
   * in the dtype that was checked and in no other.
   * @returns whether the workspace has one
   */
  async keepCheck(path: string, check: ModelCheck): Promise<boolean> {
    const files = await openModelFiles(path)
    const checked = this.list().filter((model) => model.path === files.path && isSameContent(model, check))
    for (const model of checked) this.workspace.models.put(withCheck(model, check))
    if (checked.length > 0) this.hub.emit({ kind: 'models' })
    return checked.length > 0
  }

  /**
   * The model for a piece of work, until it is released. Works that one loaded model can serve share it; another model waits
   * until nobody uses the present one.
   * @throws model_changed where its files are not the ones that were added; what opening it throws; the signal's reason
   */
  async borrow(id: string, need: ModelNeed, tell: Tell, signal: AbortSignal): Promise<BorrowedModel> {
    const record = this.get(id)
    while (this.users > 0 && !this.canShare(record, need)) {
      tell({ label: 'Waiting for another job’s model', fraction: 0 })
      await this.changed(signal)
    }
    signal.throwIfAborted()
    const wanted = this.users > 0 ? { ...need, ...this.loaded?.need } : need
    this.users++
    let isReleased = false
    const release = (): void => {
      if (isReleased) return
      isReleased = true
      this.users--
      this.wake()
    }
    try {
      const model = await this.load(id, wanted, tell, signal)
      this.wake() // whoever waits may share it
      return { model, release }
    } catch (error) {
      release()
      throw error
    }
  }

  private canShare(record: ModelRecord, need: ModelNeed): boolean {
    const { loaded } = this
    if (loaded === null || loaded.model.isLost || !isSame(loaded.record, record)) return false
    return serves(loaded.need, need.fewerRowsDo ? { ...need, rows: 1 } : need)
  }

  private changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.waiting.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  /**
   * The model, loaded; one stays loaded until another is asked for.
   * @throws model_changed where its files are not the ones that were added; what opening it throws
   */
  private async load(id: string, need: ModelNeed, tell: Tell, signal: AbortSignal): Promise<LoadedModel> {
    const record = this.get(id)
    const files = await openModelFiles(record.path)
    await checkIdentity(files, record, tell, signal)
    if (this.loaded && isSame(this.loaded.record, record)) {
      if (serves(this.loaded.need, need) && !this.loaded.model.isLost) return this.loaded.model
    }
    await this.unload()
    const { cacheFolder } = this
    const model = await LoadedModel.open(files, { ...need, cacheFolder, hash: record.hash }, tell, signal)
    this.loaded = { record, need, model }
    return model
  }

  async unload(): Promise<void> {
    const { loaded } = this
    this.loaded = null
    await loaded?.model.close()
  }

  private find(idOrPath: string): ModelRecord | undefined {
    const known = this.list()
    const byId = known.find((model) => model.id === idOrPath)
    if (byId) return byId
    if (!existsSync(fullPath(idOrPath))) {
      if (/[/\\.]/.test(idOrPath)) throw errors.modelPathMissing({ path: fullPath(idOrPath) })
      throw errors.notFound({ kind: 'model', id: idOrPath })
    }
    return known.find((model) => model.path === fullPath(idOrPath))
  }
}

/** A window has no shell that would put the home folder in place of `~`. */
const fullPath = (path: string): string => resolve(path.replace(/^~(?=$|[/\\])/, homedir()))

const serves = (there: ModelNeed, need: ModelNeed): boolean =>
  there.rows >= need.rows &&
  (there.dtype ?? 'float32') === (need.dtype ?? 'float32') &&
  (there.device ?? 'cpu') === (need.device ?? 'cpu')

/** An id may come to name another model: it is the content that counts. */
const isSame = (one: ModelRecord, other: ModelRecord): boolean =>
  one.path === other.path && isSameContent(one, other)

type Content = Pick<ModelRecord, 'hash' | 'configHash' | 'tokenizerHash'>

const isSameContent = (one: Content, other: Content): boolean =>
  one.hash === other.hash && one.configHash === other.configHash && one.tokenizerHash === other.tokenizerHash

function withCheck(model: ModelRecord, check: ModelCheck): ModelRecord {
  if (check.dtype === 'float32') return { ...model, check }
  const others = model.otherChecks.filter(({ dtype }) => dtype !== check.dtype)
  return { ...model, otherChecks: [...others, check] }
}

/** The name in lower case with dashes; numbered where it is taken. */
export function freeId(name: string, known: readonly { id: string }[]): string {
  const base =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'model'
  const taken = new Set([embeddedModelId, ...known.map((model) => model.id)])
  if (!taken.has(base)) return base
  let number = 2
  while (taken.has(`${base}-${number}`)) number++
  return `${base}-${number}`
}
