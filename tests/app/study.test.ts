// From the first start to a report: the whole study on the model that ships by one press, in both hosts.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph } from './workbench.ts'

const studyLimitMs = 300_000

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('a study in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)(
    'one press gives a finding beside its controls',
    async () => {
      await page.getByTestId('home-study').click()
      await page.getByTestId('study-episodes').fill('12')
      await page.getByTestId('study-start').click()
      await page.locator('[data-testid=study-card][data-status=running]').waitFor()
      await photograph(page, `study running ${name}`)
      await page.locator('[data-testid=study-card][data-status=done]').waitFor({ timeout: studyLimitMs })
      const verdict = await page.locator('[data-testid=study-stage][data-stage=sweep]').innerText()
      expect(verdict).toContain('invalid rate')
      await photograph(page, `study done ${name}`)
    },
    studyLimitMs,
  )

  // The desktop's save dialog is the system's own.
  if (name === 'browser')
    test.skipIf(!isHere)('its report is one page that says the same', async () => {
      const result = page.locator('[data-testid=study-stage][data-stage=sweep] .result')
      const verdict = (await result.innerText()).trim()
      const saving = page.waitForEvent('download')
      await page.getByTestId('study-report').click()
      const text = readFileSync(await (await saving).path(), 'utf8')
      expect(text).toContain(verdict)
      expect(text).not.toMatch(/<script/i)
    })

  test.skipIf(!isHere)('each stage leads to its result', async () => {
    await page.locator('[data-testid=study-stage][data-stage=probe] a').click()
    await page.getByTestId('probe-view').waitFor()
    await page.goBack()
    await page.locator('[data-testid=study-stage][data-stage=sweep] a').click()
    await page.getByTestId('steer-view').waitFor()
  })
})
