import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Workspace } from './workspace.ts'

let folder: string
let minute = 0
const open = () => Workspace.open(folder, { now: () => new Date(Date.UTC(2026, 0, 1, 0, minute++)) })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-comparisons-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('comparisons outlive the workspace’s closing, the newest first, one of each name', () => {
  let workspace = open()
  const first = { name: 'steered', address: '#/compare?runs=r1&runs=r2' }
  const other = { name: 'greedy', address: '#/compare?runs=r1&runs=r3' }
  workspace.comparisons.save(first)
  workspace.comparisons.save(other)
  workspace.comparisons.save({ ...first, address: '#/compare?runs=r4&runs=r2' })
  workspace.close()
  workspace = open()
  expect(workspace.comparisons.list()).toEqual([{ ...first, address: '#/compare?runs=r4&runs=r2' }, other])
  workspace.comparisons.remove('greedy')
  expect(workspace.comparisons.list().map(({ name }) => name)).toEqual(['steered'])
  expect(() => workspace.comparisons.remove('greedy')).toThrow(expect.objectContaining({ code: 'not_found' }))
  workspace.close()
})
