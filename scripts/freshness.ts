// Whether out/ is as new as what it is made from. Owns: building when it is not.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildAll, builtFiles } from './build.ts'
import { projectFolder } from './project.ts'

const sources = [
  'electron',
  'main',
  'renderer',
  'package.json',
  'electron.vite.config.ts',
  'svelte.config.js',
]
const isNoSource = (name: string): boolean => /\.test\.ts$|\.md$/.test(name)

export async function buildIfOld(): Promise<void> {
  if (isFresh()) return
  console.error('Building…')
  await buildAll()
}

function isFresh(): boolean {
  const built = builtFiles.map(
    (file) => statSync(join(projectFolder, 'out', file), { throwIfNoEntry: false })?.mtimeMs,
  )
  const oldest = Math.min(...built.map((time) => time ?? 0))
  return newest(sources.map((source) => join(projectFolder, source))) < oldest
}

/** Latest change among files and everything below folders. */
function newest(paths: string[]): number {
  let latest = 0
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found) continue
    if (!found.isDirectory()) latest = Math.max(latest, found.mtimeMs)
    else {
      const children = readdirSync(path).filter((name) => !isNoSource(name))
      // A folder's own time changes when a file in it is removed.
      latest = Math.max(latest, found.mtimeMs, newest(children.map((name) => join(path, name))))
    }
  }
  return latest
}
