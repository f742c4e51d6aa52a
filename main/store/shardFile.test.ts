import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleHook, samplePositions, sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { readShard, ShardWriter, type ShardTensor } from './shardFile.ts'
import { Workspace } from './workspace.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'innerview-shard-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Of a shard whose first step has few tensors. */
const DATA_START = 65_536

type Filled = ShardTensor & { bytes: Uint8Array }
const tensor = (name: string, positions: number, fill: number): Filled => ({
  name,
  dtype: 'float16',
  shape: [positions, 2],
  bytes: new Uint8Array(positions * 4).fill(fill),
})
const headerOf = (path: string): Record<string, unknown> => {
  const file = readFileSync(path)
  return JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE())))
}

describe('a shard', () => {
  test('takes what was confirmed; what was discarded is written over', () => {
    const path = join(folder, '0.safetensors')
    const writer = ShardWriter.create(path, [])
    writer.append([tensor('a', 3, 1)])
    writer.confirm()
    writer.append([tensor('lost', 50, 9)])
    writer.discard()
    const [offset] = writer.append([tensor('b', 1, 2), tensor('c', 2, 3)])
    writer.confirm()
    expect(offset).toBe(DATA_START + 12)
    const hash = writer.seal()
    const data = readFileSync(path).subarray(DATA_START)
    expect([...data]).toEqual([...Array(12).fill(1), ...Array(4).fill(2), ...Array(8).fill(3)])
    expect(hash).toBe(createHash('sha256').update(data).digest('hex'))
    expect(headerOf(path)).toEqual({
      a: { dtype: 'F16', shape: [3, 2], data_offsets: [0, 12] },
      b: { dtype: 'F16', shape: [1, 2], data_offsets: [12, 16] },
      c: { dtype: 'F16', shape: [2, 2], data_offsets: [16, 24] },
    })
  })

  test('that grows is not taken for a finished one: its header names nothing', () => {
    const path = join(folder, '0.safetensors')
    const writer = ShardWriter.create(path, [])
    writer.append([tensor('a', 3, 1)])
    writer.confirm()
    expect(headerOf(path)).toEqual({})
    writer.close()
  })

  test('is full when its header can name no more, and that header still fits', () => {
    const path = join(folder, '0.safetensors')
    const writer = ShardWriter.create(path, [])
    let count = 0
    for (;;) {
      const next = tensor(`${count}/0/0/${'long '.repeat(200)}`, 1, count % 251)
      if (!writer.hasRoomFor([next], 1e9)) break
      writer.append([next])
      writer.confirm()
      count++
    }
    writer.seal()
    expect(count).toBeGreaterThan(50)
    expect(Object.keys(headerOf(path))).toHaveLength(count)
  })

  test('has room for 64 steps like its first, however many tensors that has', () => {
    const step = (n: number): Filled[] =>
      Array.from({ length: 300 }, (_, hook) => tensor(`0/${n}/0/blocks.${hook}.attn.hook_pattern`, 1, 1))
    const writer = ShardWriter.create(join(folder, '0.safetensors'), step(10))
    for (let n = 10; n < 73; n++) {
      expect(writer.hasRoomFor(step(n), 1e9)).toBe(true)
      writer.append(step(n))
      writer.confirm()
    }
    expect(writer.hasRoomFor([...step(73), ...step(74)], 1e9)).toBe(false)
    writer.seal()
    expect(Object.keys(headerOf(writer.path))).toHaveLength(63 * 300)
  })

  test('is full at its limit, but takes one step of any size', () => {
    const writer = ShardWriter.create(join(folder, '0.safetensors'), [])
    expect(writer.hasRoomFor([tensor('a', 100, 1)], 40)).toBe(true)
    writer.append([tensor('a', 5, 1)])
    writer.confirm()
    expect(writer.hasRoomFor([tensor('b', 5, 1)], 40)).toBe(true)
    expect(writer.hasRoomFor([tensor('b', 6, 1)], 40)).toBe(false)
    writer.close()
  })

  test('that a dead process left is cut to its committed tensors', () => {
    const path = join(folder, '0.safetensors')
    const writer = ShardWriter.create(path, [])
    const committed = tensor('a', 3, 1)
    writer.append([committed])
    writer.confirm()
    writer.append([tensor('torn', 7, 9)])
    writer.close()
    const hash = ShardWriter.recover(path, DATA_START, [committed]).seal()
    expect(statSync(path).size).toBe(DATA_START + 12)
    expect(hash).toBe(createHash('sha256').update(committed.bytes).digest('hex'))
    expect(Object.keys(headerOf(path))).toEqual(['a'])
  })

  test('that is shorter than it should be, or gone, is damage', () => {
    const path = join(folder, '0.safetensors')
    const writer = ShardWriter.create(path, [])
    const committed = tensor('a', 3, 1)
    writer.append([committed])
    writer.close()
    truncateSync(path, DATA_START + 5)
    expect(() => ShardWriter.recover(path, DATA_START, [committed])).toThrow('cut short')
    expect(() => readShard(path, DATA_START, 12)).toThrow('cut short')
    expect(() => readShard(`${path}x`, 0, 1)).toThrow('the file is missing')
    expect(() => ShardWriter.recover(`${path}x`, DATA_START, [])).toThrow('the file is missing')
  })

  test('cannot be made below a file', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => ShardWriter.create(join(folder, 'file', '0.safetensors'), [])).toThrow(/file/)
    expect(() => ShardWriter.create(join(folder, 'file', '0.safetensors'), [])).toThrow(
      expect.objectContaining({ code: 'workspace_unwritable' }),
    )
  })
})

