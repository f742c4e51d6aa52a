// What can be done with models: add, check, remove.
// Owns: what is being added or checked, why it failed, which findings are unfolded. Not: the list itself, with what checks found (workspace.svelte.ts).
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ComputeDtype, DtypeChoice, ModelRecord } from '../../main/contract/models.ts'
import { engine, type Engine } from '../client.ts'
import { tasks, type Tasks } from '../jobs/tasks.svelte.ts'
import { startFormWith } from '../runs/runForm.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

export interface AddFailure {
  path: string
  error: ErrorReport
}
/** Of a check that was asked for in this window. */
export type CheckState = { state: 'running' } | { state: 'failed'; error: ErrorReport }

export const checkTitle = ({ name }: ModelRecord, dtype: ComputeDtype): string =>
  dtype === 'float32' ? `Checking ${name}` : `Checking ${name} in ${dtype}`

/** A model's checks are told apart by what they compute with. */
export const checkKey = ({ id }: ModelRecord, dtype: ComputeDtype): string => `${id} ${dtype}`

export class ModelActions {
  readonly removal = new LaterRemoval()
  /** By `checkKey`. */
  readonly checks = new SvelteMap<string, CheckState>()
  /** Checks whose findings are shown in full, by `checkKey`. */
  readonly unfolded = new SvelteSet<string>()
  /** What each model can be computed with, by its id, as far as that was asked. */
  readonly dtypes = new SvelteMap<string, DtypeChoice[]>()
  /** Paths that are being read now. */
  adding = $state.raw<string[]>([])
  /** The path field is to take the focus. */
  isAskingForPath = $state(false)
  failure = $state.raw<AddFailure | null>(null)
  #models: Engine['models']
  #workspace: Workspace
  #tasks: Tasks

  constructor(models: Engine['models'] = engine.models, where: Workspace = workspace, work: Tasks = tasks) {
    this.#models = models
    this.#workspace = where
    this.#tasks = work
  }

  /** All models that are to be shown; null until the engine has told. */
  get shown(): ModelRecord[] | null {
    return this.#workspace.models?.filter((model) => !this.removal.hidden.has(model.id)) ?? null
  }

  /** @returns the model; null where it failed (then `failure` says why) or was cancelled */
  async add(given: string): Promise<ModelRecord | null> {
    // A path copied from a file manager often comes in quotes.
    const path = given.trim().replace(/^(['"])(.*)\1$/, '$2')
    if (!path || this.adding.includes(path)) return null
    this.failure = null
    this.adding = [...this.adding, path]
    try {
      const title = `Adding ${path.split(/[\\/]/).filter(Boolean).at(-1) ?? path}`
      const model = await this.#tasks.follow(title, (signal) => this.#models.add({ path }, { signal }))
      if (model) {
        this.removal.undo(model.id)
        toasts.say(`Added ${model.name}`, {
          tone: 'done',
          action: { label: 'New run', run: () => startFormWith({ modelId: model.id }) },
        })
        await this.#workspace.refreshModels()
      }
      return model
    } catch (error) {
      this.failure = { path, error: reportOf(error) }
      return null
    } finally {
      this.adding = this.adding.filter((one) => one !== path)
    }
  }

  /** Asks for a path: with the system's dialog, or in a browser with the field in Models. */
  async choose(): Promise<void> {
    if (!window.desktop) {
      this.isAskingForPath = true
      return
    }
    const path = await window.desktop.chooseModel()
    if (path) await this.add(path)
  }

  /** The engine keeps what is found; it comes back with the model. */
  async check(model: ModelRecord, dtype: ComputeDtype = 'float32'): Promise<void> {
    const key = checkKey(model, dtype)
    if (this.checks.get(key)?.state === 'running') return
    this.checks.set(key, { state: 'running' })
    try {
      const found = await this.#tasks.follow(checkTitle(model, dtype), (signal) =>
        this.#models.check({ path: model.id, dtype }, { signal }),
      )
      if (found) {
        await this.#workspace.refreshModels()
        this.unfolded.add(key)
      }
      this.checks.delete(key)
    } catch (error) {
      this.checks.set(key, { state: 'failed', error: reportOf(error) })
    }
  }

  /** Asked once; a model whose files are gone is asked again when its card is shown again. */
  async wantDtypes(model: ModelRecord): Promise<void> {
    if (this.dtypes.has(model.id)) return
    this.dtypes.set(model.id, [])
    try {
      this.dtypes.set(model.id, await this.#models.dtypes({ id: model.id }))
    } catch {
      this.dtypes.delete(model.id) // checking it says why
    }
  }

  toggleFindings(model: ModelRecord, dtype: ComputeDtype): void {
    const key = checkKey(model, dtype)
    if (!this.unfolded.delete(key)) this.unfolded.add(key)
  }

  remove(model: ModelRecord): void {
    this.removal.remove(model.id, `Removed ${model.name} from this workspace`, () =>
      this.#models.remove({ id: model.id }),
    )
  }
}

export const modelActions = new ModelActions()
