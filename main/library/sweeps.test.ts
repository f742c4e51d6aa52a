import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { SweepSummary } from '../contract/sweeps.ts'
import { collectRun } from './collectRun.ts'
import { extendSweep, resumeSweep, runSweep, type RunSweepSettings } from './sweeps.ts'
import { makeVector } from './vectors.ts'

let folder: string
let settings: RunSweepSettings
const at = (name: string) => ({ workspace: join(folder, name), cacheFolder: join(folder, 'cache') })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-sweep-library-'))
  settings = {
    model: await writeTinyModel(join(folder, 'tiny')),
    environment: { name: 'twenty_questions', maxSteps: 5, objects: 'simple' },
    oracle: { kind: 'kb' },
    sampling: { maxNewTokens: 60 },
    capture: {},
    episodes: 5,
    batch: 4,
    vectors: ['v1'],
    alphas: [2],
    controls: { random: 1, shuffled: false },
    outcome: { kind: 'text', contains: 'e' },
    verdict: { bootstraps: 100, permutations: 100 },
    scoredSteps: 1,
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Run r1 and vector v1. */
async function begun(name: string): Promise<void> {
  const {
    vectors: _v,
    alphas: _a,
    controls: _c,
    outcome: _o,
    verdict: _j,
    scoredSteps: _s,
    ...play
  } = settings
  await collectRun({ ...play, capture: { hooks: ['blocks.1.hook_resid_post'] } }, at(name))
  const steps = {
    runIds: ['r1'],
    label: { kind: 'text', contains: 'e' },
    poolings: ['firstGenerated'],
  } as const
  const { record, data } = await makeVector(
    {
      kind: 'contrast',
      steps: { ...steps, runIds: ['r1'], poolings: ['firstGenerated'] },
      settings: { leastPerClass: 1 },
    },
    at(name),
  )
  expect(record.id).toBe('v1')
  expect(data).toHaveLength(16)
}

it('a sweep that is stopped goes on to the verdict of one that was not', async () => {
  await begun('whole')
  const whole = await runSweep(settings, at('whole'))
  expect(whole.status).toBe('done')
  await begun('parts')
  const stop = new AbortController()
  const seen: SweepSummary[] = []
  const paused = await runSweep(settings, {
    ...at('parts'),
    signal: stop.signal,
    onProgress(sweep) {
      seen.push(sweep)
      if (sweep.conditions.some(({ steps }) => steps > 1)) stop.abort()
    },
  })
  expect(seen.length).toBeGreaterThan(0)
  expect(paused).toMatchObject({ status: 'paused', verdict: null })
  const resumed = await resumeSweep(paused.id, at('parts'))
  expect(resumed.verdict).toEqual(whole.verdict)
  const wider = await extendSweep(paused.id, { alphas: [1] }, at('parts'))
  expect(wider.settings.alphas).toEqual([2, 1])
  expect(wider.verdict!.conditions.map(({ title }) => title)).toContain('α = 1')
}, 120_000)

it('a condition is told the usual words, where there are some, and a vector of the very episodes is warned of', async () => {
  await begun('told')
  const warnings: string[] = []
  const options = { ...at('told'), onWarning: (warning: string) => warnings.push(warning) }
  const { outcome: _, ...invalid } = settings
  const {
    conditions,
    settings: asked,
    verdict,
  } = await runSweep(
    { ...invalid, controls: { random: 0, shuffled: false, negated: false, prompt: true } },
    options,
  )
  expect(conditions.map(({ role }) => role)).toEqual(['baseline', 'steered', 'prompt'])
  expect(asked.controls.prompt).toContain('yes/no question')
  expect(warnings.join(' ')).toContain('v1 was made from r1 with seed 0, too')
  expect(verdict!.items.find(({ kind }) => kind === 'origin')).toMatchObject({ colour: 'amber' })
  await expect(runSweep({ ...settings, controls: { prompt: true } }, options)).rejects.toMatchObject({
    code: 'invalid_input',
  })
  const bogus = { ...settings, controls: { prompt: true }, outcome: { kind: 'bogus' } }
  await expect(runSweep(bogus as unknown as RunSweepSettings, options)).rejects.toMatchObject({
    code: 'invalid_input',
    details: { field: 'outcome.kind' },
  })
}, 60_000)

it('what is misspelt or not there is refused', async () => {
  await expect(runSweep(settings, { ...at('none'), workspaces: 'x' } as never)).rejects.toThrow(/workspaces/)
  await expect(runSweep({ ...settings, vectors: ['v9'] }, at('none'))).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(resumeSweep('s9', at('none'))).rejects.toMatchObject({ code: 'not_found' })
  await expect(makeVector({ kind: 'probe', probeId: 'p9' }, at('none'))).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(makeVector({ kind: 'unknown' } as never, at('none'))).rejects.toMatchObject({
    code: 'invalid_input',
  })
})
