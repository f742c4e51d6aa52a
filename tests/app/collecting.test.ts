// The main job from the window, in both hosts: a model from disk, a run, its episodes. With a tiny real model, so that it is
// quick; what a real one answers is looked at in tests/parity.
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { writeTinyModel } from '../support/tinyModel.ts'
import { openBrowser, openDesktop, type DesktopHost, type Host } from './hosts.ts'
import { addedModel, addModel, photograph, readAll, runEnds, startRun } from './workbench.ts'

const form = { episodes: 4, steps: 3, newTokens: 8, layers: '0,1' }
const runLimitMs = 60_000
const answers = new Map<string, string[]>()

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('collecting in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('a path without a model is refused, with what to do about it', async () => {
    await addModel(page, join(host.folder, 'nothing here'))
    const error = page.locator('[data-testid=error-card][data-code=model_path_missing]').first()
    await error.waitFor()
    expect(await error.textContent()).toContain(join(host.folder, 'nothing here'))
    expect(await addedModel(page).count()).toBe(0)
  })

  test.skipIf(!isHere)('a model folder is added and described', async () => {
    await addModel(page, await writeTinyModel(join(host.folder, 'tiny')))
    const card = addedModel(page)
    await card.waitFor()
    expect(await card.textContent()).toMatch(/llama/i)
    await photograph(page, `${name}-models`)
  })

  test.skipIf(!isHere)('a run plays to its end', async () => {
    await startRun(page, form)
    await runEnds(page, runLimitMs)
    await expect.poll(() => page.getByTestId('episode-row').count()).toBe(form.episodes)
  })

  test.skipIf(!isHere)('every step of every episode can be read', async () => {
    const all = await readAll(page, form)
    expect(all.every((text) => text.length > 0)).toBe(true)
    answers.set(name, all)
    await page.getByTestId('token').first().hover()
    await page.getByTestId('token-tip').waitFor()
    await photograph(page, `${name}-episode`)
  })

  test.skipIf(!isHere)('what was collected is still there after a reload', async () => {
    await page.reload()
    await page.getByTestId('app-ready').waitFor()
    await expect.poll(() => page.getByTestId('run-row').count(), { timeout: 10_000 }).toBe(1)
  })

  test.skipIf(!isHere)('the console has nothing to complain about', () => {
    expect(host.complaints).toEqual([])
  })
})

test.skipIf(!electronBinary || !chromiumBinary)('one seed gives the same episodes in both hosts', () => {
  expect(answers.get('desktop')).toEqual(answers.get('browser'))
})

describe.skipIf(!electronBinary)('the desktop around a run', () => {
  let host: DesktopHost
  beforeAll(async () => {
    host = await openDesktop()
    await host.page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test('a model folder dropped on the window is added', async () => {
    const folder = await writeTinyModel(join(host.folder, 'dropped'))
    const devtools = await host.page.context().newCDPSession(host.page)
    const data = { items: [], files: [folder], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await devtools.send('Input.dispatchDragEvent', { type, x: 400, y: 400, data })
    await addedModel(host.page).waitFor()
    expect(await addedModel(host.page).textContent()).toContain('dropped')
  })

  test('shows its progress in the taskbar, and takes it away at the end', async () => {
    await host.app.evaluate(({ BrowserWindow }) => {
      const shown: number[] = []
      Object.assign(globalThis, { shownProgress: shown })
      const window = BrowserWindow.getAllWindows()[0]!
      window.setProgressBar = (fraction) => void shown.push(fraction)
    })
    await startRun(host.page, form)
    await runEnds(host.page, runLimitMs)
    const shown = (): Promise<number[]> =>
      host.app.evaluate(() => (globalThis as unknown as { shownProgress: number[] }).shownProgress)
    await expect.poll(async () => (await shown()).at(-1), { timeout: 5000 }).toBe(-1)
    expect((await shown()).some((fraction) => fraction >= 0)).toBe(true)
  })
})
