import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ShellSettings } from './shellSettings.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-shell-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const file = (): string => join(folder, 'new', 'shell.json')

test('a first start has no preferences', () => {
  expect(new ShellSettings(file()).values).toEqual({
    bounds: null,
    isMaximized: false,
    theme: 'system',
    workspace: null,
    recentWorkspaces: [],
  })
})

test('what was changed is there at the next start', () => {
  const bounds = { x: -5, y: 0, width: 900, height: 600 }
  new ShellSettings(file()).change({ bounds, isMaximized: true, theme: 'dark' })
  expect(new ShellSettings(file()).values).toMatchObject({ bounds, isMaximized: true, theme: 'dark' })
})

test.each([
  ['no JSON', '{"theme": "da'],
  ['JSON of another kind', '[1, 2]'],
  ['null', 'null'],
  ['nothing', ''],
])('a file that holds %s costs the preferences, not the start', (_what, text) => {
  mkdirSync(join(folder, 'new'))
  writeFileSync(file(), text)
  expect(new ShellSettings(file()).values.theme).toBe('system')
})

test('one wrong field costs that field only', () => {
  mkdirSync(join(folder, 'new'))
  const bounds = { x: 0, y: 0, width: -1, height: 600 }
  writeFileSync(file(), JSON.stringify({ theme: 'light', bounds, recentWorkspaces: [7], workspace: '/w' }))
  expect(new ShellSettings(file()).values).toMatchObject({
    theme: 'light',
    bounds: null,
    recentWorkspaces: [],
    workspace: '/w',
  })
})

test('workspaces are listed last used first, once each, ten at most', () => {
  const settings = new ShellSettings(file())
  const folders = Array.from({ length: 12 }, (_, i) => join(folder, `workspace ${i}`))
  for (const each of folders) {
    mkdirSync(each)
    settings.useWorkspace(each)
  }
  settings.useWorkspace(folders[7]!)
  expect(settings.values.workspace).toBe(folders[7])
  expect(settings.recentWorkspaces()).toHaveLength(10)
  expect(settings.recentWorkspaces().slice(0, 3)).toEqual([folders[7], folders[11], folders[10]])
  expect(JSON.parse(readFileSync(file(), 'utf8')).recentWorkspaces).toEqual(settings.values.recentWorkspaces)
})

test('a workspace whose folder is gone is not offered', () => {
  const settings = new ShellSettings(file())
  settings.useWorkspace(join(folder, 'gone'))
  settings.useWorkspace(folder)
  expect(settings.recentWorkspaces()).toEqual([folder])
})
