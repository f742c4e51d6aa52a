// What the shell remembers between starts: window, theme, workspaces. One small JSON file in the user's data folder.
// Owns: reading it forgivingly and writing it whole. Not: anything of a workspace (store/) or of the page's look.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'
import { themeSources } from '../main/contract/desktop.ts'

const rectangle = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(200),
  height: z.number().int().min(200),
})

// Every field forgives: a damaged file costs its preferences, never the start.
const settings = z.object({
  bounds: rectangle.nullable().catch(null),
  isMaximized: z.boolean().catch(false),
  theme: z.enum(themeSources).catch('system'),
  /** Null: the default one (main/folders.ts). */
  workspace: z.string().min(1).nullable().catch(null),
  /** Last used first. */
  recentWorkspaces: z.array(z.string().min(1)).catch([]),
})
export type Settings = z.infer<typeof settings>

const mostRecent = 10

export class ShellSettings {
  #file: string
  #values: Settings

  constructor(file: string) {
    this.#file = file
    this.#values = settings.parse(readJson(file))
  }

  get values(): Readonly<Settings> {
    return this.#values
  }

  change(some: Partial<Settings>): void {
    this.#values = { ...this.#values, ...some }
    mkdirSync(dirname(this.#file), { recursive: true })
    const draft = `${this.#file}.new`
    writeFileSync(draft, JSON.stringify(this.#values, null, 2))
    renameSync(draft, this.#file) // a crash in between leaves the old file whole
  }

  useWorkspace(folder: string): void {
    const others = this.#values.recentWorkspaces.filter((other) => other !== folder)
    this.change({ workspace: folder, recentWorkspaces: [folder, ...others].slice(0, mostRecent) })
  }

  /** Recent workspaces that still exist. */
  recentWorkspaces(): string[] {
    return this.#values.recentWorkspaces.filter((folder) => existsSync(folder))
  }
}

function readJson(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}
