// Where the project lies, and how its scripts run programs.
import { spawn, type SpawnOptions } from 'node:child_process'
import { dirname, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectFolder = dirname(dirname(fileURLToPath(import.meta.url)))
/** Rebuildable files that no commit holds. */
export const cacheFolder = join(projectFolder, '.cache')

/** Programs of the project's own packages are found first, its Node among them. */
export const projectEnvironment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [join(projectFolder, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  ...extra,
})

export interface Finished {
  code: number
  /** Standard output and error in the order they came. */
  output: string
}

/** Runs a program to its end; a program that cannot be started gives code 127. */
export function run(
  command: string,
  args: string[],
  options: SpawnOptions & { show?: boolean } = {},
): Promise<Finished> {
  const { show = false, ...rest } = options
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: projectFolder, env: projectEnvironment(), ...rest })
    let output = ''
    const hear = (chunk: Buffer): void => {
      output += chunk.toString()
      if (show) process.stdout.write(chunk)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', (error) => resolve({ code: 127, output: output + error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
