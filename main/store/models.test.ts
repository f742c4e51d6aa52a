import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleModel as model } from '../../tests/fixtures/store/sampleRun.ts'
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
