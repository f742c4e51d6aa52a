// npm run build: everything that runs from out/. Shell, preload and page by electron-vite; the engine and its worker as one
// file each, native modules left outside.
import { build as buildShell } from 'electron-vite'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import manifest from '../package.json' with { type: 'json' }
import { cacheFolder, projectFolder } from './project.ts'

const finished = join(projectFolder, 'out')
// Two builds at once must not meet.
const draft = join(cacheFolder, `build-${process.pid}`)
const engineEntries = { engine: 'main/engine.ts', sessionWorker: 'main/inference/sessionWorker.ts' }

/** A build of its own for each entry: shared chunks would make the worker load half of the engine. */
async function buildEngineEntry(name: string, entry: string): Promise<void> {
  await build({
    configFile: false,
    root: projectFolder,
    logLevel: 'warn',
    ssr: { noExternal: true, external: Object.keys(manifest.dependencies) },
    build: {
      ssr: true,
      target: 'node22',
      outDir: join(draft, 'engine'),
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        input: { [name]: join(projectFolder, entry) },
        output: { format: 'esm', entryFileNames: '[name].mjs', codeSplitting: false },
      },
    },
  })
}

export async function buildAll(): Promise<void> {
  process.env.INNERVIEW_OUT = draft // electron.vite.config.ts reads it
  try {
    // Warnings about components are svelte-check's business.
    await buildShell({ root: projectFolder, logLevel: 'error' })
    for (const [name, entry] of Object.entries(engineEntries)) await buildEngineEntry(name, entry)
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
  ...Object.keys(engineEntries).map((name) => `engine/${name}.mjs`),
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildAll()
