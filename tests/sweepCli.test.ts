// Vectors and sweeps as a person types them: from a run to a verdict, and on after kill -9.
import { cpSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { npyBytes } from '../main/jobs/probes/npy.ts'
import { buildCommand } from './support/builtCommand.ts'
import { CommandLine, scoresStored, stepsStored } from './support/commandLine.ts'
import { writeTinyModel } from './support/tinyModel.ts'

const width = 16
let folder: string
let terminal: CommandLine
let built: Awaited<ReturnType<typeof buildCommand>>

const words = (text: string): string[] => text.split(' ')
const sweep =
  'sweep --model ./tiny --vector v1 --alphas 1,3 --episodes 6 --max-steps 5 --objects simple --max-new-tokens 30 ' +
  '--outcome text:e --controls random:2,negated,largest --layers none --batch 8 --scored-steps 2'

beforeAll(async () => {
  built = await buildCommand()
  folder = await mkdtemp(join(tmpdir(), 'innerview-sweep-'))
  await writeTinyModel(join(folder, 'tiny'))
  for (const [name, wave] of [
    ['v', Math.cos],
    ['other', Math.sin],
  ] as const) {
    const values = Float64Array.from({ length: width }, (_, i) => wave(i))
    await writeFile(join(folder, `${name}.npy`), npyBytes(values, [width]))
  }
  terminal = new CommandLine(folder, built.program)
  taken('faults')
}, 120_000)
afterAll(async () => {
  for (const path of [folder, built.folder]) await rm(path, { recursive: true, force: true })
})

const taken = (name: string): string[] => {
  const place = ['--workspace', join(folder, name)]
  const ran = terminal.json(
    'vectors',
    'import',
    'v.npy',
    '--model',
    './tiny',
    '--hook',
    'blocks.1.hook_resid_post',
    ...place,
  )
  expect(ran.document.id).toBe('v1')
  return place
}

test('a sweep that was killed goes on to the verdict of one that was not', async () => {
  const whole = taken('whole')
  const ended = terminal.json(...words(sweep), ...whole)
  expect(ended.document.status).toBe('done')
  const broken = taken('broken')
  const going = terminal.start(...words(sweep), ...broken)
  await stepsStored(going, join(folder, 'broken'), 2)
  going.child.kill('SIGKILL')
  await going.ended
  const left = terminal.json('sweeps', 'show', 's1', ...broken).document
  expect(left).toMatchObject({ status: 'interrupted', verdict: null })
  const resumed = terminal.json('sweeps', 'resume', 's1', ...broken).document
  expect(resumed.verdict).toEqual(ended.document.verdict)
  expect(terminal.run('sweeps', 'show', 's1', ...broken).out).toContain('α = 3, random 1')
  expect(terminal.run('sweeps', 'tables', 's1', ...broken).out).toContain('Early (0–4)')
  const compared = terminal.json('compare', 'r1', 'r3', 'r2', ...broken).document
  expect(compared.runs.map(({ runId, pairs }: { runId: string; pairs: number }) => [runId, pairs])).toEqual([
    ...['r1', 'r3', 'r2'].map((run) => [run, 6]),
  ])
  expect(compared.runs[1].metrics[0]).toMatchObject({ metric: 'invalidRate', isPaired: true })
  const names = compared.differences.map(({ setting }: { setting: string }) => setting)
  expect(names.join(' ')).toContain('interventions')
  expect(terminal.run('compare', 'r1', 'r3', ...broken).out).toContain('α = 3')
  expect(terminal.json('sweeps', 'cancel', 's1', ...broken).document.error.code).toBe('run_not_active')
  const wider = terminal.json('sweeps', 'extend', 's1', '--alphas', '1,2,3', ...broken).document
  const before = ended.document.conditions.length
  expect(wider.conditions).toHaveLength(before + 1)
  expect(wider.verdict.conditions.map(({ title }: { title: string }) => title)).toContain('α = 2')
  const forked = terminal.json('runs', 'fork', 'r1', '2', '3', '--temperature', '0.5', ...broken).document
  expect(forked).toMatchObject({ status: 'done', episodes: 1 })
  expect(terminal.run('runs', 'show', forked.runId, ...broken).out).toContain(
    'from step 3 of episode 2 of r1',
  )
}, 240_000)

test('a sweep that was killed while its answers were scored goes on to the same verdict', async () => {
  const whole = taken('scored')
  const ended = terminal.json(...words(sweep), ...whole).document
  const broken = taken('unscored')
  const going = terminal.start(...words(sweep), ...broken)
  await scoresStored(going, join(folder, 'unscored'), 3)
  going.child.kill('SIGKILL')
  await going.ended
  const left = terminal.json('sweeps', 'show', 's1', ...broken).document
  expect(left).toMatchObject({ status: 'done', verdict: null, error: null })
  const resumed = terminal.json('sweeps', 'resume', 's1', ...broken).document
  expect(resumed.verdict).toEqual(ended.verdict)
}, 240_000)

test('a sweep that was killed can be given up, and taken up again', async () => {
  const place = taken('given-up')
  const going = terminal.start(...words(sweep), ...place)
  await stepsStored(going, join(folder, 'given-up'), 2)
  going.child.kill('SIGKILL')
  await going.ended
  expect(terminal.run('sweeps', 'cancel', 's1', ...place).out).toContain('s1 is cancelled.')
  expect(terminal.json('sweeps', 'show', 's1', ...place).document).toMatchObject({
    status: 'cancelled',
    verdict: null,
  })
  expect(terminal.json('sweeps', 'resume', 's1', ...place).document.status).toBe('done')
}, 240_000)

test('controls are named in one list, the instruction in words among them', () => {
  const place = taken('named')
  const asked = 'sweep --model ./tiny --vector v1 --controls random:5,shuffled,negated,prompt --estimate'
  // The vector comes from a file, so it has no shuffled labels.
  expect(terminal.json(...words(asked), ...place).document.conditions).toBe(1 + 4 * (1 + 5 + 1) + 1)
}, 60_000)

test('whatever it steers with, wherever and when: killed, it goes on to the same verdict', async () => {
  const begun = taken('begun')
  terminal.json(
    ...words(
      'collect --model ./tiny --episodes 8 --max-steps 4 --objects simple --layers 1 --max-new-tokens 12',
    ),
    ...begun,
  )
  const each = terminal.json(
    ...words('vector --run r1 --label text:e --pooling first-generated --each step --least 1'),
    ...begun,
  )
  expect(each.document).toMatchObject({ id: 'v2' })
  terminal.json(...words('vectors import other.npy --model ./tiny --hook blocks.1.hook_resid_post'), ...begun)
  const probe = 'probe --run r1 --label text:e --permutations 0 --bootstraps 100 --split grouped3'
  expect(terminal.json(...words(probe), ...begun).code).toBe(0)
  const [whole, broken] = ['whole-all', 'broken-all'].map((name) => {
    cpSync(join(folder, 'begun'), join(folder, name), { recursive: true })
    return ['--workspace', join(folder, name)]
  })
  const all = [
    ...words('sweep --model ./tiny --vector v1,v2 --alphas 2 --episodes 2 --max-steps 4 --objects simple'),
    ...words('--max-new-tokens 12 --unit value-norm --norm-matched --steps 0,1,3 --layers none --batch 8'),
    ...words('--where last-prompt,decay:4 --gate probe:p1@.5 --scored-steps 1'),
    ...words('--controls random:1,shuffled,negated,orthogonal:v3,largest --outcome text:e --prompt say'),
  ]
  const ended = terminal.json(...all, ...whole).document
  expect(ended.status).toBe('done')
  const roles = new Set(ended.conditions.map(({ role }: { role: string }) => role))
  expect([...roles].sort()).toEqual([
    ...['baseline', 'negated', 'orthogonal', 'prompt', 'random', 'shuffled', 'steered'],
  ])
  const going = terminal.start(...all, ...broken)
  await stepsStored(going, join(folder, 'broken-all'), 3, 'r2')
  going.child.kill('SIGKILL')
  await going.ended
  const left = terminal.json('sweeps', 'show', 's1', ...broken).document
  expect(left).toMatchObject({ status: 'interrupted', verdict: null })
  const resumed = terminal.json('sweeps', 'resume', 's1', ...broken).document
  expect(resumed.verdict).toEqual(ended.verdict)
}, 300_000)

test('a direction is learned from what it does to episodes', async () => {
  const place = ['--workspace', join(folder, 'learned')]
  terminal.json(
    ...words(
      'collect --model ./tiny --episodes 4 --max-steps 2 --objects simple --layers 1 --max-new-tokens 6',
    ),
    ...place,
  )
  const { document } = terminal.json(
    ...words('vector --run r1 --label text:e --learn 24 --components 2 --train-episodes 2 --held-out 3'),
    ...words('--outcome text:e --wanted up --where first:2'),
    ...place,
  )
  expect(document).toMatchObject({
    id: 'v1',
    origin: { kind: 'learned', generations: 2, episodesPlayed: 24, heldOut: { episodes: 3 } },
  })
  expect(terminal.run('vectors', 'show', 'v1', ...place).out).toContain('learned over 2 components')
}, 120_000)

test('a vector between two classes of a run’s steps is written for other programs', async () => {
  const place = ['--workspace', join(folder, 'vectors')]
  terminal.json(
    ...words('collect --model ./tiny --episodes 6 --max-steps 3 --objects simple --layers 1'),
    ...place,
  )
  const out = join(folder, 'v.safetensors')
  const made = terminal.json(
    ...words('vector --run r1 --label text:e --pooling first-generated --least 1 --out'),
    out,
    ...place,
  )
  expect(made.document).toMatchObject({ id: 'v1', width, rows: [{ hook: 'blocks.1.hook_resid_post' }] })
  const file = await readFile(out)
  expect(file.toString('latin1')).toContain('blocks.1.hook_resid_post')
  expect(terminal.run('vectors', 'list', ...place).out).toContain('from “without “e”” to “with “e””')
}, 120_000)

test.each([
  ['a vector that is not there', 'sweep --model ./tiny --vector v9', 'not_found'],
  ['a dose that is none', 'sweep --model ./tiny --vector v1 --alphas 0', 'invalid_input'],
  ['an unknown control', 'sweep --model ./tiny --vector v1 --controls some', 'usage_wrong'],
  [
    'usual words for what has none',
    'sweep --model ./tiny --vector v1 --outcome won --controls prompt',
    'usage_wrong',
  ],
  ['a change that no rate makes', 'sweep --model ./tiny --vector v1 --worthwhile 2', 'invalid_input'],
  ['an unknown sweep', 'sweeps show s9', 'not_found'],
  ['an unknown sweep to give up', 'sweeps cancel s9', 'not_found'],
  ['nothing to add', 'sweeps extend s9', 'not_found'],
  ['a fork of nothing', 'runs fork r9 0 0', 'not_found'],
  ['a run that is not there', 'vector --run r9', 'not_found'],
  ['nothing to make a vector from', 'vector', 'usage_wrong'],
  ['a run whose id was left out', 'vector --run --layers 3', 'usage_wrong'],
  ['nothing to learn from', 'vector --learn 100', 'usage_wrong'],
  ['a gate without a probe', 'sweep --model ./tiny --vector v1 --gate probe:p9@.05', 'not_found'],
  ['an ending that no format has', 'vector --run r1 --out v.pt', 'usage_wrong'],
])('%s is an error with code and cure', (_name, line, code) => {
  const ran = terminal.json(...words(line), '--workspace', join(folder, 'faults'))
  expect(ran.code).toBe(1)
  expect(ran.document.error.code).toBe(code)
  expect(ran.document.error.cure.length).toBeGreaterThan(10)
})
