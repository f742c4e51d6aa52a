// The engine, its worker, the command line and the library, each as one file that runs on a plain Node; native modules are left outside.
// Owns: how these are bundled. Not: the shell and the page (electron.vite.config.ts), or where a whole build ends up (build.ts).
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import manifest from '../package.json' with { type: 'json' }
import { projectFolder } from './project.ts'

const entries = {
  engine: 'main/engine.ts',
  sessionWorker: 'main/inference/sessionWorker.ts',
  trialProcess: 'main/jobs/devices/trialProcess.ts',
  probeWorker: 'main/jobs/probes/probeWorker.ts',
  steeringWorker: 'main/jobs/steering/steeringWorker.ts',
  importWorker: 'main/jobs/imports/importWorker.ts',
  cli: 'main/cli.ts',
  index: 'main/index.ts',
}

export type EngineEntry = keyof typeof entries
export const engineEntries = Object.keys(entries) as EngineEntry[]

/**
 * Writes `<name>.mjs` for each into `folder`. A build of its own for each: shared chunks would make the worker load half
 * of the engine.
 */
export async function buildEngine(
  folder: string,
  names: readonly EngineEntry[] = engineEntries,
): Promise<void> {
  for (const name of names) {
    await build({
      configFile: false,
      root: projectFolder,
      logLevel: 'warn',
      ssr: { noExternal: true, external: Object.keys(manifest.dependencies) },
      build: {
        ssr: true,
        target: 'node22',
        outDir: folder,
        emptyOutDir: false,
        sourcemap: true,
        minify: false,
        rolldownOptions: {
          input: { [name]: join(projectFolder, entries[name]) },
          output: { format: 'esm', entryFileNames: '[name].mjs', codeSplitting: false },
        },
      },
    })
  }
  if (names.includes('cli')) chmodSync(join(folder, 'cli.mjs'), 0o755)
}
