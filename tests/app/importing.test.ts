// Upstream's files brought in by the dialog, looked at, and handed to the probe lab, in both hosts.
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph } from './workbench.ts'

const golden = join(import.meta.dirname, '../parity/golden/aresImport')
const importLimitMs = 30_000

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('importing in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('refuses a folder that asks to run code, and says which file', async () => {
    await page.getByTestId('nav-episodes').click()
    await page.getByTestId('runs-import').click()
    await page.getByTestId('import-path').fill(join(golden, 'hostile'))
    await page.getByTestId('import-start').click()
    await page.getByTestId('import-form').getByText('it holds neither episode_0000.pt').waitFor()
  })

  test.skipIf(!isHere)('a folder of episodes becomes a run that says what it lacks', async () => {
    await page.getByTestId('import-path').fill(join(golden, 'collection'))
    await photograph(page, `import dialog ${name}`)
    await page.getByTestId('import-start').click()
    await page.locator('[data-testid=episode-row][data-episode="7"]').click({ timeout: importLimitMs })
    await page.getByTestId('step-card').first().waitFor()
    const card = page.locator('[data-testid=step-card][data-step="1"]')
    expect(await card.getByTestId('step-textless').innerText()).toContain('not in the imported files')
    await page.getByTestId('run-details-open').click()
    await page.getByText('ARES, episodes of the 20Q case study').last().waitFor()
    await photograph(page, `imported run ${name}`)
    await page.keyboard.press('Escape')
  })

  test.skipIf(!isHere)('the probe lab takes it', async () => {
    await page.getByTestId('nav-probe').click()
    await expect.poll(() => page.getByTestId('probe-train').isEnabled(), { timeout: 20_000 }).toBe(true)
  })
})
