import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { inventSweep, inventTables } from '../testing/inventedSteering.ts'
import { ShownSweep, versionOf } from './shownSweep.svelte.ts'

const { record } = inventSweep('s', { alphas: [4] }, { slope: -0.06, harm: 0.1, half: 0.08 })
const settled = () => new Promise((resolve) => setTimeout(resolve))

function made() {
  const get = vi.fn(async () => record)
  const getTables = vi.fn(async () => inventTables(record))
  return { get, getTables, shown: new ShownSweep(get, getTables) }
}

describe('ShownSweep', () => {
  it('reads a verdict once, and again when there is another', async () => {
    const { shown, get } = made()
    shown.open('s', '1')
    shown.open('s', '1')
    await settled()
    expect(shown.verdict?.overall).toEqual(record.overall)
    shown.open('s', '2')
    expect(shown.verdict).not.toBeNull()
    await settled()
    expect(get).toHaveBeenCalledTimes(2)
  })
  it('has none of a sweep that was not judged, and none of the one before', async () => {
    const { shown, get } = made()
    shown.open('s', '1')
    await settled()
    shown.open('other', '')
    expect(shown.verdict).toBeNull()
    expect(get).toHaveBeenCalledTimes(1)
  })
  it('reads the tables of the cell that is asked for', async () => {
    const { shown, getTables } = made()
    shown.openTables('s', '1', 'cell')
    await settled()
    expect(getTables).toHaveBeenCalledWith('s', 'cell', expect.anything())
    shown.openTables('s', '1', 'another')
    expect(shown.tables).toBeNull()
  })
  it('tells why it could not read, and tries again when it is opened again', async () => {
    const { shown, get } = made()
    get.mockRejectedValueOnce(errors.notFound({ kind: 'sweep', id: 's' }))
    shown.open('s', '1')
    await settled()
    expect(shown.problem?.code).toBe('not_found')
    shown.open('s', '1')
    await settled()
    expect(shown.problem).toBeNull()
    expect(shown.verdict).not.toBeNull()
  })
})

it('takes a verdict for another when the engine tells of it anew, though it reads the same', () => {
  const again = structuredClone(record.overall)
  expect(versionOf(record.overall)).toBe(versionOf(record.overall))
  expect(versionOf(again)).not.toBe(versionOf(record.overall))
  expect(versionOf(null)).toBe('')
})
