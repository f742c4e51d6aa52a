// Bringing another tool's episodes into the workspace.
// Owns: the dialog's fields, what is being read, why it failed. Not: what can be read (the engine finds out).
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ImportInput } from '../../main/contract/imports.ts'
import { engine, type Engine } from '../client.ts'
import { tasks, type Tasks } from '../jobs/tasks.svelte.ts'
import { selection } from '../selection.svelte.ts'
import { plural } from '../shared/format.ts'
import { toasts } from '../shared/toasts.svelte.ts'

export class ImportForm {
  isOpen = $state(false)
  path = $state('')
  name = $state('')
  positions = $state<ImportInput['positions']>('all')
  isBusy = $state(false)
  failure = $state.raw<ErrorReport | null>(null)
  #imports: Engine['imports']
  #tasks: Tasks

  constructor(imports: Engine['imports'] = engine.imports, work: Tasks = tasks) {
    this.#imports = imports
    this.#tasks = work
  }

  open(): void {
    this.failure = null
    this.isOpen = true
  }

  async choose(): Promise<void> {
    const path = await window.desktop?.chooseImport()
    if (path) this.path = path
  }

  /** The dialog closes when it is done; what failed stays to be mended. */
  async start(): Promise<void> {
    // A path copied from a file manager often comes in quotes.
    const path = this.path.trim().replace(/^(['"])(.*)\1$/, '$2')
    if (!path || this.isBusy) return
    this.failure = null
    this.isBusy = true
    const input = { path, name: this.name.trim(), positions: this.positions }
    try {
      const title = `Importing ${path.split(/[\\/]/).filter(Boolean).at(-1) ?? path}`
      const runs = await this.#tasks.follow(title, (signal) => this.#imports.start(input, { signal }))
      if (!runs) return
      this.isOpen = false
      Object.assign(this, { path: '', name: '' })
      selection.go({ view: 'episodes', run: runs[0].id })
      const missing = runs[0].manifest.imported?.missing ?? []
      toasts.say(`Imported ${plural(runs.length, 'run')}`, {
        tone: 'done',
        text: missing.length > 0 ? `Not in the files: ${missing.join(', ')}.` : undefined,
      })
    } catch (error) {
      this.failure = reportOf(error)
    } finally {
      this.isBusy = false
    }
  }
}

export const importForm = new ImportForm()
