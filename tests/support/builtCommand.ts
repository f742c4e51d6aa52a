// The command line as a build makes it, for tests: it starts four times as fast as the sources.
// Owns: building it where its native modules and resources are found. Not: starting it (commandLine.ts).
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { buildEngine } from '../../scripts/buildEngine.ts'
import { cacheFolder, projectFolder } from '../../scripts/project.ts'

/** @returns the program, and the folder to remove after use; it lies within the project, beside node_modules */
export async function buildCommand(): Promise<{ folder: string; program: string }> {
  mkdirSync(cacheFolder, { recursive: true })
  const folder = mkdtempSync(join(cacheFolder, 'cli-'))
  await buildEngine(join(folder, 'out/engine'), ['cli', 'sessionWorker', 'probeWorker', 'steeringWorker'])
  symlinkSync(join(projectFolder, 'resources'), join(folder, 'resources'), 'junction')
  return { folder, program: join(folder, manifest.bin.innerview) }
}
