// From a stored step into the playground with a vector, and on from it with other settings, in both hosts, with the model that ships.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { photograph, runEnds, startRun } from './workbench.ts'

const form = { episodes: 16, steps: 6, newTokens: 16, layers: 'middle' }
const runLimitMs = 90_000
const vectorLimitMs = 60_000
const answerLimitMs = 30_000
const step = 2

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('the playground in the $name', ({ name, open, isHere }) => {
  let host: Host
  let page: Page
  const card = (number: number) => page.locator(`[data-testid=step-card][data-step="${number}"]`)
  const answer = (kind: 'steered' | 'plain') => page.getByTestId(`answer-${kind}`)
  const written = async (kind: 'steered' | 'plain') =>
    (await answer(kind).getByTestId('token').allTextContents()).join('')
  async function ask(): Promise<void> {
    await page.getByTestId('playground-ask').click()
    await page.getByTestId('go-on-plain').waitFor({ timeout: answerLimitMs })
  }
  beforeAll(async () => {
    if (!isHere) return
    host = await open()
    page = host.page
    await page.getByTestId('app-ready').waitFor()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('answers a first question, with nothing that steers it', async () => {
    await page.getByTestId('nav-lab').click()
    await page.getByTestId('lab-view').waitFor()
    expect(await page.getByTestId('playground-ask').isEnabled()).toBe(false)
    await page.getByTestId('playground-max-new').fill('12')
    await page.getByTestId('playground-turn').fill('Is it an animal?')
    await ask()
    expect(await answer('steered').count()).toBe(0)
    expect(await answer('plain').getByTestId('token').count()).toBeGreaterThan(0)
  })

  test.skipIf(!isHere)('a stored step opens there with its prompt and seed', async () => {
    await startRun(page, form)
    await runEnds(page, runLimitMs)
    await page.getByTestId('run-steer').click()
    await expect.poll(() => page.getByTestId('vector-make').isEnabled(), { timeout: 20_000 }).toBe(true)
    await page.getByTestId('vector-make').click()
    await page.getByTestId('vector-cards').waitFor({ timeout: vectorLimitMs })
    await page.getByTestId('nav-episodes').click()
    await page.locator('[data-testid=episode-row][data-episode="0"]').click()
    await card(step).waitFor()
    await card(step).getByTestId('step-play').click()
    await page.getByTestId('playground-origin').waitFor()
    expect(await page.getByTestId('playground-origin').innerText()).toContain(`step ${step} of episode 0`)
    expect(await page.getByTestId('playground-turn').last().inputValue()).not.toBe('')
    expect(await page.getByTestId('playground-seed').inputValue()).toMatch(/\/0\/2$/)
  })

  test.skipIf(!isHere)('a vector at α = 4 answers beside the model as it is', async () => {
    await page.getByTestId('slider-add').click()
    await page.getByTestId('slider-alpha').fill('4')
    await page.getByTestId('slider-alpha').press('Enter')
    await ask()
    await page.getByTestId('go-on-steered').waitFor({ timeout: answerLimitMs })
    const [steered, plain] = [await written('steered'), await written('plain')]
    expect(steered).not.toBe('')
    expect(plain).not.toBe('')
    await answer('steered').getByTestId('token').first().hover()
    const tip = page.getByTestId('token-tip')
    await expect.poll(() => tip.innerText()).toContain('without steering')
    expect(await tip.innerText()).toMatch(/KL\s+[\d.e-]+ nats/)
    await photograph(page, `${name}-playground`)
    // The seed is kept: the same again, to the token.
    await ask()
    await page.getByTestId('go-on-steered').waitFor({ timeout: answerLimitMs })
    expect([await written('steered'), await written('plain')]).toEqual([steered, plain])
  })

  test.skipIf(!isHere)('an answer becomes a turn, and the text outlives a reload', async () => {
    const turns = await page.getByTestId('playground-turn').count()
    await page.getByTestId('go-on-steered').click()
    await expect.poll(() => page.getByTestId('playground-turn').count()).toBe(turns + 2)
    await page.reload()
    await page.getByTestId('app-ready').waitFor()
    await expect.poll(() => page.getByTestId('playground-turn').count()).toBe(turns + 2)
    expect(await page.getByTestId('slider-alpha').inputValue()).toBe('4')
  })

  test.skipIf(!isHere)(
    'an episode goes on from a step with other settings, as a run of its own',
    async () => {
      await page.getByTestId('playground-origin').locator('a').click()
      await card(step).waitFor()
      await card(step).getByTestId('step-fork').click()
      await page.getByTestId('fork-temperature').fill('0')
      await page.getByTestId('fork-start').click()
      await page.getByTestId('run-fork').waitFor()
      await runEnds(page, runLimitMs)
      await expect.poll(() => page.getByTestId('step-copied').count(), { timeout: 10_000 }).toBe(step)
      expect(await page.getByTestId('run-fork').innerText()).toContain(`step ${step} of episode 0`)
      await photograph(page, `${name}-fork`)
      await page.getByTestId('run-fork-compare').click()
      await page.getByTestId('paired-steps').waitFor()
      const pairs = page.getByTestId('step-pair')
      await expect.poll(() => pairs.count()).toBeGreaterThan(step)
      for (let i = 0; i < step; i++) expect(await pairs.nth(i).getAttribute('data-same')).toBe('true')
    },
  )

  test.skipIf(!isHere)('the console has nothing to complain about', () => {
    expect(host.complaints).toEqual([])
  })
})
