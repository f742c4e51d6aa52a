import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { readSafetensorsHeader } from '../model/safetensors.ts'
import { Workspace } from '../store/workspace.ts'
import { exportActivations, type ActivationExport } from './exportActivations.ts'

const hooks = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']
const STEPS = 150
let folder: string
let writer: Workspace
let runId: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-export-'))
  writer = Workspace.open(folder)
  runId = writer.runs.create(sampleRun({ hooks })).id
  // 300 rows: more than are in memory at once.
  for (const episode of [0, 1]) {
    writer.episodes.begin(runId, { episode, task: 'x', state: {} })
    for (let step = 0; step < STEPS; step++) append(episode, step)
  }
})
afterAll(() => {
  writer.close()
  rmSync(folder, { recursive: true })
})

function append(episode: number, step: number): void {
  const stored = sampleStep(runId, episode, step)
  const [capture] = stored.captures
  const captures = hooks.map((hook, layer) => ({
    ...capture,
    hook,
    lastPrompt: capture.lastPrompt.map((value) => value + layer),
    meanPrompt: step === 0 ? null : capture.meanPrompt,
  }))
  const record = { ...stored.record, capturedHooks: hooks, isInvalid: (episode + step) % 3 === 0 }
  writer.steps.append({ ...stored, record, captures })
}

const never = new AbortController().signal
const out = (): string => join(folder, 'out.safetensors')
const write = (changes: Partial<ActivationExport> = {}, tell = (): void => {}, signal = never) =>
  exportActivations(
    { workspaceFolder: folder, runId, hooks: [], at: 'lastPrompt', out: out(), ...changes },
    tell,
    signal,
  )

/** Bytes of one tensor of the file. */
async function tensor(name: string): Promise<{ shape: readonly number[]; bytes: ArrayBuffer }> {
  const { shape, offset, byteLength } = (await readSafetensorsHeader(out())).tensors.get(name)!
  return { shape, bytes: new Uint8Array(readFileSync(out()).subarray(offset, offset + byteLength)).buffer }
}

test('each hook point is one matrix with the stored values, beside which step each row is', async () => {
  const exported = await write()
  expect(exported).toMatchObject({ runId, at: 'lastPrompt', steps: 2 * STEPS })
  expect(exported.tensors.map(({ name }) => name)).toEqual([...hooks, 'episode', 'step', 'is_invalid'])
  for (const hook of hooks) {
    const stored = writer.activations.matrix({ runId, hook, at: 'lastPrompt' })
    const { shape, bytes } = await tensor(hook)
    expect(shape).toEqual(stored.shape)
    expect(new Float32Array(bytes)).toEqual(stored.data)
  }
  const rows = await Promise.all(
    ['episode', 'step', 'is_invalid'].map(async (name) => new Int32Array((await tensor(name)).bytes)),
  )
  expect([...rows[0]]).toEqual(Array.from({ length: 2 * STEPS }, (_, row) => Math.floor(row / STEPS)))
  expect([...rows[1]]).toEqual(Array.from({ length: 2 * STEPS }, (_, row) => row % STEPS))
  expect([...rows[2]]).toEqual([...rows[0]].map((episode, row) => Number((episode + rows[1][row]) % 3 === 0)))
})

test('the file says what it comes from', async () => {
  await write({ hooks: ['blocks.1.*'], at: 'meanGenerated' })
  const { metadata, tensors } = await readSafetensorsHeader(out())
  expect(metadata).toMatchObject({
    run: runId,
    model_hash: writer.runs.get(runId).manifest.modelHash,
    tokenizer_hash: writer.runs.get(runId).manifest.tokenizerHash,
    hooks: JSON.stringify([hooks[1]]),
    at: 'meanGenerated',
    axes: 'N D',
  })
  expect(tensors.has(hooks[0])).toBe(false)
})

test('a step without that decision point has no row', async () => {
  const { steps } = await write({ at: 'meanPrompt' })
  expect(steps).toBe(2 * STEPS - 2)
  expect(new Int32Array((await tensor('step')).bytes)[0]).toBe(1)
})

test.each([
  ['a hook point that was not captured', { hooks: ['blocks.7.hook_resid_post'] }, 'hook_not_captured'],
  ['a pattern that fits none', { hooks: ['*.hook_z'] }, 'hook_not_captured'],
  ['a dot that is no wildcard', { hooks: ['blocks_1.hook_resid_post'] }, 'hook_not_captured'],
  ['an unknown run', { runId: 'r9' }, 'not_found'],
  ['an output in no folder', { out: '/nowhere/at/all.safetensors' }, 'file_unwritable'],
  ['a folder without a workspace', { workspaceFolder: '/nowhere' }, 'workspace_missing'],
])('%s is refused', async (_name, changes, code) => {
  await expect(write(changes)).rejects.toMatchObject({ code })
})

test('a run without a step, or without captures, has nothing to write', async () => {
  const empty = writer.runs.create(sampleRun({ hooks })).id
  await expect(write({ runId: empty })).rejects.toMatchObject({ code: 'hook_not_captured' })
  const blind = writer.runs.create(sampleRun({ hooks: [] })).id
  await expect(write({ runId: blind })).rejects.toMatchObject({ code: 'hook_not_captured' })
})

test('an abort leaves no file behind', async () => {
  const stop = new AbortController()
  const before = readdirSync(folder)
  await expect(write({}, () => stop.abort(), stop.signal)).rejects.toThrow('aborted')
  expect(readdirSync(folder)).toEqual(before)
})

test('what a writer stores meanwhile is left out, and the file stays whole', async () => {
  let isFirst = true
  const during = await write({}, () => {
    if (isFirst) append(1, STEPS)
    isFirst = false
  })
  expect(during.steps).toBe(2 * STEPS)
  expect((await write()).steps).toBe(2 * STEPS + 1)
})
