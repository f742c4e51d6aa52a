// npm run build: everything that runs from out/. Shell, preload and page by electron-vite; the engine and its worker as one
// file each, native modules left outside.
import { build as buildShell } from 'electron-vite'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import manifest from '../package.json' with { type: 'json' }
import { projectFolder } from './project.ts'

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
      outDir: join(projectFolder, 'out/engine'),
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
  rmSync(join(projectFolder, 'out'), { recursive: true, force: true })
  await buildShell({ root: projectFolder, logLevel: 'warn' })
  for (const [name, entry] of Object.entries(engineEntries)) await buildEngineEntry(name, entry)
  const missing = builtFiles.filter((file) => !existsSync(join(projectFolder, file)))
  if (missing.length) throw new Error(`The build left out ${missing.join(', ')}.`)
}

/** What a complete build has at least. */
export const builtFiles = [
  'out/main/main.cjs',
  'out/preload/preload.cjs',
  'out/renderer/index.html',
  ...Object.keys(engineEntries).map((name) => `out/engine/${name}.mjs`),
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildAll()
