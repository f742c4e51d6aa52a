import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { Workspace } from '../store/workspace.ts'
import { collectRun, resumeRun, type ChooseStep, type CollectRunSettings } from './collectRun.ts'

let folder: string
let settings: CollectRunSettings
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-collect-run-'))
  settings = {
    model: await writeTinyModel(join(folder, 'tiny')),
    environment: { name: 'number_hunt', maxSteps: 4 },
    oracle: { kind: 'kb' },
    sampling: { maxNewTokens: 30 },
    capture: {},
    episodes: 4,
    batch: 2,
    interventions: [
      { name: 'off', kind: 'zeroAblate', hook: 'blocks.*.hook_attn_out', positions: 'allPrompt' },
      { kind: 'zeroAblate', hook: 'blocks.1.hook_mlp_out', positions: 'lastPrompt' },
    ],
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => ({ workspace: join(folder, name), cacheFolder: join(folder, 'cache') })
const choose: ChooseStep = ({ step, promptIds }) =>
  step === 0 ? [] : promptIds.length % 2 === 0 ? ['off'] : ['off', 1, 'off']
const chooser = { name: 'by length', choose }

function stored(name: string): unknown[] {
  const workspace = Workspace.open(at(name).workspace, { readOnly: true })
  try {
    return [0, 1, 2, 3].flatMap((episode) =>
      workspace.steps
        .list('r1', episode)
        .map(({ prefillMs: _p, decodeMs: _d, oracleMs: _o, ...rest }) => rest),
    )
  } finally {
    workspace.close()
  }
}

it('stores a run whose steps a program chose for, and goes on with it after a stop', async () => {
  const whole = await collectRun(settings, { ...at('whole'), chooser })
  expect(whole).toMatchObject({ status: 'done', manifest: { chooser: 'program: by length' } })
  const stop = new AbortController()
  const asked: number[] = []
  const counting = {
    ...chooser,
    choose: ((situation, signal) => {
      asked.push(situation.step)
      if (asked.length === 6) stop.abort()
      return choose(situation, signal)
    }) satisfies ChooseStep,
  }
  const paused = await collectRun(settings, { ...at('parts'), chooser: counting, signal: stop.signal })
  expect(paused.status).toBe('paused')
  const before = paused.progress.steps
  expect(before).toBeLessThan(16)
  asked.length = 0
  const resumed = await resumeRun(paused.id, { ...at('parts'), chooser: counting })
  expect(resumed.status).toBe('done')
  expect(asked).toHaveLength(16 - before)
  expect(stored('parts')).toEqual(stored('whole'))
})

it('does not go on without the rule that it began with, nor under another name', async () => {
  const stop = new AbortController()
  const stopping: ChooseStep = ({ step }) => {
    if (step === 1) stop.abort()
    return []
  }
  const options = { ...at('rules'), chooser: { name: 'mine', choose: stopping }, signal: stop.signal }
  const { id, status } = await collectRun(settings, options)
  expect(status).toBe('paused')
  await expect(resumeRun(id, at('rules'))).rejects.toMatchObject({ code: 'run_differs' })
  await expect(resumeRun(id, { ...at('rules'), chooser })).rejects.toThrow(
    /what chooses interventions was program: mine, is program: by length/,
  )
  const again = { ...at('rules'), chooser: { name: 'mine', choose: () => [] } }
  expect((await resumeRun(id, again)).status).toBe('done')
})

it('takes nothing from a rule for nothing done, and ends with an error for what is no list', async () => {
  const saying = (said: unknown) =>
    collectRun(settings, { ...at('nothing'), chooser: { name: 'odd', choose: () => said as [] } })
  const { progress } = await saying(undefined)
  expect(progress.interventions).toEqual([])
  await expect(saying({ interventions: [0] })).rejects.toThrow(
    /odd gives a list of names or places, not object/,
  )
})

it('ends with an error for an intervention that the run does not have, and for settings that are wrong', async () => {
  const wrong = (chosen: string | number) =>
    collectRun(settings, { ...at('wrong'), chooser: { name: 'bad', choose: () => [chosen] } })
  await expect(wrong('on')).rejects.toThrow(/no intervention “on”/)
  await expect(wrong(2)).rejects.toThrow(/no intervention “2”/)
  await expect(collectRun({ ...settings, episodes: 0 }, at('wrong'))).rejects.toMatchObject({
    code: 'invalid_input',
  })
  const typo = [{ kind: 'zeroAblate' as const, hook: 'blocks.*.hook_atn_out', positions: 'all' as const }]
  await expect(collectRun({ ...settings, interventions: typo }, at('wrong'))).rejects.toMatchObject({
    code: 'hook_unknown',
  })
  await expect(resumeRun('r99', at('wrong'))).rejects.toMatchObject({ code: 'not_found' })
})
