// Where Innerview keeps things on this computer.
// Owns: default folders and the variables that move them. Not: what lies inside (store/, model/).
import { homedir } from 'node:os'
import { join } from 'node:path'

function dataHome(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support')
  if (process.platform === 'win32') return process.env.APPDATA ?? join(homedir(), 'AppData', 'Roaming')
  return process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share')
}

function cacheHome(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local')
  return process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
}

/** `INNERVIEW_WORKSPACE`, or one folder per user. */
export const defaultWorkspace = (): string =>
  process.env.INNERVIEW_WORKSPACE || join(dataHome(), 'innerview', 'workspace')

/** `INNERVIEW_CACHE`, or one folder per user; holds only what can be made again. */
export const defaultCache = (): string => process.env.INNERVIEW_CACHE || join(cacheHome(), 'innerview')
