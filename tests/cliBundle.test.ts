// The command that package.json names: the built file, as it runs without the sources.
import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { builtFiles } from '../scripts/build.ts'
import { buildCommand } from './support/builtCommand.ts'
import { CommandLine } from './support/commandLine.ts'
import { writeTinyModel } from './support/tinyModel.ts'

let built: Awaited<ReturnType<typeof buildCommand>>

beforeAll(async () => {
  built = await buildCommand()
}, 120_000)
afterAll(() => rmSync(built.folder, { recursive: true, force: true }))

test('is a program that a build makes', () => {
  expect(builtFiles.map((file) => `./out/${file}`)).toContain(manifest.bin.innerview)
  if (process.platform !== 'win32') expect(statSync(built.program).mode & 0o111).toBe(0o111)
  const { stdout } = spawnSync(process.execPath, [built.program, '--version'], { encoding: 'utf8' })
  expect(stdout).toBe(`${manifest.version}\n`)
})

test('plays a run with its own worker, oracle and store', async () => {
  const model = await writeTinyModel(join(built.folder, 'tiny'))
  const terminal = new CommandLine(built.folder, built.program)
  const play = '--episodes 2 --max-steps 2 --max-new-tokens 4 --objects simple --layers 0'.split(' ')
  const { document } = terminal.json('collect', '--model', model, ...play)
  expect(document).toMatchObject({ status: 'done', episodes: 2, steps: 4 })
  expect(terminal.json('runs', 'show', document.runId).document.manifest.modelName).toBe('tiny')
})

test('serves the page that was built beside it, and says so where there is none', () => {
  const terminal = new CommandLine(built.folder, built.program)
  const { code, document } = terminal.json('serve')
  expect([code, document.error.details.field]).toEqual([1, 'out/renderer'])
})
