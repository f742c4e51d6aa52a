// The engine dies; the window stays and gets another, or says that there is none.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectEnvironment, projectFolder } from '../../scripts/project.ts'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, screenshot, type BrowserHost, type DesktopHost } from './hosts.ts'

/** Process id of the engine that this shell started on an outside Node; null while there is none. Linux only, as the rig. */
const enginePid = (shellPid: number): number | null => childOf(shellPid, 'engine/engine.mjs')

/** A child whose command line holds these words. */
function childOf(parentPid: number, words: string): number | null {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]
      const isMeant = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(words)
      if (isMeant && Number(parent) === parentPid) return Number(name)
    } catch {
      continue // it ended while we looked
    }
  }
  return null
}

describe.skipIf(!electronBinary)('an engine that dies', () => {
  let host: DesktopHost
  let shellPid: number
  beforeAll(async () => {
    host = await openDesktop()
    shellPid = host.app.process().pid!
    await state('connected')
  })
  afterAll(() => host?.close())

  const state = (name: string): Promise<void> =>
    host.page.locator(`[data-testid=connection][data-state=${name}]`).waitFor({ timeout: 20_000 })
  async function kill(): Promise<number> {
    await expect.poll(() => enginePid(shellPid), { timeout: 20_000 }).not.toBeNull()
    const pid = enginePid(shellPid)!
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => enginePid(shellPid) === pid, { timeout: 5000 }).toBe(false)
    return pid
  }

  test('is started again, and the window goes on with the new one', async () => {
    const dead = await kill()
    await expect.poll(() => enginePid(shellPid), { timeout: 20_000 }).not.toBeNull()
    expect(enginePid(shellPid)).not.toBe(dead)
    await state('connected')
    await host.page.getByTestId('app-ready').waitFor()
  })

  test('six times in a minute is left alone, and the window says so', async () => {
    for (let death = 0; death < 5; death++) await kill()
    await state('failed')
    expect(enginePid(shellPid)).toBeNull()
  })

  test('then starts again when the page is loaded again', async () => {
    await host.page.reload()
    await state('connected')
  })

  test('never outlives the shell', async () => {
    const pid = enginePid(shellPid)!
    await host.close()
    expect(() => process.kill(pid, 0)).toThrow()
  })
})

describe.skipIf(!chromiumBinary)('a server that is killed', () => {
  let host: BrowserHost
  beforeAll(async () => {
    host = await openBrowser()
    await host.page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test('leaves a page that asks for another start, and offers nothing that needs an engine', async () => {
    await host.page.getByTestId('new-run').click()
    await expect.poll(() => host.page.getByTestId('run-start').isEnabled()).toBe(true)
    host.server.kill('SIGKILL')
    await host.page.locator('[data-testid=connection][data-state=gone]').waitFor({ timeout: 30_000 })
    const notice = await host.page.getByTestId('connection-notice').textContent()
    expect(notice).toContain('Start Innerview again and open the new address it prints')
    expect(notice).not.toContain('by itself')
    expect(await host.page.getByTestId('run-start').isEnabled()).toBe(false)
    await screenshot(host.page, 'browser-gone')
  })
})

test('npm start says in one line that its engine was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'innerview-app-'))
  const start = spawn(process.execPath, ['scripts/start.ts', '--serve', '--workspace', folder], {
    cwd: projectFolder,
    env: projectEnvironment({ INNERVIEW_CACHE: join(folder, 'cache') }),
  })
  try {
    let said = ''
    let complained = ''
    start.stdout.on('data', (part: Buffer) => (said += part.toString()))
    start.stderr.on('data', (part: Buffer) => (complained += part.toString()))
    await expect.poll(() => said, { timeout: 90_000 }).toContain('#token=')
    process.kill(childOf(start.pid!, 'main/cli.ts')!, 'SIGKILL')
    await once(start, 'close')
    const last = complained.trim().split('\n').at(-1)
    expect(last).toBe(
      'Innerview ended: SIGKILL. What was stored is kept; npm start opens it again, at a new address.',
    )
    expect(start.exitCode).toBe(1)
  } finally {
    start.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})
