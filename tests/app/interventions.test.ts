// Interventions from the window, in both hosts, on the model that ships: written in the form, refused where they do not fit, imported, and
// seen in the list of runs, on the steps and among the run's facts.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph, runEnds } from './workbench.ts'

/** Of the embedded model's residual stream. */
const width = 128
const values = (length: number): string => Array.from({ length }, (_, i) => (i % 2 ? 0.5 : -0.5)).join(', ')

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('interventions in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('one that does not fit the model is refused, with both widths', async () => {
    await page.getByTestId('new-run').click()
    await page.getByTestId('run-episodes').fill('2')
    await page.getByTestId('run-max-steps').fill('3')
    await page.getByTestId('intervention-add').click()
    await page.getByTestId('add-add').click()
    await page.getByTestId('source-kind').selectOption('values')
    await page.getByTestId('source-values').fill(values(8))
    await page.getByTestId('intervention-steps').fill('0,2')
    await page.getByTestId('run-start').click()
    const fault = page.getByTestId('interventions').getByTestId('fault')
    await expect
      .poll(() => fault.first().textContent(), { timeout: 10_000 })
      .toMatch(/has 8 values; blocks\.3\.hook_resid_post has 128/)
    expect(await page.getByTestId('run-row').count()).toBe(0)
  })

  test.skipIf(!isHere)('a hook point that the model does not have is told while it is typed', async () => {
    await page.getByTestId('intervention-layers').fill('3,99')
    const fault = page.getByTestId('intervention').getByTestId('fault')
    await expect.poll(() => fault.first().textContent()).toContain('blocks.99.hook_resid_post')
    await page.getByTestId('intervention-layers').fill('3')
    await expect.poll(() => fault.count()).toBe(0)
  })

  test.skipIf(!isHere)('the text behind the list says the same, faults at their field included', async () => {
    await page.getByTestId('intervention-view').click()
    const text = page.getByTestId('intervention-json')
    const items = JSON.parse(await text.inputValue()) as object[]
    expect(items).toMatchObject([{ kind: 'add', hook: 'blocks.3.hook_resid_post', applyAtSteps: [0, 2] }])
    await text.fill(JSON.stringify([{ ...items[0], alpha: 'much' }]))
    const fault = page.getByTestId('interventions').getByTestId('fault')
    await expect.poll(() => fault.first().textContent()).toMatch(/^1, alpha:/)
    await text.fill('[]')
    await page.getByTestId('intervention-view').click()
    expect(await page.getByTestId('intervention').count()).toBe(0)
  })

  test.skipIf(!isHere)(
    'a file is imported, runs, and is marked on the run and on the steps it acted in',
    async () => {
      const file = join(host.folder, 'steer.json')
      const push = { name: 'push', kind: 'add', hook: 'blocks.3.hook_resid_post', positions: 'lastPrompt' }
      const vector = { values: values(width).split(', ').map(Number) }
      await writeFile(
        file,
        JSON.stringify({ interventions: [{ ...push, vector, alpha: 2, applyAtSteps: [0, 2] }] }),
      )
      await page.getByTestId('intervention-import').setInputFiles(file)
      await expect.poll(() => page.getByTestId('intervention').count()).toBe(1)
      expect(await page.getByTestId('intervention-alpha').inputValue()).toBe('2')
      await photograph(page, `${name}-interventions`)
      await page.getByTestId('run-start').click()
      await runEnds(page, 60_000)
      await page.getByTestId('run-steered').waitFor()
      await page.locator('[data-testid=episode-row][data-episode="0"]').click()
      const cards = page.getByTestId('step-card')
      await expect.poll(() => cards.count(), { timeout: 10_000 }).toBe(3)
      const marks = page.getByTestId('step-steered')
      expect(await marks.allTextContents()).toEqual([
        expect.stringMatching(/push\s+α 2\s+1 token/),
        expect.stringMatching(/push\s+α 2\s+1 token/),
      ])
      expect(await cards.nth(1).getByTestId('step-steered').count()).toBe(0)
      await photograph(page, `${name}-steered`)
      await page.getByTestId('run-details-open').click()
      await expect
        .poll(() => page.getByTestId('run-details').textContent())
        .toContain('met 4 tokens in 4 steps')
    },
  )

  test.skipIf(!isHere)('the console has nothing to complain about', () => {
    expect(host.complaints).toEqual([])
  })
})
