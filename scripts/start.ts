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

interface Ended {
  code: number
  /** What ended it from outside, if something did. */
  signal: NodeJS.Signals | null
  seconds: number
}

/** Runs until the program ends; a signal to us reaches it. */
function become(command: string, args: string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const start = performance.now()
  const child = spawn(command, args, { cwd: projectFolder, stdio: 'inherit', env: environment })
  let isOurs = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      isOurs = true
      child.kill(signal)
    })
  return new Promise((resolve) => {
    const end = (code: number, signal: NodeJS.Signals | null): void =>
      resolve({ code, signal, seconds: (performance.now() - start) / 1000 })
    child.once('error', () => end(127, null))
    child.once('exit', (code, signal) => (isOurs ? end(0, null) : end(signal ? 1 : (code ?? 1), signal)))
  })
}

/** The one line for somebody who finds the address dead. */
function tellEnd(signal: NodeJS.Signals | null): void {
  if (signal)
    console.error(
      `Innerview ended: ${signal}. What was stored is kept; npm start opens it again, at a new address.`,
    )
}

/** Ends this process with the window's exit code; returns only when no window could be opened, with the reason. */
async function openWindow(path: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const isRoot = process.getuid?.() === 0
  // A foreign Electron may be older than 29, whose Node cannot run the engine: ours does.
  const node = process.env.INNERVIEW_ELECTRON ? { INNERVIEW_NODE: process.execPath } : {}
  const args = [projectFolder, ...(isRoot ? ['--no-sandbox'] : [])]
  const { code, signal, seconds } = await become(path, args, projectEnvironment({ ...node, ...environment }))
  const neverOpened = code !== 0 && seconds < 10
  if (!neverOpened) {
    tellEnd(signal)
    process.exit(code)
  }
  return `Electron ended at once with code ${code} (see above)`
}

const options = readOptions()
await buildIfOld()
const environment = options.workspace ? { INNERVIEW_WORKSPACE: options.workspace } : {}
if (!options.serve) {
  const electron = await findElectron()
  const why = electron.path === null ? electron.why : await openWindow(electron.path, environment)
  console.error(`No window: ${why}. The workbench is served to your browser instead.`)
}
const served = await become(
  process.execPath,
  ['main/cli.ts', 'serve', '--port', options.port],
  projectEnvironment(environment),
)
tellEnd(served.signal)
process.exit(served.code)
