// Which Electron can be started here, if any. Owns: finding it, downloading it once, and saying why not.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder, run } from './project.ts'

const packageFolder = join(projectFolder, 'node_modules/electron')
const downloadLimitMs = 180_000

export type ElectronHere = { path: string; why?: undefined } | { path: null; why: string }

/** INNERVIEW_ELECTRON names a binary; otherwise the package's own, downloaded at the first start. */
export async function findElectron(): Promise<ElectronHere> {
  if (!hasDisplay()) return { path: null, why: 'there is no display' }
  const named = process.env.INNERVIEW_ELECTRON
  if (named) {
    return existsSync(named)
      ? { path: named }
      : { path: null, why: `${named} (INNERVIEW_ELECTRON) does not exist` }
  }
  const present = installedPath()
  if (present) return { path: present }
  if (!existsSync(packageFolder)) return { path: null, why: 'the electron package is not installed' }
  console.error('Getting Electron (once, about 120 MB)…')
  const signal = AbortSignal.timeout(downloadLimitMs)
  const { output } = await run(process.execPath, [join(packageFolder, 'install.js')], { signal })
  const downloaded = installedPath()
  if (downloaded) return { path: downloaded }
  const reason = /^\S*Error:.*$/m.exec(output)?.[0] ?? 'it took too long'
  return { path: null, why: `Electron cannot be downloaded (${reason.slice(0, 160)})` }
}

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

function installedPath(): string | null {
  const named = join(packageFolder, 'path.txt')
  if (!existsSync(named)) return null
  const path = join(packageFolder, 'dist', readFileSync(named, 'utf8').trim())
  return existsSync(path) ? path : null
}
