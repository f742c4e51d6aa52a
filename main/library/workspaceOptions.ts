// What every function has that works in a workspace.
// Owns: the options and their kinds. Not: opening one (workspaceEngine.ts). Apart, so that the package's types name no engine.
import type { OptionKinds } from '../contract/options.ts'

export interface WorkspaceOptions {
  /** A workspace's folder, made where there is none. Nobody else may write to it meanwhile. */
  workspace: string
  /** For what is made of GGUF files, once; the usual one where left out. */
  cacheFolder?: string
  signal?: AbortSignal
}

export const workspaceOptions: OptionKinds<WorkspaceOptions> = {
  workspace: 'text',
  cacheFolder: 'text',
  signal: 'signal',
}
