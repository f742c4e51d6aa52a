// What can be done with vectors: make, take in from a file, save as one, rename, remove.
import { reportOf } from '../../main/contract/errors.ts'
import type {
  VectorExport,
  VectorFormat,
  VectorImport,
  VectorRecipe,
  VectorRecord,
  VectorSummary,
} from '../../main/contract/vectors.ts'
import { engine, type Engine } from '../client.ts'
import { tasks, type Tasks } from '../jobs/tasks.svelte.ts'
import { selection } from '../selection.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { saveFile } from '../shared/saveFile.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

/** The name of the work that makes one, in the status bar and wherever its progress is shown. */
export const makingTitle = 'Vector'

export const vectorFormats: readonly { format: VectorFormat; title: string }[] = [
  { format: 'safetensors', title: 'Save as safetensors' },
  { format: 'npy', title: 'Save for NumPy (.npy)' },
  { format: 'gguf', title: 'Save for llama.cpp (.gguf)' },
]

export class VectorActions {
  readonly removal = new LaterRemoval()
  #calls: Engine['vectors']
  #workspace: Workspace
  #tasks: Tasks
  #save: (file: VectorExport) => void

  constructor(
    calls: Engine['vectors'] = engine.vectors,
    where: Workspace = workspace,
    work: Tasks = tasks,
    save: (file: VectorExport) => void = saveFile,
  ) {
    this.#calls = calls
    this.#workspace = where
    this.#tasks = work
    this.#save = save
  }

  /** All that are to be shown, newest first; null until the engine has told. */
  get shown(): VectorSummary[] | null {
    return this.#workspace.vectors?.filter(({ id }) => !this.removal.hidden.has(id)) ?? null
  }

  /** @returns the vector, an older one where it is the same; null where it was cancelled @throws AppError of the engine */
  async make(recipe: VectorRecipe): Promise<VectorRecord | null> {
    const made = await this.#tasks.follow(makingTitle, (signal) => this.#calls.make(recipe, { signal }))
    if (made) await this.#workspace.refreshVectors()
    return made
  }

  /** @throws AppError of the engine */
  async import(file: VectorImport): Promise<VectorRecord> {
    const made = await this.#calls.import(file)
    await this.#workspace.refreshVectors()
    return made
  }

  rename = async (vector: VectorSummary, name: string): Promise<void> => {
    const trimmed = name.trim()
    if (!trimmed || trimmed === vector.name) return
    try {
      await this.#calls.rename({ id: vector.id, name: trimmed.slice(0, 200) })
      await this.#workspace.refreshVectors()
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }

  remove = (vector: VectorSummary): void => {
    if (selection.vector === vector.id) selection.go({ vector: null })
    this.removal.remove(vector.id, `Removed “${vector.name}”`, async () => {
      await this.#calls.remove({ id: vector.id })
      await this.#workspace.refreshVectors()
    })
  }

  save = async (vector: VectorSummary, format: VectorFormat): Promise<void> => {
    try {
      const file = await this.#calls.export({ id: vector.id, format })
      this.#save(file)
      toasts.say(`Saved ${file.fileName}`, { tone: 'done' })
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }
}

export const vectorActions = new VectorActions()
