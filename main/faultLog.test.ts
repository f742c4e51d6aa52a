import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { faultLog } from './faultLog.ts'

let folder: string
const said = vi.spyOn(console, 'error')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-log-'))
  said.mockReset().mockImplementation(() => {})
})
afterEach(() => rmSync(folder, { recursive: true }))
const log = (): string => join(folder, 'innerview.log')

test('a fault is kept with its time, its stack and its cause', () => {
  const fault = new RangeError('offset is out of bounds', { cause: new TypeError('no such tensor') })
  faultLog(folder)(fault)
  const text = readFileSync(log(), 'utf8')
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z RangeError: offset is out of bounds\n\s+at /)
  expect(text).toContain('caused by TypeError: no such tensor')
  expect(said).toHaveBeenCalledWith('[engine]', fault)
})

test('faults follow one another', () => {
  const keep = faultLog(folder)
  keep(new Error('first'))
  keep('second, thrown as text')
  expect(readFileSync(log(), 'utf8')).toMatch(/first[\s\S]*second, thrown as text\n$/)
})

test('a log that is full grows no further', () => {
  writeFileSync(log(), Buffer.alloc(4 * 2 ** 20))
  faultLog(folder)(new Error('one too many'))
  expect(statSync(log()).size).toBe(4 * 2 ** 20)
  expect(said).toHaveBeenCalledOnce()
})

test('a folder that is gone is no second fault', () => {
  expect(() => faultLog(join(folder, 'gone'))(new Error('first'))).not.toThrow()
  expect(said).toHaveBeenCalledOnce()
})
