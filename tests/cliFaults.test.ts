// What commands do with words, files and workspaces that are not as they should be.
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildCommand } from './support/builtCommand.ts'
import { CommandLine, stepsStored } from './support/commandLine.ts'
import { writeTinyModel } from './support/tinyModel.ts'

let folder: string
let model: string
let terminal: CommandLine
let built: Awaited<ReturnType<typeof buildCommand>>

beforeAll(async () => {
  built = await buildCommand()
  folder = await mkdtemp(join(tmpdir(), 'innerview-faults-'))
  model = await writeTinyModel(join(folder, 'tiny'))
  terminal = new CommandLine(folder, built.program)
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'empty.txt'), '\n\n')
  await writeFile(join(folder, 'chat.json'), '[{"role":"robot","content":"x"}]')
  terminal.run(...'collect --model ./tiny --episodes 1 --max-steps 1 --objects simple --layers 0'.split(' '))
}, 120_000)
afterAll(async () => {
  for (const path of [folder, built.folder]) await rm(path, { recursive: true, force: true })
})

const words = (text: string): string[] => text.split(' ')
const at = (name: string): string[] => ['--workspace', join(folder, name)]
const collect = 'collect --model tiny --objects simple --episodes 1 --max-steps 1'

test.each([
  ['a model that is not there', 'collect --model ./absent', 'model_path_missing'],
  ['an unknown model', 'collect --model absent', 'not_found'],
  ['a layer out of range', `${collect} --layers 7`, 'layer_out_of_range'],
  ['a hook point that does not exist', `${collect} --hooks blocks.0.hook_x`, 'hook_unknown'],
  ['an empty selection', `${collect} --select :50:60`, 'selection_empty'],
  ['a selection that is none', `${collect} --select first`, 'selection_invalid'],
  ['an unknown run', 'runs show r99', 'not_found'],
  ['an unknown run to browse', 'episodes show r99 0', 'not_found'],
  ['an unknown run to export', 'activations r99 --out a.safetensors', 'not_found'],
  ['a run that is done, to cancel', 'runs cancel r1', 'run_not_active'],
  ['a run that is done, to resume', 'runs resume r1', 'run_not_resumable'],
  ['a hook point that was not captured', 'activations r1 --hook blocks.1.* --out a.st', 'hook_not_captured'],
  ['a folder as output', 'activations r1 --out sub', 'file_unwritable'],
  ['an output in no folder', 'activations r1 --out none/a.st', 'file_unwritable'],
  ['an output of run in no folder', 'run --model tiny --ids 1 --logits --out none/a.st', 'file_unwritable'],
  ['a token that does not exist', 'run --model tiny --ids 1,259', 'token_out_of_range'],
  ['a hook with a typo', 'run --model tiny --ids 1 --capture hook_x --out x', 'hook_unknown'],
  [
    'an oracle that is down',
    `${collect} --oracle openai --oracle-retries 0 --oracle-url http://127.0.0.1:1/v1`,
    'oracle_unreachable',
  ],
])(
  '%s is an error with code and cure, and the exit code says so',
  (_name, line, code) => {
    const ran = terminal.json(...words(line))
    expect(ran.code).toBe(1)
    expect(ran.document.error.code).toBe(code)
    expect(ran.document.error.cure.length).toBeGreaterThan(10)
    expect(ran.log).toContain(ran.document.error.title)
  },
  60_000,
)

test.each([
  ['collect --model tiny --episodes 0', '--episodes'],
  [`${collect} --max-new-tokens 2048`, '--max-new-tokens'],
  [`${collect} --stop nonsense`, '--stop'],
  ['run --model tiny --prompt a --temperature 11', '--temperature'],
  ['run --model tiny --prompt a --top-p 1.1', '--top-p'],
  ['run --model tiny --prompt a --top-k -1', '--top-k'],
  ['run --model tiny --prompt a --max-new 0', '--max-new'],
  ['run --model tiny --prompt a --seed -1', '--seed'],
  ['run --model tiny --ids 4294967297', '--ids'],
  ['run --model tiny', '--prompt'],
  ['run --model tiny --prompt a --ids 1', '--prompt'],
  ['run --model tiny --prompt a --logits', '--out'],
  ['run --model tiny --chat chat.json', '--chat'],
  ['run --model tiny --chat empty.txt', '--chat'],
  ['episodes list r1 --limit 0', '--limit'],
  ['episodes list r1 --min-invalid 2', '--min-invalid'],
  ['oracle key status --url nonsense', '--url'],
])(
  '“%s” is refused by the name of the option',
  (line, option) => {
    const { code, document } = terminal.json(...words(line))
    expect([code, document.error.code]).toEqual([1, 'invalid_input'])
    expect(document.error.details.field).toMatch(new RegExp(`^${option}(\\.|$)`))
  },
  60_000,
)