describe('a workspace that is opened after a crash', () => {
  test('cuts torn tails off, seals what was open and deletes files it does not know, but nothing else', () => {
    const open = Workspace.open(folder)
    open.runs.create(sampleRun({ positions: 'all' }))
    open.episodes.begin('r1', { episode: 0, task: 'x', state: {} })
    open.steps.append(sampleStep('r1', 0, 0, { firstPosition: 0 }))
    open.close()
    const shards = join(folder, 'activations')
    const shard = join(shards, 'r1', '0.safetensors')
    const whole = readFileSync(shard)
    const ours = Workspace.open(folder)
    ours.connection.execute('UPDATE shards SET sha256 = NULL')
    ours.close()
    appendFileSync(shard, 'half a step')
    mkdirSync(join(shards, 'r9'))
    mkdirSync(join(shards, 'notes'))
    for (const name of ['r1/1.safetensors', 'r1/readme.txt', 'r9/0.safetensors', 'notes/0.safetensors'])
      writeFileSync(join(shards, name), 'x')

    const workspace = Workspace.open(folder)
    expect(readFileSync(shard).equals(whole)).toBe(true)
    const { data } = workspace.activations.positions({ runId: 'r1', episode: 0, step: 0, hook: sampleHook })
    expect(data).toEqual(samplePositions(0, 0, 8))
    const left = ['r1/1.safetensors', 'r1/readme.txt', 'r9', 'notes/0.safetensors']
    expect(left.map((name) => existsSync(join(shards, name)))).toEqual([false, true, false, true])
    workspace.close()
  })

  test('begins a new file when a shard has reached its size', () => {
    const workspace = Workspace.open(folder, { shardBytes: 500 })
    workspace.runs.create(sampleRun({ positions: 'all' }))
    workspace.episodes.begin('r1', { episode: 0, task: 'x', state: {} })
    for (const step of [0, 1, 2, 3]) workspace.steps.append(sampleStep('r1', 0, step, { firstPosition: 0 }))
    const shards = workspace.connection.prepare<[], { shard: number }>(
      'SELECT shard FROM segments ORDER BY step',
    )
    expect(shards.all().map(({ shard }) => shard)).toEqual([0, 0, 1, 2])
    const { data } = workspace.activations.positions({ runId: 'r1', episode: 0, step: 3, hook: sampleHook })
    expect(data).toEqual(samplePositions(0, 3, 8))
    workspace.close()
  })
})
