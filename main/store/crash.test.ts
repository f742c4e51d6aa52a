// What is left after a process that writes is killed at a random instant.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleHook, samplePositions, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { Workspace } from './workspace.ts'

const ROUNDS = 8
const WRITER = join(import.meta.dirname, '../../tests/fixtures/store/appendForever.ts')
let folder: string

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'innerview-crash-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Lets the writer store some steps and a little more, then kills it. @returns the steps it told of */
async function writeAndKill(steps: number, extraMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const enough = new Promise<void>((resolve) => {
    if (steps === 0) resolve()
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      if (told.split('\n').length > steps) resolve()
    })
  })
  const ended = once(child, 'close')
  await Promise.race([enough, ended])
  await new Promise((resolve) => setTimeout(resolve, extraMs))
  child.kill('SIGKILL')
  await ended
  expect(complaint).toBe('')
  return told.split('\n').slice(0, -1)
}

/** Every stored step is whole, and sums and files agree with the steps. @returns `episode step` of each */
function requireWhole(workspace: Workspace): string[] {
  const check = workspace.connection.prepare<[], { integrity_check: string }>('PRAGMA integrity_check')
  expect(check.all()).toEqual([{ integrity_check: 'ok' }])
  expect(workspace.connection.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  const stored: string[] = []
  for (let episode = 0; episode < workspace.episodes.count('r1'); episode++) {
    const steps = workspace.steps.list('r1', episode)
    const summary = workspace.episodes.get('r1', episode)
    expect(summary.steps).toBe(steps.length)
    expect(summary.outcome).toBe(steps.length === 5 ? 'limit' : 'running')
    for (const { step, promptIds } of steps) {
      const expected = sampleStep('r1', episode, step).record
      expect(promptIds).toEqual(expected.promptIds)
      const read = workspace.activations.positions({ runId: 'r1', episode, step, hook: sampleHook })
      expect(read.data).toEqual(samplePositions(episode, step, 64))
      stored.push(`${episode} ${step}`)
    }
  }
  expect(workspace.runs.get('r1').progress.steps).toBe(stored.length)
  return stored
}

/** Every file is a complete safetensors file: its tensors fill it to the end. @returns how many there are */
function requireSealed(): number {
  const files = readdirSync(join(folder, 'activations', 'r1'))
  for (const name of files) {
    const file = readFileSync(join(folder, 'activations', 'r1', name))
    const length = Number(file.readBigUInt64LE())
    const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
      string,
      { data_offsets: number[] }
    >
    expect(8 + length + Object.values(header).at(-1)!.data_offsets[1]).toBe(file.length)
  }
  return files.length
}

/** Kills a writer, opens what it left and checks it against what was told and what was there before. */
async function survive(before: string[], steps: number, extraMs: number): Promise<string[]> {
  const told = await writeAndKill(steps, extraMs)
  const workspace = Workspace.open(folder)
  const stored = workspace.runs.list().length > 0 ? requireWhole(workspace) : []
  expect(stored).toEqual(expect.arrayContaining([...before, ...told]))
  // The last one may have been stored and not yet told.
  expect(stored.length - before.length - told.length).toBeGreaterThanOrEqual(0)
  expect(stored.length - before.length - told.length).toBeLessThanOrEqual(1)
  workspace.close()
  return stored
}

test('a writer killed while it stores loses at most that step, and goes on from there', async () => {
  let stored: string[] = []
  for (let round = 0; round < ROUNDS; round++) stored = await survive(stored, 3 + 2 * round, round * 1.7)
  expect(stored.length).toBeGreaterThan(3 * ROUNDS)
  expect(requireSealed()).toBeGreaterThan(ROUNDS)
}, 60_000)

test('a writer killed while it opens the workspace leaves it as it was', async () => {
  let stored = await survive([], 7, 0)
  for (let round = 0; round < ROUNDS; round++) stored = await survive(stored, 0, 80 + round * 12)
  requireSealed()
}, 60_000)
