// The commands as a person types them: real processes, real files, a real (tiny) model.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSafetensorsHeader, writeSafetensors } from '../main/model/safetensors.ts'
import { Workspace } from '../main/store/workspace.ts'
import { CommandLine, stepsStored } from './support/commandLine.ts'
import { writeTinyModel } from './support/tinyModel.ts'

let folder: string
let model: string
let terminal: CommandLine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-cli-'))
  model = await writeTinyModel(join(folder, 'tiny'))
  terminal = new CommandLine(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const words = (text: string): string[] => text.split(' ')
const short = words('--max-steps 3 --max-new-tokens 5 --objects simple')
const play = [...short, ...words('--episodes 3 --layers 0,1')]
const at = (name: string): string[] => ['--workspace', join(folder, name)]

test('models are added, listed, checked and removed', () => {
  const added = terminal.json('models', 'add', model, ...at('models'))
  expect(added.code).toBe(0)
  expect(added.document).toMatchObject({ id: 'tiny', architecture: 'llama', format: 'safetensors' })
  expect(added.document.dtype).toBe('float32')
  const { hash } = added.document
  expect(terminal.json('models', 'list', ...at('models')).document).toHaveLength(1)
  const shown = terminal.run('models', 'list', ...at('models')).out
  expect(shown).toContain(hash.slice(0, 12))
  expect(shown).toMatch(/ MiB \(16 × 2048\)/)
  expect(shown).toContain('Not checked')
  const checked = terminal.json('models', 'check', 'tiny', ...at('models'))
  expect(checked.document).toMatchObject({ passed: true, stored: true, hash, reference: null })
  expect(checked.document.checks.length).toBeGreaterThan(2)
  const { check } = terminal.json('models', 'list', ...at('models')).document[0]
  expect(check).toMatchObject({ hash, results: checked.document.checks })
  expect(terminal.run('models', 'list', ...at('models')).out).toContain('Self-consistent only')
  expect(terminal.json('models', 'remove', 'tiny', ...at('models')).code).toBe(0)
  expect(terminal.json('models', 'list', ...at('models')).document).toEqual([])
})

test('collect prints what it did, and runs, episodes and statistics can be shown', () => {
  const { document, log } = terminal.json(
    'collect',
    '--model',
    model,
    ...play,
    '--seed',
    '3',
    ...at('collect'),
  )
  expect(document).toMatchObject({ status: 'done', episodes: 3, steps: 9 })
  expect(typeof document.seconds).toBe('number')
  const run = terminal.json('runs', 'show', document.runId, ...at('collect')).document
  expect(run.manifest.modelHash).toMatch(/^[0-9a-f]{64}$/)
  expect(log).toContain(run.name)
  expect(terminal.json('runs', 'list', ...at('collect')).document).toEqual([run])
  const { steps } = terminal.json('episodes', 'show', document.runId, '0', ...at('collect')).document
  expect(steps).toHaveLength(3)
  expect(steps[0]).toMatchObject({ completionIds: expect.any(Array), isInvalid: expect.any(Boolean) })
  expect(steps[0].promptIds.length).toBeGreaterThan(10)
  expect(terminal.run('episodes', 'show', document.runId, '0', ...at('collect')).out).toContain('step 2')
  const statistics = terminal.json('runs', 'statistics', document.runId, ...at('collect')).document
  expect(statistics).toMatchObject({ step: [0, 1, 2], n: [3, 3, 3] })
})

test('episodes are filtered and sorted as in the window', () => {
  const { runId } = terminal.json('collect', '--model', model, ...play, ...at('filter')).document
  const list = (...options: string[]): string[] =>
    terminal
      .json('episodes', 'list', runId, ...options, ...at('filter'))
      .document.episodes.map((e: { task: string }) => e.task)
  const tasks = list('--sort', 'task')
  expect(tasks).toEqual([...tasks].sort())
  expect(tasks).toHaveLength(3)
  expect(list('--sort', 'task', '--descending')).toEqual([...tasks].reverse())
  expect(list('--outcome', 'win')).toEqual([])
  expect(list('--outcome', 'win', 'limit')).toHaveLength(3)
  expect(list('--task', tasks[1].slice(0, 4).toUpperCase())).toContain(tasks[1])
})

test('a run is renamed and removed, and what it would take is told without starting it', () => {
  const estimate = terminal.json('collect', '--model', model, ...play, '--estimate', ...at('manage')).document
  expect(estimate).toMatchObject({ steps: 9, memoryBytes: expect.any(Number) })
  expect(terminal.json('runs', 'list', ...at('manage')).document).toEqual([])
  const { runId } = terminal.json('collect', '--model', 'tiny', ...play, ...at('manage')).document
  expect(terminal.json('runs', 'rename', runId, 'Kept for later', ...at('manage')).code).toBe(0)
  expect(terminal.run('runs', 'list', ...at('manage')).out).toContain('Kept for later')
  expect(terminal.json('runs', 'remove', runId, ...at('manage')).document).toEqual({ removed: runId })
  expect(terminal.json('runs', 'list', ...at('manage')).document).toEqual([])
})

test('activations come as one matrix a hook point, with the values that are stored', async () => {
  const { runId } = terminal.json('collect', '--model', model, ...play, ...at('export')).document
  const out = join(folder, 'captured.safetensors')
  const { document } = terminal.json(
    ...['activations', runId, '--hook', 'blocks.*', '--at', 'meanGenerated'],
    ...['--out', out, ...at('export')],
  )
  expect(document).toMatchObject({ runId, at: 'meanGenerated', steps: 9 })
  const header = await readSafetensorsHeader(out)
  const bytes = await readFile(out)
  const workspace = Workspace.open(join(folder, 'export'), { readOnly: true })
  try {
    for (const hook of ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']) {
      const stored = workspace.activations.matrix({ runId, hook, at: 'meanGenerated' })
      const { shape, offset, byteLength } = header.tensors.get(hook)!
      expect(shape).toEqual(stored.shape)
      const written = new Float32Array(
        bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + byteLength),
      )
      expect(written).toEqual(stored.data)
    }
  } finally {
    workspace.close()
  }
  expect(header.metadata).toMatchObject({ run: runId, axes: 'N D', at: 'meanGenerated' })
}, 60_000)

