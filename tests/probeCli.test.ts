// `probe`, `datasets` and `probes` as a person types them, built as they ship: real processes, the embedded model, files of other programs.
import { zipSync } from 'fflate'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { npyBytes } from '../main/jobs/probes/npy.ts'
import { readSafetensorsHeader, writeSafetensors } from '../main/model/safetensors.ts'
import { Workspace } from '../main/store/workspace.ts'
import { buildCommand } from './support/builtCommand.ts'
import { CommandLine, type Going } from './support/commandLine.ts'

let folder: string
let built: string
let terminal: CommandLine
const words = (text: string): string[] => text.split(' ')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-probe-'))
  const { folder: where, program } = await buildCommand()
  built = where
  terminal = new CommandLine(folder, program)
  const ran = terminal.run(
    ...words('collect --model embedded --workspace w --episodes 12 --max-steps 8 --layers 2,3'),
  )
  expect(ran.code).toBe(0)
}, 180_000)
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(built, { recursive: true, force: true })
})
const probe = (text: string) => terminal.json('probe', '--workspace', 'w', ...words(text))

/** Resolves when the newest probe of a workspace has cells. */
async function cellsStored({ child }: Going, workspaceFolder: string): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('It ended before it had a cell.')
    const workspace = Workspace.open(workspaceFolder, { readOnly: true })
    const [latest] = workspace.probes.list()
    const cells = latest.status === 'running' ? workspace.probes.cells(latest.id).length : 0
    workspace.close()
    if (cells > 0) return cells
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a probe is trained on a run, listed, shown, written to a file and removed', async () => {
  const { code, document } = probe(
    '--run r1 --layers 3 --permutations 5 --bootstraps 100 --export p.safetensors',
  )
  expect(code).toBe(0)
  expect(document).toMatchObject({ id: 'p1', dataSetId: 'd1', layer: 3, pooling: 'lastPrompt' })
  expect(document.figures.auroc.value).toBeGreaterThan(0.7)
  const { tensors, metadata } = await readSafetensorsHeader(join(folder, 'p.safetensors'))
  expect(tensors.get('direction')!.shape).toEqual([document.data.width])
  expect(metadata).toMatchObject({
    ...{ hook: 'blocks.3.hook_resid_post', probe: 'p1', compute_dtype: 'float32' },
  })
  expect(terminal.run(...words('probes list --workspace w')).out).toMatch(/p1 +done +d1 +3 +lastPrompt/)
  expect(terminal.run(...words('probes show p1 --workspace w')).out).toContain('probe − rival')
  expect(terminal.run(...words('datasets show d1 --workspace w')).out).toContain(
    'blocks.{layer}.hook_resid_post, layers 3',
  )
  expect(terminal.run(...words('probes export p1 --out p.npz --workspace w')).code).toBe(0)
  expect((await readFile(join(folder, 'p.npz'))).subarray(0, 2).toString()).toBe('PK')
  expect(terminal.run(...words('datasets remove d1 --workspace w')).code).toBe(0)
  expect(terminal.json(...words('probes show p1 --workspace w')).document.status).toBe('done')
  expect(terminal.run(...words('probes remove p1 --workspace w')).code).toBe(0)
  expect(terminal.json(...words('probes list --workspace w')).document).toEqual([])
})

test('a probe is read while a run is played, every step of it, and its hook point captured for that', () => {
  const { id } = probe('--run r1 --layers 3 --permutations 0 --bootstraps 100').document
  const collect = `collect --model embedded --workspace w --episodes 2 --max-steps 3 --layers none --seed 9`
  const { code, log, out } = terminal.run(...words(`${collect} --probe ${id}`))
  expect(code).toBe(0)
  const lines = log.split('\n').filter((line) => /^episode \d step \d {2}\.?\d/.test(line))
  expect(new Set(lines.map((line) => line.slice(0, 16))).size).toBe(lines.length)
  expect(lines).toHaveLength(Number(/(\d+) steps/.exec(out)![1]))
  expect(lines.every((line) => / [01]\.\d\d( !)? {2}(valid|invalid|win)$/.test(line))).toBe(true)
  expect(out).toContain(`Probe ${id}: mean`)
  const document = terminal.json(...words(`${collect} --probe ${id}`)).document
  expect(document.probe.episodes).toHaveLength(2)
  for (const { mean, max } of document.probe.episodes) expect(max).toBeGreaterThanOrEqual(mean)
  const unknown = terminal.json(...words(`${collect} --probe p99`))
  expect([unknown.code, unknown.document.error.code]).toEqual([1, 'not_found'])
})

test('a training that was killed is interrupted, keeps its cells and goes on with the others', async () => {
  const options =
    '--run r1 --layers 2,3 --pooling last-prompt,mean-prompt,mean-generated --permutations 30 --bootstraps 100'
  const whole = probe(options).document
  const going = terminal.start('probe', '--workspace', 'w', ...words(options))
  const cells = await cellsStored(going, join(folder, 'w'))
  going.child.kill('SIGKILL')
  await going.ended
  const [latest] = terminal.json(...words('probes list --workspace w')).document
  expect(latest.status).toBe('interrupted')
  expect(cells).toBeGreaterThan(0)
  const resumed = terminal.json(...words(`probes resume ${latest.id} --workspace w`))
  expect(resumed.code).toBe(0)
  const timeless = ({ id: _, dataSetId: _set, seconds: _seconds, ...document }: Record<string, unknown>) =>
    document
  expect(timeless(resumed.document)).toEqual(timeless(whole))
})

