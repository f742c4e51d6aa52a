// A person as the oracle, in a real browser: the keys that answer do nothing else, and the window says whom it waits for.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary } from '../support/available.ts'
import { openBrowser, type BrowserHost } from './hosts.ts'
import { photograph } from './workbench.ts'

describe.skipIf(!chromiumBinary)('a run that a person answers', () => {
  let host: BrowserHost
  let page: Page
  beforeAll(async () => {
    host = await openBrowser()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test('keeps what was filled in over a reload of the page', async () => {
    await page.getByTestId('new-run').click()
    await page.getByTestId('run-episodes').fill('1')
    await page.getByTestId('run-max-steps').fill('40')
    await page.getByTestId('run-max-new').fill('8')
    await page.getByTestId('run-oracle').getByText('A person').click()
    await page.reload()
    await page.getByTestId('app-ready').waitFor()
    expect(await page.getByTestId('run-max-steps').inputValue()).toBe('40')
    expect(await page.getByTestId('run-oracle').locator('input:checked').inputValue()).toBe('human')
  })

  test('never lets the page scroll away under a refused form', async () => {
    await page.getByTestId('run-episodes').fill('')
    await page.getByTestId('run-form').press('Control+Enter')
    await page.locator('[aria-invalid=true]').first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollTop)).toBe(0)
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0)
    await page.getByTestId('run-episodes').fill('1')
  })

  test('says that it waits for you, and no time left', async () => {
    await page.getByTestId('run-start').click()
    await page.getByTestId('question-panel').waitFor()
    await expect.poll(() => page.getByTestId('run-status').textContent()).toBe('Waiting for you')
    expect(await page.getByTestId('run-row').textContent()).toContain('Waiting for you')
    expect(await page.locator('footer').textContent()).toContain('Waiting for you')
    expect(await page.locator('body').innerText()).not.toMatch(/\d s left/)
    await photograph(page, 'browser-person')
  })

  test('goes on by keys that open nothing between two questions', async () => {
    const place = await page.evaluate(() => location.hash)
    // Fewer than there are steps: the run must not end meanwhile.
    for (const key of ['n', 'n', 'i', 'i', 'n', 'i', 'n', 'n', 'n', 'i', 'n', 'n'])
      await page.keyboard.press(key)
    await page.getByTestId('question-panel').waitFor()
    expect(await page.evaluate(() => location.hash)).toBe(place)
    expect(await page.getByTestId('run-form').count()).toBe(0)
    await expect.poll(() => page.getByTestId('run-header').textContent()).toMatch(/[1-9]\d* steps?/)
  })

  test('has no complaint in the console', () => {
    expect(host.complaints).toEqual([])
  })
})
