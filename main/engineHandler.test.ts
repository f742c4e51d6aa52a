import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { implement, type AnyRouter } from '@orpc/server'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { contract } from './contract/api.ts'
import { errors } from './contract/errors.ts'
import { cloneMessages, type EnginePort } from './contract/port.ts'
import { createHandler, refusingRouter } from './engineHandler.ts'

type Client = ContractRouterClient<typeof contract>
const os = implement(contract)
const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

function connect(router: AnyRouter): { client: Client; faults: unknown[]; close(): void } {
  const faults: unknown[] = []
  const { port1, port2 } = new MessageChannel()
  createHandler(router, (error) => faults.push(error)).attach(port1 as unknown as EnginePort)
  const client: Client = createORPCClient(new RPCLink({ port: port2 as never, ...cloneMessages }))
  port1.start()
  port2.start()
  const close = (): void => port2.close()
  closing.push(close)
  return { client, faults, close }
}

const rejection = async (
  promise: Promise<unknown>,
): Promise<{ code: string; data: unknown; message: string }> =>
  promise.then(
    () => expect.unreachable('it should have been refused'),
    (error) => error,
  )

test('an AppError crosses as its report', async () => {
  const error = errors.modelFileMissing({ path: '/models/a', file: 'config.json' })
  const { client, faults } = connect({
    tasks: os.tasks.handler(() => {
      throw error
    }),
  })
  const refused = await rejection(client.tasks())
  expect(refused.data).toEqual(error.report())
  expect(refused.code).toBe('model_file_missing')
  expect(faults).toEqual([])
})

test('a fault of the program crosses as an internal error and is logged whole', async () => {
  const fault = new RangeError('offset is out of bounds')
  const { client, faults } = connect({
    tasks: os.tasks.handler(() => {
      throw fault
    }),
  })
  expect((await rejection(client.tasks())).data).toMatchObject({
    code: 'internal_error',
    message: 'offset is out of bounds',
  })
  expect(faults).toEqual([fault])
})

test('an error in the midst of a stream crosses as its report, after what came before it', async () => {
  const error = errors.diskFull({ path: '/w/innerview.db' })
  const { client } = connect({
    models: {
      add: os.models.add.handler(async function* () {
        yield { label: 'Reading', fraction: 0.5 }
        throw error
      }),
    },
  })
  const seen: number[] = []
  const read = async (): Promise<void> => {
    for await (const progress of await client.models.add({ path: '/m' })) seen.push(progress.fraction)
  }
  expect((await rejection(read())).data).toEqual(error.report())
  expect(seen).toEqual([0.5])
})

test('an input outside its schema is refused with the field and the reason', async () => {
  const { client, faults } = connect({ models: { remove: os.models.remove.handler(() => {}) } })
  const refused = await rejection(client.models.remove({ id: 7 } as never))
  expect(refused.data).toMatchObject({ code: 'invalid_input', details: { field: 'id' } })
  expect(faults).toEqual([])
})

test('an answer outside its schema is a fault of the program, named by its field', async () => {
  const { client, faults } = connect({ tasks: os.tasks.handler(() => [{ name: 3 }] as never) })
  expect((await rejection(client.tasks())).data).toMatchObject({
    code: 'internal_error',
    message: expect.stringContaining('0.name'),
  })
  expect(faults).toHaveLength(1)
})

test('closing the port aborts what it had under way', async () => {
  let signal: AbortSignal | undefined
  const { client, close } = connect({
    tasks: os.tasks.handler(async (call) => {
      signal = call.signal
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      return []
    }),
  })
  client.tasks().catch(() => {})
  await expect.poll(() => signal).toBeDefined()
  close()
  await expect.poll(() => signal?.aborted).toBe(true)
})

test('a workspace that cannot be opened is the answer to every call, streams included', async () => {
  const error = errors.workspaceLocked({ path: '/w' })
  const { client } = connect(refusingRouter(error))
  expect((await rejection(client.info())).data).toEqual(error.report())
  expect((await rejection(client.episodes.get({ runId: 'r', episode: 0 }))).data).toEqual(error.report())
  expect((await rejection(client.events())).data).toEqual(error.report())
})
