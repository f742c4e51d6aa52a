// Starts the built workbench in each of its two hosts and hands out the page.
// Owns: processes, temporary folders and their end. Not: what is looked at.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, chromium, errors, type ElectronApplication, type Page } from 'playwright-core'
import { cacheFolder, projectEnvironment, projectFolder } from '../../scripts/project.ts'
import { chromiumBinary, electronBinary } from '../support/available.ts'

export interface Host {
  page: Page
  /** Folder with workspace/, cache/ and whatever the test puts there; removed at the end. */
  folder: string
  /** Errors of the page and its console so far. */
  complaints: string[]
  close(options?: CloseOptions): Promise<void>
}
export interface CloseOptions {
  /** For a second start on the same folder; that one removes it. */
  keepFolder?: boolean
}
export interface DesktopHost extends Host {
  app: ElectronApplication
}
export interface BrowserHost extends Host {
  address: string
  port: number
  token: string
  server: ChildProcess
}

const windowSize = { width: 1440, height: 900 }
/** A busy machine takes long to open a first window. */
const startMs = 50_000

const makeFolder = (): string => mkdtempSync(join(tmpdir(), 'innerview-app-'))
const environment = (folder: string): Record<string, string> => ({
  ...(projectEnvironment() as Record<string, string>),
  INNERVIEW_WORKSPACE: join(folder, 'workspace'),
  INNERVIEW_CACHE: join(folder, 'cache'),
})

function listen(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return complaints
}

/** A desktop workbench on a fresh workspace, or on that of `folder`; `extra` variables win. */
export async function openDesktop(
  folder: string = makeFolder(),
  extra: Record<string, string> = {},
): Promise<DesktopHost> {
  if (!electronBinary) throw new TypeError('There is no Electron here; the test should have been left out.')
  const executablePath = electronBinary
  const launch = (): Promise<ElectronApplication> =>
    _electron.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'shell')}`],
      env: { ...environment(folder), INNERVIEW_NODE: process.execPath, ...extra },
      timeout: startMs,
    })
  // Attaching to a starting Electron can miss its first message on a busy machine, and then waits for ever.
  const app = await launch().catch((error: unknown) => {
    if (error instanceof errors.TimeoutError) return launch()
    throw error
  })
  const shell = app.process()
  endWithTests(shell)
  const ended = once(shell, 'exit')
  const page = await app.firstWindow()
  const complaints = listen(page)
  const close = async ({ keepFolder = false }: CloseOptions = {}): Promise<void> => {
    if (shell.exitCode === null && shell.signalCode === null) {
      await app.close()
      await ended
    }
    if (!keepFolder) rmSync(folder, { recursive: true, force: true })
  }
  return { app, page, folder, complaints, close }
}

/** The headless server on a fresh workspace, or on that of `folder`, and no browser yet. */
export async function startServer(
  folder: string = makeFolder(),
): Promise<Omit<BrowserHost, 'page' | 'complaints'>> {
  const server = spawn(process.execPath, ['main/cli.ts', 'serve', '--port', '0'], {
    cwd: projectFolder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithTests(server)
  const address = await firstAddress(server)
  const { port, hash } = new URL(address)
  const close = async ({ keepFolder = false }: CloseOptions = {}): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
    if (!keepFolder) rmSync(folder, { recursive: true, force: true })
  }
  return { server, folder, address, port: Number(port), token: hash.replace('#token=', ''), close }
}

export async function openBrowser(folder?: string): Promise<BrowserHost> {
  if (!chromiumBinary) throw new TypeError('There is no Chromium here; the test should have been left out.')
  const browser = await chromium.launch({ executablePath: chromiumBinary, args: ['--no-sandbox'] })
  try {
    const served = await startServer(folder)
    const context = await browser.newContext({ viewport: windowSize })
    const page = await context.newPage()
    const complaints = listen(page)
    await page.goto(served.address)
    const close = async (options?: CloseOptions): Promise<void> => {
      await browser.close()
      await served.close(options)
    }
    return { ...served, page, complaints, close }
  } catch (error) {
    await browser.close()
    throw error
  }
}

/** A test that fails before it could close its host leaves no process behind. */
function endWithTests(program: ChildProcess): void {
  const end = (): void => void program.kill('SIGKILL')
  process.once('exit', end)
  program.once('exit', () => process.off('exit', end))
}

function firstAddress(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const address = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(output)?.[0]
      if (address) resolve(address)
    })
    server.once('exit', (code) => reject(new Error(`The server ended with code ${code}: ${output}`)))
  })
}

/** Saves what the page shows as .cache/screenshots/NAME.png, for eyes. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(cacheFolder, 'screenshots')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
