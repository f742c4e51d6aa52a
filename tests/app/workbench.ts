// What a person does in the window, step by step, for tests of both hosts.
// Owns: the gestures and reading what is shown. Not: starting a host (hosts.ts) or what ought to be seen.
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { screenshot } from './hosts.ts'

export interface RunForm {
  /** As in the list of models; the first of them where it is left out. */
  model?: string | RegExp
  episodes: number
  steps: number
  newTokens: number
  /** As typed: `0,1`, `middle`, … */
  layers: string
}

/** Cards of models that were added; the one that a new workspace begins with is left out. */
export const addedModel = (page: Page): Locator =>
  page.locator('[data-testid=model-card]:not([data-model=embedded])')

export async function addModel(page: Page, path: string): Promise<void> {
  await page.getByTestId('nav-models').click()
  await page.getByTestId('model-path').fill(path)
  await page.getByTestId('model-add').click()
}

export async function startRun(page: Page, form: RunForm): Promise<void> {
  await page.getByTestId('new-run').click()
  if (form.model) {
    const option = page.getByTestId('run-model').locator('option', { hasText: form.model })
    await page.getByTestId('run-model').selectOption((await option.getAttribute('value')) ?? '')
  }
  await page.getByTestId('run-episodes').fill(String(form.episodes))
  await page.getByTestId('run-max-steps').fill(String(form.steps))
  await page.getByTestId('run-max-new').fill(String(form.newTokens))
  await page.getByTestId('run-layers').fill(form.layers)
  await page.getByTestId('run-start').click()
}

/** Waits until the run has ended, well or not; an ill end is shown with what the window says about it. */
export async function runEnds(page: Page, limitMs: number): Promise<void> {
  const ended = ['done', 'failed', 'interrupted'].map(
    (name) => `[data-testid=run-status][data-status=${name}]`,
  )
  await page
    .locator(ended.join(', '))
    .waitFor({ timeout: limitMs })
    .catch(async (error: Error) => {
      throw new Error(`${error.message}\nThe window shows:\n${await page.locator('body').innerText()}`)
    })
  const status = await page.getByTestId('run-status').getAttribute('data-status')
  expect(status, await page.locator('body').innerText()).toBe('done')
}

/** What each step of each episode says, as the timeline shows it. */
export async function readAll(page: Page, { episodes, steps }: RunForm): Promise<string[]> {
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

/** In dark and light, where the computer shows its last screenshots. */
export async function photograph(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    await screenshot(page, `${name}-${colorScheme}`)
  }
}
