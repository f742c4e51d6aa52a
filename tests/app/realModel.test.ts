// The main job from the window on real weights, in both hosts: SmolLM2 from disk, a run that is watched, its episodes.
import { existsSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, type Host } from './hosts.ts'
import { addedModel, addModel, photograph, readAll, runEnds, startRun } from './workbench.ts'

const form = { model: 'SmolLM2', episodes: 4, steps: 4, newTokens: 24, layers: '0,15,29' }
const addLimitMs = 120_000
const runLimitMs = 300_000
const answers = new Map<string, string[]>()
const hasModel = existsSync(smolLM2Path)

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null && hasModel },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null && hasModel },
])('a real model in the $name', ({ name, open, isHere }) => {
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
    'is added, played with, and its episodes can be read',
    async () => {
      await addModel(page, smolLM2Path)
      await addedModel(page).waitFor({ timeout: addLimitMs })
      await startRun(page, form)
      await page.getByTestId('episode-row').first().waitFor({ timeout: runLimitMs })
      await photograph(page, `${name}-real-running`)
      await runEnds(page, runLimitMs)
      const all = await readAll(page, form)
      expect(all.join('')).toMatch(/\w+␠\w+␠\w+/) // words, not ids
      answers.set(name, all)
      await photograph(page, `${name}-real-episode`)
      expect(host.complaints).toEqual([])
    },
    addLimitMs + 3 * runLimitMs,
  )
})

test.skipIf(!electronBinary || !chromiumBinary || !hasModel)(
  'one seed gives the same words in both hosts',
  () => {
    expect(answers.get('desktop')).toEqual(answers.get('browser'))
  },
)
