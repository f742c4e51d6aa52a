/// <reference types="node" />
// Compares a value with a committed JSON file. Test-only.
// `UPDATE_GOLDEN=1` rewrites the file; without it, what differs is written beside it as `*.changed.json`.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** @param file  address of the golden file, `new URL('./golden/x.json', import.meta.url)` */
export function expectGolden(value: unknown, file: URL): void {
  const path = fileURLToPath(file)
  const changed = path.replace(/\.json$/, '.changed.json')
  const text = JSON.stringify(value, null, 2) + '\n'
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(path, text)
    rmSync(changed, { force: true })
    return
  }
  const golden: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : 'no golden file yet'
  rmSync(changed, { force: true })
  try {
    expect(JSON.parse(text)).toEqual(golden)
  } catch (error) {
    writeFileSync(changed, text)
    throw error
  }
}
