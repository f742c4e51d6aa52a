import { expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { inventedHookPoints, inventedModels } from '../testing/invented.ts'
import { HookTables } from './hookTables.svelte.ts'

const points = inventedHookPoints(inventedModels[0]!)
const tablesOn = (hookPoints: unknown): HookTables =>
  new HookTables({ hookPoints } as Pick<Engine['models'], 'hookPoints'>)

it('asks once for each model', async () => {
  const ask = vi.fn(() => Promise.resolve(points))
  const tables = tablesOn(ask)
  expect(tables.of('a')).toBeNull()
  await Promise.all([tables.want('a'), tables.want('a'), tables.want('')])
  await tables.want('a')
  expect(tables.of('a')).toEqual(points)
  expect(ask).toHaveBeenCalledTimes(1)
})

it('asks again after a failure, and nobody hears of it', async () => {
  const ask = vi
    .fn()
    .mockRejectedValueOnce(errors.notFound({ kind: 'model', id: 'a' }))
    .mockResolvedValueOnce(points)
  const tables = tablesOn(ask)
  await tables.want('a')
  expect(tables.of('a')).toBeNull()
  await tables.want('a')
  expect(tables.of('a')).toEqual(points)
})
