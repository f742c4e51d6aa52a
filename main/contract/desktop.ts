// What the Electron shell offers to the page, as `window.desktop`; absent in a browser.
// Owns: the shape of the preload bridge, the menu's commands and the names of their channels.
// Not: calls on the engine (api.ts); those go over the port that `connectEngine` asks for.
// Plain constants only: a sandboxed preload bundles this file and should not carry a schema library.

/**
 * What a menu item or its shortcut asks the page to do. The page also offers each of them in its command palette, since
 * a browser has no menu.
 */
export const desktopCommands = [
  'open-model', // ask for a path with chooseModel() and add it
  'new-run',
  'palette',
  'find',
  'settings',
  'shortcuts',
  'go-back',
  'go-forward',
  'show-runs',
  'show-models',
  'show-jobs',
  'toggle-theme',
] as const
export type DesktopCommand = (typeof desktopCommands)[number]

export const themeSources = ['system', 'light', 'dark'] as const
export type ThemeSource = (typeof themeSources)[number]

/** `failed`: it died too often in a minute and is not started again until the page asks with connectEngine(). */
export type EngineStatus = 'starting' | 'running' | 'restarting' | 'failed'

export interface Workspaces {
  current: string
  /** Last used first, the current one included; folders that are gone are left out. */
  recent: string[]
}

export interface DesktopApi {
  /**
   * Asks for a port to the engine. It arrives as a `message` event on window whose data is `enginePortMessage`, whose
   * source is window itself and whose ports[0] is the port; again, unasked, after the engine was restarted (crash, other
   * workspace). A page uses the latest port only.
   */
  connectEngine(): void
  /** Each registers a listener and returns the function that removes it. */
  onCommand(listener: (command: DesktopCommand) => void): () => void
  onEngineStatus(listener: (status: EngineStatus) => void): () => void
  /** Taskbar's or dock's progress bar, 0…1; null takes it away. */
  progress(fraction: number | null): void
  /** A system notification; a click on it brings the window to the front. */
  notify(title: string, body: string): void
  /** A model folder or .gguf file chosen in the system's dialog; null when the user thought better of it. */
  chooseModel(): Promise<string | null>
  /** A folder of another tool's files chosen in the system's dialog; null when the user thought better of it. */
  chooseImport(): Promise<string | null>
  /** Full path of a dropped file or folder; empty for a File that is not on disk. */
  pathOf(file: File): string
  workspaces(): Promise<Workspaces>
  /**
   * Changes the workspace: the given one of `workspaces().recent`, or one the user picks in the system's dialog. The
   * engine restarts on it and a new port arrives. Null when the user thought better of it.
   */
  chooseWorkspace(recent?: string): Promise<string | null>
  /** Makes the system's parts (title bar, dialogs, the window before first paint) match the page. */
  setTheme(source: ThemeSource): void
}

/** Data of the window message that carries a port. */
export const enginePortMessage = 'innerview:engine-port'

/** Names of the channels between preload and shell. */
export const channels = {
  connectEngine: 'engine:connect',
  enginePort: 'engine:port',
  engineStatus: 'engine:status',
  command: 'menu:command',
  progress: 'window:progress',
  notify: 'window:notify',
  chooseModel: 'dialog:model',
  chooseImport: 'dialog:import',
  chooseWorkspace: 'dialog:workspace',
  workspaces: 'workspace:list',
  setTheme: 'window:theme',
} as const

declare global {
  interface Window {
    readonly desktop?: DesktopApi
  }
}
