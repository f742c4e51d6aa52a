import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  sampleCheck,
  sampleHook,
  sampleInterventions,
  samplePositions,
  sampleRun,
  sampleStep,
} from '../../tests/fixtures/store/sampleRun.ts'
import { Connection } from './connection.ts'
import { NEWEST_SCHEMA } from './migrate.ts'
import { requireRuntime } from './runtime.ts'
import { Workspace } from './workspace.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'innerview-workspace-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const database = (): string => join(folder, 'innerview.db')
const failing = (code: string): unknown => expect.objectContaining({ code })
const reading = { readOnly: true }

/** A workspace of one run and two steps, the second sharing the first's positions. */
function fill(workspace: Workspace): void {
  workspace.runs.create(sampleRun({ positions: 'all' }))
  workspace.episodes.begin('r1', { episode: 0, task: 'x', state: {} })
  workspace.steps.append(sampleStep('r1', 0, 0, { firstPosition: 0 }))
  workspace.steps.append(sampleStep('r1', 0, 1, { firstPosition: 4 }))
}

describe('opening for writing', () => {
  test('makes the folder, and a second opening is refused until the first is closed', () => {
    const path = join(folder, 'a', 'b')
    const first = Workspace.open(path)
    expect(() => Workspace.open(path)).toThrow(failing('workspace_locked'))
    first.close()
    first.close()
    Workspace.open(path).close()
  })

  test('is refused while another process writes, and possible as soon as that one is killed', async () => {
    const writer = join(import.meta.dirname, '../../tests/fixtures/store/appendForever.ts')
    const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    expect(() => Workspace.open(folder)).toThrow(failing('workspace_locked'))
    const reader = Workspace.open(folder, reading)
    expect(reader.runs.get('r1').status).toBe('running')
    const seen = reader.runs.get('r1').progress.steps
    expect(seen).toBeGreaterThan(0)
    await vi.waitFor(() => expect(reader.runs.get('r1').progress.steps).toBeGreaterThan(seen))
    const read = reader.activations.positions({ runId: 'r1', episode: 0, step: 0, hook: sampleHook })
    expect(read.data).toEqual(samplePositions(0, 0, 64))
    child.kill('SIGKILL')
    await once(child, 'close')
    Workspace.open(folder).close()
    reader.close()
  })

  test('below a file, or at a file, is refused as not writable', () => {
    writeFileSync(join(folder, 'file'), 'text')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below')])
      expect(() => Workspace.open(path)).toThrow(failing('workspace_unwritable'))
  })

  test('a database of a newer version is refused and left as it is', () => {
    Workspace.open(folder).close()
    const connection = Connection.openWritable(database())
    connection.execute(`PRAGMA user_version = ${NEWEST_SCHEMA + 1}`)
    connection.close()
    for (const options of [{}, reading])
      expect(() => Workspace.open(folder, options)).toThrow(
        expect.objectContaining({
          code: 'workspace_newer',
          details: { path: database(), version: NEWEST_SCHEMA + 1, known: NEWEST_SCHEMA },
        }),
      )
  })

  test('what is no database, or is cut short, or belongs to another program, is damage', () => {
    const damaged = (): void => {
      for (const options of [{}, reading])
        expect(() => Workspace.open(folder, options)).toThrow(failing('workspace_damaged'))
    }
    writeFileSync(database(), 'This is no database. '.repeat(1000))
    damaged()
    rmSync(database())
    const other = Connection.openWritable(database())
    other.execute('CREATE TABLE other (a)')
    other.close()
    damaged()
    rmSync(database())
    const workspace = Workspace.open(folder)
    fill(workspace)
    workspace.close()
    truncateSync(database(), 8192)
    damaged()
  })

  test('a failed opening leaves no lock behind', () => {
    writeFileSync(database(), 'This is no database. '.repeat(1000))
    expect(() => Workspace.open(folder)).toThrow(failing('workspace_damaged'))
    rmSync(database())
    Workspace.open(folder).close()
  })

  test('an empty file, as a crash at the first opening leaves it, becomes a workspace', () => {
    writeFileSync(database(), '')
    expect(() => Workspace.open(folder, reading)).toThrow(failing('workspace_older'))
    Workspace.open(folder).close()
    Workspace.open(folder, reading).close()
  })
})

