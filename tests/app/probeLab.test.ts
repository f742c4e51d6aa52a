// From a run to the step that a probe is most wrong about, in both hosts, with the model that ships; and what the window
// says where there is nothing to learn from.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph, runEnds, startRun } from './workbench.ts'

const form = { episodes: 16, steps: 8, newTokens: 16, layers: 'middle' }
const runLimitMs = 90_000
const trainLimitMs = 90_000

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('the probe lab in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  const trains = () => page.getByTestId('probe-train').isEnabled()
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('without a run there is nothing to learn from, and it says what to do', async () => {
    await page.getByTestId('nav-probe').click()
    const view = page.getByTestId('probe-view')
    await view.waitFor()
    expect(await view.innerText()).toContain('A probe needs steps to learn from')
  })

  test.skipIf(!isHere)('a run leads to a recipe with what it would give', async () => {
    await startRun(page, form)
    await runEnds(page, runLimitMs)
    await page.getByTestId('run-probe').click()
    await page.getByTestId('probe-form').waitFor()
    await expect.poll(() => page.getByTestId('preview-rows').innerText()).toMatch(/^[1-9]\d*$/)
    await photograph(page, `${name}-probe-recipe`)
  })

  test.skipIf(!isHere)('a filter that nothing passes is told before anything is done', async () => {
    await page.getByTestId('probe-first-step').fill('150')
    await expect.poll(() => page.getByTestId('preview-rows').innerText()).toBe('0')
    expect(await page.getByTestId('probe-obstacle').innerText()).toContain('No step passes')
    expect(await trains()).toBe(false)
    await page.getByTestId('probe-first-step').fill('0')
  })

  test.skipIf(!isHere)('so is a label that all rows share', async () => {
    await page.getByTestId('probe-label').selectOption('text')
    await page.getByLabel('contains', { exact: true }).fill('no model ever writes this')
    await expect
      .poll(() => page.getByTestId('recipe-preview').getAttribute('aria-busy'), { timeout: 10_000 })
      .toBe('false')
    await expect.poll(() => page.getByTestId('probe-obstacle').innerText()).toContain('one class')
    expect(await trains()).toBe(false)
    await page.getByTestId('probe-label').selectOption('invalid')
    await expect.poll(trains, { timeout: 10_000 }).toBe(true)
  })

  test.skipIf(!isHere)('one press gathers, trains and judges', async () => {
    await page.getByTestId('probe-train').click()
    await page.getByTestId('probe-headline').waitFor({ timeout: trainLimitMs })
    const headline = await page.getByTestId('probe-headline').innerText()
    expect(headline).toMatch(/0\.\d{3}/)
    expect(await page.getByTestId('probe-row').getAttribute('data-status')).toBe('done')
    for (const chart of ['steps', 'rivals', 'roc', 'calibration', 'confusion', 'spectrum', 'permutations'])
      expect(await page.getByTestId(`chart-${chart}`).count(), chart).toBe(1)
    await photograph(page, `${name}-probe`)
  })

  test.skipIf(!isHere)('the most mistaken step is one press away, with the read-out beside it', async () => {
    const listed = page.getByTestId('listed-step').first()
    await listed.waitFor()
    const [episode, step] = [
      await listed.getAttribute('data-episode'),
      await listed.getAttribute('data-step'),
    ]
    await listed.locator('a').first().click()
    const card = page.locator(`[data-testid=step-card][data-step="${step}"]`)
    await card.waitFor()
    expect(new URL(page.url()).hash).toContain(`episode=${episode}&step=${step}`)
    await card.getByTestId('step-score').waitFor()
    expect(await page.getByTestId('chart-read-out').count()).toBe(1)
    await photograph(page, `${name}-probe-episode`)
  })

  test.skipIf(!isHere)('what was trained is still there after a reload', async () => {
    await page.reload()
    await page.getByTestId('app-ready').waitFor()
    await page.getByTestId('nav-probe').click()
    await page.getByTestId('probe-headline').waitFor({ timeout: 20_000 })
    await expect.poll(() => page.getByTestId('probe-row').count()).toBe(1)
  })

  test.skipIf(!isHere)('the console has nothing to complain about', () => {
    expect(host.complaints).toEqual([])
  })
})