describe('without a workspace', () => {
  test('the default one is empty, and looking does not make it', () => {
    expect(terminal.json('models', 'list').document).toEqual([])
    expect(terminal.json('runs', 'list').document).toEqual([])
    expect(terminal.json('models', 'check', 'absent').document.error.code).toBe('not_found')
    expect(existsSync(join(folder, 'default'))).toBe(false)
  })

  test('a named one that is not there is an error, and is not made', () => {
    for (const command of [
      'models list',
      'runs list',
      'runs show r1',
      'runs resume r1',
      'runs rename r1 x',
      'runs cancel r1',
      'runs remove r1',
      'models remove tiny',
      'episodes list r1',
      'activations r1 --out x.safetensors',
    ]) {
      const ran = terminal.json(...words(command), ...at('mistyped'))
      expect([command, ran.code, ran.document.error.code]).toEqual([command, 1, 'workspace_missing'])
    }
    expect(existsSync(join(folder, 'mistyped'))).toBe(false)
  }, 60_000)

  test('a model’s path can be checked and run', () => {
    expect(terminal.json('models', 'check', model, ...at('mistyped')).document).toMatchObject({
      passed: true,
      stored: false,
    })
    expect(
      terminal.json('run', '--model', './tiny', '--ids', '1', '--max-new', '1', ...at('mistyped')).code,
    ).toBe(0)
    expect(existsSync(join(folder, 'mistyped'))).toBe(false)
  })
})

test('a run killed with -9 and resumed has the rows of one that was not', async () => {
  const job = words('--episodes 12 --max-steps 6 --max-new-tokens 12 --objects simple --seed 5')
  const whole = terminal.json('collect', '--model', model, ...job, ...at('whole')).document
  const going = terminal.start('collect', '--model', model, ...job, '--batch', '2', ...at('killed'))
  await stepsStored(going, join(folder, 'killed'), 10)
  going.child.kill('SIGKILL')
  await going.ended
  const broken = terminal.json('runs', 'list', ...at('killed')).document[0]
  expect(broken.progress.steps).toBeGreaterThanOrEqual(10)
  expect(broken.progress.steps).toBeLessThan(whole.steps)
  const resumed = terminal.json('runs', 'resume', broken.id, ...at('killed')).document
  expect(resumed).toMatchObject({ status: 'done', steps: whole.steps, invalid: whole.invalid })
  expect(timelessRows(join(folder, 'killed'), broken.id)).toEqual(
    timelessRows(join(folder, 'whole'), whole.runId),
  )
}, 240_000)

