// npm start: opens the workbench in Electron. Where Electron or a display cannot be had it says why in one line, serves the
// same workbench on loopback and prints the address.
// Options (after --): --workspace DIR, --port P (browser only), --serve (browser even where Electron is there).
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildIfOld } from './freshness.ts'
import { findElectron } from './electron.ts'
import { projectEnvironment, projectFolder } from './project.ts'

const usage = 'npm start -- [--workspace DIR] [--port P] [--serve]'

function readOptions(): { workspace?: string; port: string; serve: boolean } {
  try {
    const { values } = parseArgs({
      options: { workspace: { type: 'string' }, port: { type: 'string' }, serve: { type: 'boolean' } },
    })
    // npm runs this in the project's folder; a relative path is meant from where the user stood.
    const from = process.env.INIT_CWD ?? process.cwd()
    return {
      ...(values.workspace ? { workspace: resolve(from, values.workspace) } : {}),
      port: values.port ?? '0',
      serve: values.serve ?? false,
    }
  } catch (error) {
    console.error(`${(error as Error).message}\nUse: ${usage}`)
    process.exit(2)
  }
}

/** Runs until the program ends; its exit code becomes ours, and a signal to us reaches it. */
function become(command: string, args: string[], environment: NodeJS.ProcessEnv): void {
  const child = spawn(command, args, { cwd: projectFolder, stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    console.error(`${command} cannot be started: ${error.message}`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)))
}

const options = readOptions()
await buildIfOld()
const workspace = options.workspace ? { INNERVIEW_WORKSPACE: options.workspace } : {}
const electron = options.serve ? { path: null, why: '' } : await findElectron()
if (electron.path) {
  const isRoot = process.getuid?.() === 0
  // A foreign Electron may be older than 29, whose Node cannot run the engine: ours does.
  const node = process.env.INNERVIEW_ELECTRON ? { INNERVIEW_NODE: process.execPath } : {}
  const args = [projectFolder, ...(isRoot ? ['--no-sandbox'] : [])]
  become(electron.path, args, projectEnvironment({ ...node, ...workspace }))
} else {
  if (electron.why)
    console.error(`No window: ${electron.why}. The workbench is served to your browser instead.`)
  const args = ['main/cli.ts', 'serve', '--port', options.port]
  become(process.execPath, args, projectEnvironment(workspace))
}
