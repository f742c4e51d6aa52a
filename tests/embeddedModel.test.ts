// The model that ships with the app behaves as its card says. Intervals, since a better training may change every text.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectSettings, type StepRecord } from '../main/contract/runs.ts'
import { openEngine } from '../main/jobs/engineService.ts'
import { resourcesFolder } from '../main/resourcesFolder.ts'
import { Workspace } from '../main/store/workspace.ts'
import { CommandLine } from './support/commandLine.ts'

const episodes = 20
/** A collect of 20 episodes; generous, since tests share the cores. */
const limitMs = 60_000
const middle = 'blocks.3.hook_resid_post'

let folder: string
let steps: StepRecord[]
/** [N, D] at the last prompt tokens, in the order of `steps`. */
let states: Float32Array[]
let seconds: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-embedded-'))
  const place = join(folder, 'workspace')
  const engine = await openEngine({
    workspaceFolder: place,
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  const never = new AbortController().signal
  const { id, shape } = await engine.models.findOrAdd('embedded', () => {}, never)
  expect(middle).toContain(`.${Math.floor(shape.layers / 2)}.`)
  const settings = collectSettings.parse({
    modelId: id,
    environment: { name: 'twenty_questions' },
    oracle: { kind: 'kb' },
    episodes,
    seed: 2026,
    sampling: {},
    capture: { hooks: [middle], positions: 'decision' },
  })
  const began = performance.now()
  const run = await engine.runs.ended((await engine.runs.start(settings)).id)
  seconds = (performance.now() - began) / 1000
  expect(run.error).toBeNull()
  steps = Array.from({ length: episodes }, (_, e) => engine.episodes.steps(run.id, e)).flat()
  await engine.close()
  const workspace = Workspace.open(place, { readOnly: true })
  const { data, shape: size } = workspace.activations.matrix({
    runId: run.id,
    hook: middle,
    at: 'lastPrompt',
  })
  workspace.close()
  expect(size[0]).toBe(steps.length)
  states = steps.map((_, i) => data.subarray(i * size[1], (i + 1) * size[1]))
}, 2 * limitMs)
afterAll(() => rm(folder, { recursive: true, force: true }))

const share = <T>(list: readonly T[], holds: (one: T) => boolean): number =>
  list.filter(holds).length / list.length

const meanOf = (rows: Float32Array[]): number[] =>
  Array.from(rows[0], (_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length)

/** Chance that an invalid step scores above a valid one. */
function rankedApart(scores: readonly { score: number; isInvalid: boolean }[]): number {
  const above = scores.filter((one) => one.isInvalid).map(({ score }) => score)
  const below = scores.filter((one) => !one.isInvalid).map(({ score }) => score)
  return share(
    above.flatMap((a) => below.map((b) => a - b)),
    (difference) => difference > 0,
  )
}

describe('the embedded model', () => {
  test('plays twenty episodes within a minute', () => {
    expect(steps.length).toBeGreaterThan(episodes * 10)
    expect(seconds).toBeLessThan(limitMs / 1000)
  })

  test('says something invalid at about half of its steps, early and late', () => {
    expect(share(steps, (step) => step.isInvalid)).toBeGreaterThan(0.35)
    expect(share(steps, (step) => step.isInvalid)).toBeLessThan(0.65)
    for (const part of [steps.filter(({ step }) => step < 10), steps.filter(({ step }) => step >= 10)]) {
      expect(share(part, (step) => step.isInvalid)).toBeGreaterThan(0.3)
      expect(share(part, (step) => step.isInvalid)).toBeLessThan(0.7)
    }
  })

  test('varies its words, ends its messages, and asks real questions', () => {
    expect(new Set(steps.map((step) => step.completion)).size).toBeGreaterThan(steps.length / 3)
    expect(share(steps, (step) => step.finish === 'stop')).toBeGreaterThan(0.98)
    const answered = steps.filter((step) => /^(Yes|No)/.test(step.answer))
    expect(share(answered, (step) => /^(Is|Does|Can|Do|Would) .+\?$/.test(step.completion))).toBeGreaterThan(
      0.95,
    )
  })

  test('shows in its middle layer, before it speaks, what it will do', () => {
    const half = steps.map(({ episode }) => episode % 2 === 0)
    const of = (isInvalid: boolean): number[] =>
      meanOf(states.filter((_, i) => half[i] && steps[i].isInvalid === isInvalid))
    const [invalid, valid] = [of(true), of(false)]
    const scores = steps
      .map(({ isInvalid }, i) => ({
        isInvalid,
        score: states[i].reduce((sum, x, d) => sum + x * (invalid[d] - valid[d]), 0),
      }))
      .filter((_, i) => !half[i])
    expect(rankedApart(scores)).toBeGreaterThan(0.75)
  })

  test('answers to its name in the terminal, in a new workspace and without one', () => {
    const terminal = new CommandLine(folder)
    const asked = ['--prompt', 'Hello', '--max-new', '4']
    expect(terminal.json('run', '--model', 'embedded', ...asked).code).toBe(0)
    const place = ['--workspace', join(folder, 'other'), '--episodes', '1', '--max-steps', '2']
    const { document } = terminal.json('collect', '--model', 'embedded', ...place)
    expect(document).toMatchObject({ status: 'done', steps: 2 })
  }, 60_000)
})