/** Every step of a run but for its times. */
function timelessRows(workspaceFolder: string, runId: string): unknown[] {
  const workspace = Workspace.open(workspaceFolder, { readOnly: true })
  try {
    return Array.from({ length: workspace.episodes.count(runId) }, (_, episode) =>
      workspace.steps
        .list(runId, episode)
        .map((step) => ({ ...step, runId: '', prefillMs: 0, decodeMs: 0, oracleMs: 0 })),
    )
  } finally {
    workspace.close()
  }
}

test('Ctrl-C pauses a run; it can be cancelled, and resumed after all', async () => {
  const job = words('--episodes 40 --max-steps 8 --objects simple --max-new-tokens 8 --json')
  const going = terminal.start('collect', '--model', model, ...job, ...at('paused'))
  await stepsStored(going, join(folder, 'paused'), 3)
  going.child.kill('SIGINT')
  const { code, out, log } = await going.ended
  expect(code).toBe(130)
  expect(JSON.parse(out)).toMatchObject({ status: 'paused' })
  expect(log).toContain('runs resume r1')
  expect(terminal.json('runs', 'list', ...at('paused')).document[0].status).toBe('paused')
  expect(terminal.json('runs', 'cancel', 'r1', ...at('paused')).document.status).toBe('cancelled')
  expect(terminal.json('runs', 'cancel', 'r1', ...at('paused')).code).toBe(1)
  expect(terminal.json('runs', 'resume', 'r1', ...at('paused')).document).toMatchObject({ status: 'done' })
}, 60_000)

describe('a person as oracle', () => {
  const asked = (): string[] => [
    ...['collect', '--model', model, ...short, '--oracle', 'human'],
    ...['--episodes', '2', '--batch', '1', '--json'],
  ]

  test('answers from a pipe wait for their questions, none is lost', async () => {
    const going = terminal.start(...asked(), ...at('answered'))
    going.child.stdin.end('n\nI\nyes\ni\nmaybe\nn\ny\n')
    const { code, out, log } = await going.ended
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ status: 'done', steps: 6, invalid: 2 }),
    ])
    expect(log).toContain('Please answer y, n or i.')
    const answers = [0, 1].flatMap((episode) =>
      terminal
        .json('episodes', 'show', 'r1', String(episode), ...at('answered'))
        .document.steps.map((step: { answer: string }) => step.answer),
    )
    expect(answers.join(' ')).toBe('No. Invalid Question. Yes. Invalid Question. No. Yes.')
  }, 60_000)

  test('when answers run out the run is paused and says why, and more answers finish it', async () => {
    const going = terminal.start(...asked(), ...at('ended'))
    going.child.stdin.end('n\nn\n')
    const { code, out, log } = await going.ended
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ status: 'paused', steps: 2 })
    expect(log).toContain('Standard input has ended')
    const resumed = terminal.start('runs', 'resume', 'r1', '--json', ...at('ended'))
    resumed.child.stdin.write('n\n'.repeat(4)) // left open: the command ends all the same
    expect(JSON.parse((await resumed.ended).out)).toMatchObject({ status: 'done', steps: 6 })
  }, 60_000)
})

