import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './folder.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'innerview-folder-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a folder is made with the folders above it, and is left as it is when it is there', () => {
  const deep = join(folder, 'a', 'b', 'c')
  makeFolder(deep)
  makeFolder(deep)
  expect(statSync(deep).isDirectory()).toBe(true)
})

test('a file in the way is an error', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, 'file'))).toThrow('EEXIST')
  expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/EEXIST|ENOTDIR/)
})

// Linux's /proc refuses new folders in words that send Node's recursive mkdir round and round.
test.skipIf(!existsSync('/proc/self'))(
  'a file system that takes no folders is an error, not an endless attempt',
  () => {
    expect(() => makeFolder('/proc/innerview/workspace')).toThrow('ENOENT')
  },
)
