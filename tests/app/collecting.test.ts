// The main job from the window, in both hosts: a model from disk, a run, its episodes. With a tiny real model, so that it is
// quick; what a real one answers is looked at in tests/parity.
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { writeTinyModel } from '../support/tinyModel.ts'
import { openBrowser, openDesktop, screenshot, type DesktopHost, type Host } from './hosts.ts'

const episodes = 4
const steps = 3
const runLimitMs = 60_000

/** The one that a new workspace begins with is left out. */
const addedModel = (page: Page): Locator =>
  page.locator('[data-testid=model-card]:not([data-model=embedded])')

async function addModel(page: Page, path: string): Promise<void> {
  await page.getByTestId('nav-models').click()
  await page.getByTestId('model-path').fill(path)
  await page.getByTestId('model-add').click()
}

async function startRun(page: Page): Promise<void> {
  await page.getByTestId('new-run').click()
  await page.getByTestId('run-episodes').fill(String(episodes))
  await page.getByTestId('run-max-steps').fill(String(steps))
  await page.getByTestId('run-max-new').fill('8')
  await page.getByTestId('run-layers').fill('0,1')
  await page.getByTestId('run-start').click()
}

/** Waits until the run has ended, well or not; an ill end is shown with what the window says about it. */
async function runEnds(page: Page): Promise<void> {
  const ended = ['done', 'failed', 'interrupted'].map(
    (name) => `[data-testid=run-status][data-status=${name}]`,
  )
  await page
    .locator(ended.join(', '))
    .waitFor({ timeout: runLimitMs })
    .catch(async (error: Error) => {
      throw new Error(`${error.message}\nThe window shows:\n${await page.locator('body').innerText()}`)
    })
  const status = await page.getByTestId('run-status').getAttribute('data-status')
  expect(status, await page.locator('body').innerText()).toBe('done')
}

/** What each step of each episode says, as the timeline shows it. */
async function readAll(page: Page): Promise<string[]> {
  const all: string[] = []
  for (let episode = 0; episode < episodes; episode++) {
    await page.locator(`[data-testid=episode-row][data-episode="${episode}"]`).click()
    const cards = page.getByTestId('step-card')
    await expect.poll(() => cards.count(), { timeout: 10_000 }).toBe(steps)
    const tokens = await page.getByTestId('token').allTextContents()
    all.push(tokens.join(''))
  }
  return all
}

async function photograph(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    await screenshot(page, `${name}-${colorScheme}`)
  }
}

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
    await startRun(page)
    await runEnds(page)
    await expect.poll(() => page.getByTestId('episode-row').count()).toBe(episodes)
  })

  test.skipIf(!isHere)('every step of every episode can be read', async () => {
    const all = await readAll(page)
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
    await startRun(host.page)
    await runEnds(host.page)
    const shown = (): Promise<number[]> =>
      host.app.evaluate(() => (globalThis as unknown as { shownProgress: number[] }).shownProgress)
    await expect.poll(async () => (await shown()).at(-1), { timeout: 5000 }).toBe(-1)
    expect((await shown()).some((fraction) => fraction >= 0)).toBe(true)
  })
})