test('run prints ids and text, and writes logits and activations of every position', async () => {
  const out = join(folder, 'look.safetensors')
  const look = ['run', '--model', model, ...words('--ids 1,2,3,4 --max-new 5 --greedy --logits --out'), out]
  const { document } = terminal.json(...look, '--capture', 'blocks.*.hook_resid_post')
  expect(document.promptIds).toEqual([1, 2, 3, 4])
  const positions = 4 + document.completionIds.length
  const header = await readSafetensorsHeader(out)
  expect(Object.fromEntries([...header.tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
    logits: [1, positions, 259],
    'blocks.0.hook_resid_post': [1, positions, 16],
    'blocks.1.hook_resid_post': [1, positions, 16],
  })
  expect(JSON.parse(header.metadata.axes)).toEqual({
    logits: 'B S V',
    'blocks.0.hook_resid_post': 'B S D',
    'blocks.1.hook_resid_post': 'B S D',
  })
  // By these an intervention tells what another model, or this one computed otherwise, has written.
  expect(header.metadata).toMatchObject({
    model_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    tokenizer_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    compute_dtype: 'float32',
  })
  expect(terminal.json(...look).document.completionIds).toEqual(document.completionIds)
})

test('run changes activations as a file says, with activations of another run of it', async () => {
  const out = join(folder, 'other.safetensors')
  const hook = 'blocks.1.hook_resid_post'
  const ids = words('--ids 1,2,3,4 --max-new 5 --greedy')
  terminal.json('run', '--model', model, ...words('--ids 9,8,7,6 --max-new 1 --capture'), hook, '--out', out)
  const file = join(folder, 'interventions.json')
  const run = async (...interventions: object[]) => {
    await writeFile(file, JSON.stringify({ interventions }))
    return terminal.json('run', '--model', model, ...ids, '--intervene', file)
  }
  const patch = {
    kind: 'patch',
    hook,
    positions: { at: -1 },
    source: { file: 'other.safetensors', tensor: hook },
  }
  const plain = (await run()).document
  const patched = (await run(patch)).document
  expect(patched.completionIds).not.toEqual(plain.completionIds)
  expect(patched.interventions).toEqual([{ name: '1, patch', index: 0, tokens: 1, open: null }])
  const other = terminal.json(
    'run',
    '--model',
    model,
    ...words('--ids 9,8,7,6 --max-new 1 --greedy'),
  ).document
  expect(patched.completionIds[0]).toBe(other.completionIds[0]) // the last layer's last token decides

  expect((await run({ ...patch, positions: { at: 9 } })).document.error.code).toBe('intervention_nowhere')
  expect((await run({ ...patch, hook: 'blocks.1.hook_resid' })).document.error.code).toBe('hook_unknown')
  expect((await run({ ...patch, kind: 'pach' })).document.error.code).toBe('invalid_input')
})

test('collect changes activations in every episode, and says what acted', async () => {
  const vector = join(folder, 'vector.safetensors')
  const data = new Float32Array(16).fill(1)
  await writeSafetensors(vector, [{ name: 'v', dtype: 'F32', shape: [16], data }], {})
  const file = join(folder, 'steer.json')
  const collect = async (further: object) => {
    const push = { name: 'push', kind: 'add', hook: 'blocks.{0,1}.hook_resid_post', positions: 'lastPrompt' }
    const source = { vector: { file: 'vector.safetensors', tensor: 'v' }, alpha: 8 }
    await writeFile(file, JSON.stringify([{ ...push, ...source, ...further }]))
    return terminal.json('collect', '--model', model, ...play, '--intervene', file, ...at('steer'))
  }
  const { document } = await collect({ applyAtSteps: [0, 2] })
  const interventions = [{ index: 0, steps: 6, tokens: 6, open: null }]
  expect(document).toMatchObject({ status: 'done', steps: 9, interventions })
  const { steps } = terminal.json('episodes', 'show', document.runId, '0', ...at('steer')).document
  const acted = [{ index: 0, tokens: 1, open: null }]
  expect(steps.map((step: { interventions: unknown }) => step.interventions)).toEqual([acted, [], acted])
  const { settings, manifest } = terminal.json('runs', 'show', document.runId, ...at('steer')).document
  expect(settings.interventions[0]).toMatchObject({ name: 'push', vector: { file: vector }, alpha: 8 })
  expect(manifest.interventions).toHaveLength(2)
  expect((await collect({ hook: 'blocks.*.hook_resid_pst' })).document.error.code).toBe('hook_unknown')
  expect((await collect({ alpha: 'much' })).document.error.code).toBe('invalid_input')
  const absent = (await collect({ positions: { at: 1500 }, ifAbsent: 'skip' })).document
  expect(absent.error.code).toBe('intervention_unused')
  expect(terminal.json('runs', 'list', ...at('steer')).document).toHaveLength(2)
}, 120_000)

test('run takes text and chat files', async () => {
  const file = join(folder, 'chat.json')
  await writeFile(file, JSON.stringify([{ role: 'user', content: 'Hello' }]))
  const chat = terminal.json('run', '--model', model, '--chat', file, '--max-new', '2').document
  const text = terminal.json('run', '--model', model, '--prompt', 'Hello', '--max-new', '2').document
  expect(text.promptIds).toHaveLength(5)
  expect(chat.promptIds.length).toBeGreaterThan(text.promptIds.length)
})

test('an endpoint is tried with the key of the environment variable', async () => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ choices: [{ message: { content: 'Yes.' } }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const withKey = new CommandLine(folder, undefined, { INNERVIEW_ORACLE_KEY: 'secret' })
  try {
    const tried = await withKey.start('oracle', 'key', 'test', '--url', url, '--model', 'm', '--json').ended
    expect(JSON.parse(tried.out)).toMatchObject({ baseUrl: url, model: 'm', answer: 'yes' })
    expect(seen).toEqual(['Bearer secret'])
    const status = withKey.json('oracle', 'key', 'status', '--url', url)
    expect(status.document).toEqual({ baseUrl: url, stored: true })
  } finally {
    server.close()
  }
})
