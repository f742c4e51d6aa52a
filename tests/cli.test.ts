// The commands as a person types them: real processes, real files, a real (tiny) model.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSafetensorsHeader } from '../main/model/safetensors.ts'
import { Workspace } from '../main/store/workspace.ts'
import { writeTinyModel } from './support/tinyModel.ts'

const cli = fileURLToPath(new URL('../main/cli.ts', import.meta.url))
let folder: string
let model: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-cli-'))
  model = await writeTinyModel(join(folder, 'tiny'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const environment = () => ({ ...process.env, INNERVIEW_CACHE: join(folder, 'cache') })

function innerview(...words: string[]) {
  const ran = spawnSync(process.execPath, [cli, ...words], {
    encoding: 'utf8',
    env: environment(),
    cwd: folder,
  })
  return { code: ran.status, out: ran.stdout, log: ran.stderr }
}

function json(...words: string[]) {
  const ran = innerview(...words, '--json')
  expect(ran.log).not.toMatch(/\n\s+at /) // a stack trace is no message
  return { ...ran, document: JSON.parse(ran.out) }
}

const play = [
  '--episodes',
  '3',
  '--max-steps',
  '3',
  '--max-new-tokens',
  '5',
  '--objects',
  'simple',
  '--layers',
  '0,1',
]

test('models are added, listed, checked and removed', () => {
  const at = ['--workspace', join(folder, 'models')]
  const added = json('models', 'add', model, ...at)
  expect(added.code).toBe(0)
  expect(added.document).toMatchObject({
    id: 'tiny',
    architecture: 'llama',
    format: 'safetensors',
    dtype: 'float32',
  })
  expect(json('models', 'list', ...at).document).toHaveLength(1)
  const checked = json('models', 'check', 'tiny', ...at)
  expect(checked.document).toMatchObject({ passed: true })
  expect(checked.document.checks.length).toBeGreaterThan(2)
  expect(json('models', 'remove', 'tiny', ...at).code).toBe(0)
  expect(json('models', 'list', ...at).document).toEqual([])
})

test('collect prints what it did, and runs and episodes can be shown', () => {
  const at = ['--workspace', join(folder, 'collect')]
  const { document } = json('collect', '--model', model, ...play, '--seed', '3', ...at)
  expect(document).toMatchObject({ status: 'done', episodes: 3 })
  expect(document.steps).toBe(9)
  expect(typeof document.seconds).toBe('number')
  expect(json('runs', 'list', ...at).document[0].id).toBe(document.runId)
  expect(json('runs', 'show', document.runId, ...at).document.manifest.modelHash).toMatch(/^[0-9a-f]{64}$/)
  const { steps } = json('episodes', 'show', document.runId, '0', ...at).document
  expect(steps).toHaveLength(3)
  expect(steps[0]).toMatchObject({ completionIds: expect.any(Array), isInvalid: expect.any(Boolean) })
  expect(steps[0].promptIds.length).toBeGreaterThan(10)
  expect(innerview('episodes', 'show', document.runId, '0', ...at).out).toContain('step 2')
})

test('a run killed with -9 and resumed has the rows of one that was not', async () => {
  const job = [
    '--episodes',
    '12',
    '--max-steps',
    '6',
    '--max-new-tokens',
    '12',
    '--objects',
    'simple',
    '--seed',
    '5',
  ]
  const whole = json('collect', '--model', model, ...job, '--workspace', join(folder, 'whole')).document
  const at = ['--workspace', join(folder, 'killed')]
  const child = spawn(process.execPath, [cli, 'collect', '--model', model, ...job, '--batch', '2', ...at], {
    env: environment(),
    stdio: 'ignore',
  })
  await stepsStored(child, at, 10)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const broken = json('runs', 'list', ...at).document[0]
  expect(broken.progress.steps).toBeGreaterThanOrEqual(10)
  expect(broken.progress.steps).toBeLessThan(whole.steps)
  const resumed = json('runs', 'resume', broken.id, ...at).document
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

function storedSteps(workspaceFolder: string): number {
  if (!existsSync(join(workspaceFolder, 'innerview.db'))) return 0
  try {
    const workspace = Workspace.open(workspaceFolder, { readOnly: true })
    try {
      return workspace.runs.list()[0]?.progress.steps ?? 0
    } finally {
      workspace.close()
    }
  } catch {
    return 0 // it is just being made
  }
}

async function stepsStored(child: ChildProcess, at: string[], wanted: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('The run ended before it could be killed.')
    if (storedSteps(at[1]) >= wanted) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('run prints ids and text, and writes logits and activations of every position', async () => {
  const out = join(folder, 'look.safetensors')
  const words = [
    'run',
    '--model',
    model,
    '--ids',
    '1,2,3,4',
    '--max-new',
    '5',
    '--greedy',
    '--logits',
    '--out',
    out,
  ]
  const { document } = json(...words, '--capture', 'blocks.*.hook_resid_post')
  expect(document.promptIds).toEqual([1, 2, 3, 4])
  const positions = 4 + document.completionIds.length
  const header = await readSafetensorsHeader(out)
  expect(Object.fromEntries([...header.tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
    logits: [positions, 259],
    'blocks.0.hook_resid_post': [positions, 16],
    'blocks.1.hook_resid_post': [positions, 16],
  })
  const again = json(...words).document
  expect(again.completionIds).toEqual(document.completionIds)
})

test('run takes text and chat files', async () => {
  const file = join(folder, 'chat.json')
  await writeFile(file, JSON.stringify([{ role: 'user', content: 'Hello' }]))
  const chat = json('run', '--model', model, '--chat', file, '--max-new', '2').document
  const text = json('run', '--model', model, '--prompt', 'Hello', '--max-new', '2').document
  expect(text.promptIds).toHaveLength(5)
  expect(chat.promptIds.length).toBeGreaterThan(text.promptIds.length)
})

test.each([
  ['a model that is not there', ['collect', '--model', './absent', ...play], 'model_path_missing'],
  ['an unknown model', ['collect', '--model', 'absent', ...play], 'not_found'],
  ['a layer out of range', ['collect', '--model', 'MODEL', '--layers', '7'], 'layer_out_of_range'],
  ['an empty selection', ['collect', '--model', 'MODEL', ...play, '--select', ':50:60'], 'selection_empty'],
  [
    'a selection that is none',
    ['collect', '--model', 'MODEL', ...play, '--select', 'first'],
    'selection_invalid',
  ],
  ['zero episodes', ['collect', '--model', 'MODEL', '--episodes', '0'], 'invalid_input'],
  ['an unknown run', ['runs', 'show', 'r99'], 'not_found'],
  ['an unknown run to browse', ['episodes', 'show', 'r99', '0'], 'not_found'],
  ['no prompt', ['run', '--model', 'MODEL'], 'invalid_input'],
  ['two prompts', ['run', '--model', 'MODEL', '--prompt', 'a', '--ids', '1'], 'invalid_input'],
  ['a token that does not exist', ['run', '--model', 'MODEL', '--ids', '1,259'], 'token_out_of_range'],
  [
    'a hook with a typo',
    ['run', '--model', 'MODEL', '--ids', '1', '--capture', 'blocks.0.hook_resid_pots', '--out', 'x'],
    'hook_unknown',
  ],
  [
    'an oracle that is down',
    ['collect', '--model', 'MODEL', ...play, '--oracle', 'openai', '--oracle-url', 'http://127.0.0.1:9/v1'],
    'oracle_unreachable',
  ],
])(
  '%s is an error with code and cure, and the exit code says so',
  (_name, words, code) => {
    const ran = json(
      ...words.map((word) => (word === 'MODEL' ? model : word)),
      '--workspace',
      join(folder, 'bad'),
    )
    expect(ran.code).toBe(1)
    expect(ran.document.error.code).toBe(code)
    expect(ran.document.error.cure.length).toBeGreaterThan(10)
    expect(ran.log).toContain(ran.document.error.title)
  },
  60_000,
)

test('words that are no numbers and unknown commands are refused', () => {
  expect(innerview('collect', '--model', model, '--episodes', 'many').code).toBe(1)
  expect(innerview('collekt').code).toBe(1)
})

test('a workspace that another process has open can be read but not written', async () => {
  const at = ['--workspace', join(folder, 'busy')]
  const child = spawn(
    process.execPath,
    [cli, 'collect', '--model', model, '--episodes', '200', '--objects', 'simple', ...at],
    {
      env: environment(),
      stdio: 'ignore',
    },
  )
  try {
    await stepsStored(child, at, 1)
    expect(json('runs', 'list', ...at).document).toHaveLength(1)
    expect(json('models', 'add', model, ...at).document.error.code).toBe('workspace_locked')
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}, 60_000)

test('a file that is no workspace and a folder that cannot be written are named', async () => {
  const file = join(folder, 'file')
  await writeFile(file, 'not a folder')
  expect(json('models', 'add', model, '--workspace', join(file, 'w')).document.error.code).toBe(
    'workspace_unwritable',
  )
  const damaged = join(folder, 'damaged')
  json('models', 'add', model, '--workspace', damaged)
  await writeFile(join(damaged, 'innerview.db'), 'x'.repeat(8192))
  expect(json('models', 'list', '--workspace', damaged).document.error.code).toBe('workspace_damaged')
})

test('Ctrl-C pauses a run, and it can be resumed', async () => {
  const at = ['--workspace', join(folder, 'paused')]
  const child = spawn(
    process.execPath,
    [cli, 'collect', '--model', model, '--episodes', '60', '--objects', 'simple', ...at],
    {
      env: environment(),
      stdio: 'ignore',
    },
  )
  await stepsStored(child, at, 3)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(130)
  expect(json('runs', 'list', ...at).document[0].status).toBe('paused')
}, 60_000)