test.each([
  ['collekt', /unknown command/],
  ['runs', /A command is missing/],
  ['runs show', /missing required argument/],
  ['collect', /--model/],
  ['collect --model tiny --episodes many', /Expected a whole number/],
  ['run --model tiny --ids 1,x', /Expected a whole number/],
  ['runs list --shiny', /unknown option '--shiny'/],
  ['runs list --workspace= ', /Expected the path of a folder/],
])('“%s” is not understood, in JSON too', (line, message) => {
  const plain = terminal.run(...words(line))
  expect([plain.code, plain.out]).toEqual([1, ''])
  expect(plain.log).toMatch(/Usage: innerview|--help shows what there is/)
  const { code, document } = terminal.json(...words(line))
  expect([code, document.error.code]).toEqual([1, 'usage_wrong'])
  expect(document.error.message).toMatch(message)
})

test('help and version are no errors', () => {
  for (const line of ['--help', 'help collect', 'runs --help', '--version']) {
    const { code, out, log } = terminal.run(...words(line))
    expect([line, code, log]).toEqual([line, 0, ''])
    expect(out.length).toBeGreaterThan(4)
  }
})

test('an empty key is not stored', async () => {
  const going = terminal.start('oracle', 'key', 'set', '--url', 'http://127.0.0.1:1/v1', '--json')
  going.child.stdin.end('\n')
  const { code, out } = await going.ended
  expect(code).toBe(1)
  expect(JSON.parse(out).error.details.field).toBe('standard input')
})

test('a workspace that another process has open can be read but not written', async () => {
  const going = terminal.start(
    ...words('collect --model tiny --episodes 200 --objects simple'),
    ...at('busy'),
  )
  try {
    await stepsStored(going, join(folder, 'busy'), 1)
    expect(terminal.json('runs', 'list', ...at('busy')).document).toHaveLength(1)
    const out = join(folder, 'beside.safetensors')
    expect(terminal.json('activations', 'r1', '--out', out, ...at('busy')).code).toBe(0)
    for (const line of ['models add ./tiny', 'collect --model tiny', 'runs cancel r1', 'runs remove r1'])
      expect(terminal.json(...words(line), ...at('busy')).document.error.code).toBe('workspace_locked')
  } finally {
    going.child.kill('SIGKILL')
    await going.ended
  }
}, 60_000)

test('a file that is no workspace and a folder that cannot be written are named', async () => {
  const file = join(folder, 'file')
  await writeFile(file, 'not a folder')
  const refused = terminal.json('models', 'add', model, '--workspace', join(file, 'w'))
  expect(refused.document.error.code).toBe('workspace_unwritable')
  const damaged = join(folder, 'damaged')
  terminal.json('models', 'add', model, '--workspace', damaged)
  await writeFile(join(damaged, 'innerview.db'), 'x'.repeat(8192))
  expect(terminal.json('models', 'list', '--workspace', damaged).document.error.code).toBe(
    'workspace_damaged',
  )
})

test('Ctrl-C before there is a result still leaves one JSON document', async () => {
  const server = createServer() // hears the question and never answers
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  try {
    const going = terminal.start('oracle', 'key', 'test', '--url', url, '--json')
    await once(server, 'request')
    going.child.kill('SIGINT')
    const { code, out } = await going.ended
    expect([code, JSON.parse(out)]).toEqual([130, { interrupted: true }])
  } finally {
    server.close()
  }
})
