import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleCheck, sampleModel as model } from '../../tests/fixtures/store/sampleRun.ts'
import { Workspace } from './workspace.ts'

let folder: string
let workspace: Workspace

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-models-'))
  workspace = Workspace.open(folder)
})

afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

test('models are listed in the order they were added and survive reopening', () => {
  workspace.models.put(model('b', '2026-01-01T00:00:00.000Z'))
  workspace.models.put(model('a', '2026-01-02T00:00:00.000Z'))
  workspace.close()
  workspace = Workspace.open(folder)
  expect(workspace.models.list().map(({ id }) => id)).toEqual(['b', 'a'])
  expect(workspace.models.get('a')).toEqual(model('a', '2026-01-02T00:00:00.000Z'))
})

test('a model that is put again replaces the one of its id', () => {
  workspace.models.put(model('a', '2026-01-01T00:00:00.000Z'))
  workspace.models.put({ ...model('a', '2026-01-01T00:00:00.000Z'), name: 'new' })
  expect(workspace.models.list().map(({ name }) => name)).toEqual(['new'])
})

test('a model’s check is kept with it until it is put without one, and goes with it', () => {
  const record = model('a', '2026-01-01T00:00:00.000Z')
  workspace.models.put({ ...record, check: sampleCheck })
  workspace.close()
  workspace = Workspace.open(folder)
  expect(workspace.models.get('a').check).toEqual(sampleCheck)
  workspace.models.put(record)
  expect(workspace.models.get('a').check).toBeNull()
  workspace.models.put({ ...record, check: sampleCheck })
  workspace.models.remove('a')
  workspace.models.put(record)
  expect(workspace.models.get('a').check).toBeNull()
})

test('a check that would not be read back as it is is refused, and one that is none is damage', () => {
  const record = model('a', '2026-01-01T00:00:00.000Z')
  const infinite = { ...sampleCheck.results[0], largestError: Infinity }
  expect(() => workspace.models.put({ ...record, check: { ...sampleCheck, results: [infinite] } })).toThrow(
    TypeError,
  )
  workspace.models.put({ ...record, check: sampleCheck })
  workspace.connection.prepare<[string]>('UPDATE models SET last_check = ?').run('{"results":[]}')
  expect(() => workspace.models.list()).toThrow(/models\.last_check of a is not valid/)
})

test('an unknown model is an error that names it', () => {
  expect(() => workspace.models.get('x')).toThrow('no model “x”')
  expect(() => workspace.models.remove('x')).toThrow('no model “x”')
  workspace.models.put(model('x', '2026-01-01T00:00:00.000Z'))
  workspace.models.remove('x')
  expect(workspace.models.list()).toEqual([])
})

test('a record that is not one is reported as damage, with its place', () => {
  workspace.models.put(model('a', '2026-01-01T00:00:00.000Z'))
  const write = workspace.connection.prepare<[string]>('UPDATE models SET record = ?')
  write.run('{"id":"a"}')
  expect(() => workspace.models.list()).toThrow(/models\.record of a is not valid/)
  write.run('{"id":')
  expect(() => workspace.models.get('a')).toThrow(/models\.record of a is not valid \(no JSON\)/)
})