test('its direction steers: the file is a source for interventions', async () => {
  probe('--run r1 --layers 3 --permutations 0 --bootstraps 100 --export steer.safetensors')
  const vector = { file: 'steer.safetensors', tensor: 'direction' }
  const add = {
    kind: 'add',
    hook: 'blocks.3.hook_resid_post',
    positions: 'lastPrompt',
    vector,
    alpha: 2,
  }
  await writeFile(join(folder, 'plan.json'), JSON.stringify([add]))
  const ran = terminal.json(
    ...words('run --model embedded --prompt hello --max-new-tokens 2 --intervene plan.json'),
  )
  expect(ran.code).toBe(0)
  expect(ran.document.interventions).toHaveLength(1)
})

test('a sweep over layers and poolings replays what was not stored', () => {
  const { code, document } = probe(
    '--run r1 --layers 1,3 --pooling last-prompt,last --replay --permutations 0 --bootstraps 100',
  )
  expect(code).toBe(0)
  expect(
    document.cells.map(({ layer, pooling }: { layer: number; pooling: string }) => `${layer} ${pooling}`),
  ).toEqual(['1 lastPrompt', '1 last', '3 lastPrompt', '3 last'])
})

test.each([
  ['', 'usage_wrong', '--run'],
  ['--run r9', 'not_found', 'r9'],
  ['--run r1 --steps 50-', 'data_set_empty', 'there are 0 to 7'],
  ['--run r1 --label hand:mood', 'data_set_empty', 'set “mood”'],
  ['--run r1 --seed -1', 'invalid_input', '--seed'],
  ['--run r1 --estimator lda --class-weight balanced', 'invalid_input', '--class-weight'],
  ['--run r1 --layers 4', 'data_set_not_captured', '--replay'],
  ['--run r1 --layers 99', 'layer_out_of_range', '0 to 5'],
  ['--run r1 --split grouped50', 'probe_too_few_groups', '50'],
  ['--run r1 --label prompt-text:e', 'probe_one_class', 'with “e”'],
  ['--run r1 --pooling middle', 'usage_wrong', '--pooling'],
  ['--run r1 --c -1', 'invalid_input', '--c'],
  ['--run r1 --export p.pt', 'usage_wrong', '.safetensors'],
])('`probe %s` is refused in words', (text, code, part) => {
  const { code: exit, document } = probe(text || '--seed 1')
  expect(exit).toBe(1)
  expect(document.error.code).toBe(code)
  expect(document.error.message + document.error.cure).toContain(part)
})

/** 40 rows of 10 groups; the first feature tells the class, the second is its group. */
const X = Float64Array.from({ length: 80 }, (_, i) => {
  const row = Math.floor(i / 2)
  return i % 2 === 0 ? (row % 2 === 0 ? -1 : 1) + Math.sin(row) / 4 : Math.cos(row)
})
const y = Float64Array.from({ length: 40 }, (_, row) => row % 2)
const groups = Float64Array.from({ length: 40 }, (_, row) => Math.floor(row / 4))

test('foreign features are probed without workspace or model, the same from .npz and .safetensors', async () => {
  const npz = zipSync({
    'X.npy': npyBytes(X, [40, 2]),
    'y.npy': npyBytes(y, [40]),
    'groups.npy': npyBytes(groups, [40]),
  })
  await writeFile(join(folder, 'f.npz'), npz)
  await writeSafetensors(join(folder, 'f.safetensors'), [
    { name: 'features', dtype: 'F64', shape: [40, 2], data: X },
    { name: 'label', dtype: 'I32', shape: [40], data: Int32Array.from(y) },
    { name: 'groups', dtype: 'I64', shape: [40], data: BigInt64Array.from(groups, BigInt) },
  ])
  const options = '--split episode --solver lbfgs --tolerance 1e-10 --permutations 20 --bootstraps 100'
  const one = terminal.json('probe', ...words(`--features f.npz ${options}`))
  const other = terminal.json(
    'probe',
    ...words(`--features f.safetensors --x features --labels label ${options}`),
  )
  expect(one.code).toBe(0)
  expect(one.document).toEqual(other.document)
  expect(one.document).toMatchObject({ accuracy: 1, auroc: 1, converged: true })
  expect(one.document.testGroups).toHaveLength(2)
  expect(one.document.coefficients[0][0]).toBeGreaterThan(Math.abs(one.document.coefficients[0][1]))
  expect(terminal.run('probe', ...words('--features f.npz')).out).toContain('random features')
})

test.each([
  ['--features none.npz', 'array_unreadable'],
  ['--features bad.npz', 'array_unreadable'],
  ['--features nan.npz', 'probe_not_finite'],
  ['--features nan.npz --x y', 'array_unreadable'],
  ['--features nan.npz --labels X', 'array_unreadable'],
  ['--features nan.npz --split object', 'invalid_input'],
  ['--features nan.npz --run r1', 'usage_wrong'],
])('`probe %s` is refused in words', async (text, code) => {
  await writeFile(join(folder, 'bad.npz'), 'no archive')
  const broken = X.map((value, i) => (i === 7 ? NaN : value))
  await writeFile(
    join(folder, 'nan.npz'),
    zipSync({
      'X.npy': npyBytes(broken, [40, 2]),
      'y.npy': npyBytes(y, [40]),
      'groups.npy': npyBytes(groups, [40]),
    }),
  )
  const { code: exit, document } = terminal.json('probe', ...words(text))
  expect(exit).toBe(1)
  expect(document.error.code).toBe(code)
})
