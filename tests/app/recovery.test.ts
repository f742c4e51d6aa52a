// The engine dies; the window stays and gets another.
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { electronBinary } from '../support/available.ts'
import { openDesktop, type DesktopHost } from './hosts.ts'

/** Process id of the engine that this shell started on an outside Node; null while there is none. Linux only, as the rig. */
function enginePid(shellPid: number): number | null {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]
      const isEngine = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('engine/engine.mjs')
      if (isEngine && Number(parent) === shellPid) return Number(name)
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
