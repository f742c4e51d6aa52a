// npm run build: everything that runs from out/. Shell, preload and page by electron-vite, the engine's files by
// buildEngine.ts, the library's types by buildTypes.ts. Owns: that out/ is replaced as a whole. Not: how any part is bundled.
import { build as buildShell } from 'electron-vite'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildEngine, engineEntries } from './buildEngine.ts'
import { buildTypes } from './buildTypes.ts'
import { cacheFolder, projectFolder } from './project.ts'

const finished = join(projectFolder, 'out')
// Two builds at once must not meet.
const draft = join(cacheFolder, `build-${process.pid}`)

export async function buildAll(): Promise<void> {
  process.env.INNERVIEW_OUT = draft // electron.vite.config.ts reads it
  try {
    // Warnings about components are svelte-check's business.
    await buildShell({ root: projectFolder, logLevel: 'error' })
    await buildEngine(join(draft, 'engine'))
    buildTypes(join(draft, 'types'))
    const missing = builtFiles.filter((file) => !existsSync(join(draft, file)))
    if (missing.length) throw new Error(`The build left out ${missing.join(', ')}.`)
    rmSync(finished, { recursive: true, force: true })
    renameSync(draft, finished)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** What a complete build has at least, in out/. */
export const builtFiles = [
  'main/main.cjs',
  'preload/preload.cjs',
  'renderer/index.html',
  ...engineEntries.map((name) => `engine/${name}.mjs`),
  'types/index.d.ts',
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildAll()
