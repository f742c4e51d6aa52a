// Two runs beside each other in both hosts, with the model that ships: what differs, pair by pair, step by step, kept under a name.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph, runEnds, startRun } from './workbench.ts'

const form = { episodes: 6, steps: 5, newTokens: 16, layers: 'middle' }
const runLimitMs = 90_000

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('comparing in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('without two runs it leads to one', async () => {
    await page.getByTestId('nav-compare').click()
    const view = page.getByTestId('compare-view')
    await view.waitFor()
    expect(await view.innerText()).toContain('Compare runs')
    expect(await view.getByRole('button', { name: 'New run' }).count()).toBe(1)
  })

  test.skipIf(!isHere)('what was asked differently stands beside what came of it', async () => {
    await startRun(page, form)
    await runEnds(page, runLimitMs)
    await page.getByTestId('run-again').click()
    await page.getByTestId('run-temperature').fill('0')
    await page.getByTestId('run-start').click()
    await expect.poll(() => page.getByTestId('run-row').count()).toBe(2)
    await runEnds(page, runLimitMs)
    await page.getByTestId('nav-compare').click()
    await page.getByTestId('compare-newest').click()
    const rows = page.getByTestId('compared-run')
    await expect.poll(() => rows.count()).toBe(2)
    await expect.poll(() => rows.nth(1).innerText()).toMatch(/[+−]?\d[\d.]* \[/)
    const table = await page.getByTestId('comparison-table').innerText()
    expect(table).toContain('temperature')
    // Same objects and seed: every episode has its pair.
    expect(await rows.nth(1).innerText()).toMatch(new RegExp(`\\b${form.episodes}\\b`))
    expect(await rows.nth(1).innerText()).not.toContain('unpaired')
    for (const chart of ['differences', 'rate-curves'])
      expect(await page.getByTestId(`chart-${chart}`).count(), chart).toBe(1)
    await expect.poll(() => page.getByTestId('pair-row').count()).toBeGreaterThan(2)
    expect(new URL(page.url()).hash).toMatch(/#\/compare\?.*runs=.*runs=/)
    await photograph(page, `${name}-compare`)
  })

  test.skipIf(!isHere)('two episodes stand side by side, and where they part is marked', async () => {
    await page.getByTestId('pair-row').first().click()
    await page.getByTestId('paired-steps').waitFor()
    await expect.poll(() => page.getByTestId('step-pair').count()).toBe(form.steps)
    const parting = await page.getByTestId('first-difference').innerText()
    const step = Number(/\d+/.exec(parting)?.[0])
    const pairs = page.getByTestId('step-pair')
    expect(await pairs.nth(step).getAttribute('data-same')).toBe('false')
    if (step > 0) expect(await pairs.nth(step - 1).getAttribute('data-same')).toBe('true')
    await page.keyboard.press('d')
    await expect.poll(() => new URL(page.url()).hash).toContain(`step=${step}`)
    expect(await pairs.nth(step).locator('.token.differing').count()).toBeGreaterThan(0)
    await photograph(page, `${name}-compare-steps`)
    await page.keyboard.press('Escape')
    await page.getByTestId('comparison-table').waitFor()
  })

  test.skipIf(!isHere)('one step of both is read by the model, token by token', async () => {
    await page.getByTestId('compare-inspect').click()
    const answers = page.getByTestId('inspected-run')
    await expect.poll(() => answers.count(), { timeout: 30_000 }).toBe(2)
    await answers.first().getByTestId('token').first().hover()
    expect(await page.getByTestId('token-tip').innerText()).toContain('p without')
    await page.getByTestId('inspect-next-step').click()
    await expect.poll(() => new URL(page.url()).hash).toContain('step=1')
    await photograph(page, `${name}-inspect`)
  })

  test.skipIf(!isHere)('a comparison that was kept is found again after a reload', async () => {
    const hash = new URL(page.url()).hash
    await page.getByTestId('comparison-keep').click()
    await page.getByTestId('comparison-name').fill('greedy against sampled')
    await page.getByTestId('comparison-name').press('Enter')
    await page.getByTestId('saved-comparison').waitFor()
    // It lies in the workspace: the window itself remembers nothing of it.
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('greedy against')
    await page.reload()
    await page.getByTestId('app-ready').waitFor()
    await page.getByTestId('nav-home').click()
    await page.getByTestId('nav-compare').click()
    await page.getByTestId('saved-comparison').click()
    await expect.poll(() => new URL(page.url()).hash).toBe(hash)
    await expect.poll(() => page.getByTestId('inspected-run').count(), { timeout: 30_000 }).toBe(2)
  })

  test.skipIf(!isHere)('the console has nothing to complain about', () => {
    expect(host.complaints).toEqual([])
  })
})