describe('opening for reading', () => {
  test('where there is nothing makes nothing', () => {
    expect(() => Workspace.open(join(folder, 'x'), reading)).toThrow(failing('workspace_missing'))
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })

  test('needs one plain file where no process writes, and leaves none beside it', () => {
    const writer = Workspace.open(folder)
    fill(writer)
    writer.close()
    expect(readdirSync(folder).sort()).toEqual(['activations', 'innerview.db', 'innerview.lock'])
    const reader = Workspace.open(folder, reading)
    expect(reader.steps.list('r1', 0)).toHaveLength(2)
    expect(readdirSync(folder)).toHaveLength(3)
    reader.close()
  })

  test('goes on while a writer comes, writes and goes', () => {
    Workspace.open(folder).close()
    const reader = Workspace.open(folder, reading)
    expect(reader.runs.list()).toEqual([])
    for (const count of [1, 2]) {
      const writer = Workspace.open(folder)
      writer.runs.create(sampleRun())
      expect(reader.runs.list()).toHaveLength(count)
      writer.close()
      expect(reader.runs.list()).toHaveLength(count)
    }
    reader.close()
  })

  test('sees each step as it is committed, and may not write', () => {
    const writer = Workspace.open(folder)
    fill(writer)
    const reader = Workspace.open(folder, reading)
    expect(reader.steps.list('r1', 0)).toHaveLength(2)
    writer.steps.append(sampleStep('r1', 0, 2, { firstPosition: 7 }))
    expect(reader.steps.list('r1', 0)).toHaveLength(3)
    const { data } = reader.activations.positions({ runId: 'r1', episode: 0, step: 2, hook: sampleHook })
    expect(data).toEqual(samplePositions(0, 2, 8))
    expect(() => reader.runs.create(sampleRun())).toThrow(failing('workspace_unwritable'))
    reader.close()
    writer.close()
  })
})

describe('a full disk', () => {
  test('refuses the step and leaves everything before it whole; with space the step goes in', () => {
    const workspace = Workspace.open(folder)
    fill(workspace)
    const pages = workspace.connection.number('page_count')
    workspace.connection.execute(`PRAGMA max_page_count = ${pages + 40}`)
    let step = 2
    const append = (): void =>
      workspace.steps.append(sampleStep('r1', 0, step, { firstPosition: 0, width: 512 }))
    expect(() => {
      for (; step < 1000; step++) append()
    }).toThrow(failing('disk_full'))
    expect(step).toBeGreaterThan(2)
    expect(workspace.steps.list('r1', 0)).toHaveLength(step)
    expect(workspace.runs.get('r1').progress.steps).toBe(step)
    expect(() => append()).toThrow(failing('disk_full'))

    workspace.connection.execute('PRAGMA max_page_count = 1000000')
    append()
    workspace.close()
    const after = Workspace.open(folder)
    expect(after.steps.list('r1', 0)).toHaveLength(step + 1)
    for (const each of [step - 1, step])
      expect(
        after.activations.positions({ runId: 'r1', episode: 0, step: each, hook: sampleHook }).data,
      ).toEqual(samplePositions(0, each, 512))
    expect(after.connection.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    after.close()
  })
})

describe('a workspace of every earlier schema', () => {
  // Made by tests/fixtures/store/makeWorkspace.ts when that schema was the newest.
  test.each(Array.from({ length: NEWEST_SCHEMA }, (_, i) => i + 1))(
    '%i opens and keeps what it holds',
    (schema) => {
      const name = `workspace-${String(schema).padStart(4, '0')}`
      mkdirSync(join(folder, 'copy'))
      cpSync(join(import.meta.dirname, '../../tests/fixtures/store', name), join(folder, 'copy'), {
        recursive: true,
      })
      const workspace = Workspace.open(join(folder, 'copy'))
      expect(workspace.connection.number('user_version')).toBe(NEWEST_SCHEMA)
      expect(workspace.models.list().map(({ id }) => id)).toEqual(['sample'])
      expect(workspace.models.get('sample')).toMatchObject({
        check: schema < 2 ? null : sampleCheck,
        otherChecks: schema < 3 ? [] : [{ ...sampleCheck, dtype: 'int8' }],
      })
      expect(workspace.runs.get('r1')).toMatchObject({
        status: 'done',
        progress: {
          steps: 7,
          episodesDone: 2,
          interventions: schema < 3 ? [] : [{ index: 0, steps: 3, tokens: 4, open: 2 }],
        },
      })
      for (const episode of [0, 1]) {
        const steps = workspace.steps.list('r1', episode)
        expect(steps.length).toBe(workspace.episodes.get('r1', episode).steps)
        for (const record of steps) {
          const { capturedHooks, ...rest } = record
          const { outcome } = workspace.episodes.get('r1', episode)
          const firstPosition = record.reusedTokens
          const isLast = record.step === steps.length - 1
          const interventions = schema < 3 ? [] : sampleInterventions(record.step)
          const options = { firstPosition, outcome: isLast ? outcome : ('running' as const), interventions }
          expect(rest).toEqual(sampleStep('r1', episode, record.step, options).record)
          expect(capturedHooks).toEqual([sampleHook])
          const address = { runId: 'r1', episode, step: record.step, hook: sampleHook }
          expect(workspace.activations.positions(address).data).toEqual(
            samplePositions(episode, record.step, 8),
          )
        }
      }
      workspace.close()
    },
  )
})

test('an old Node is refused in words, before SQLite would abort it', () => {
  expect(() => requireRuntime({ node: '20.20.0', napi: '9' })).toThrow(
    expect.objectContaining({
      code: 'runtime_too_old',
      message: 'Node 20.20.0 offers Node-API 9; the store needs Node-API 10.',
    }),
  )
  expect(() => requireRuntime({})).toThrow(failing('runtime_too_old'))
  requireRuntime({ node: '22.14.0', napi: '10' })
  requireRuntime()
})
