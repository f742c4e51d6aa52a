import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { contract } from './contract/api.ts'
import type { EngineMessage, HostMessage } from './contract/hosting.ts'
import { cloneMessages, type EnginePort } from './contract/port.ts'

// A whole engine process, small: one call that hands back what it was given, one that streams.
const source = (here: string): string => `
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { implement } from '${here}/node_modules/@orpc/server/dist/index.mjs'
import { contract } from '${here}/main/contract/api.ts'
import { createHandler } from '${here}/main/engineHandler.ts'
import { serveHost } from '${here}/main/engineHosting.ts'
const os = implement(contract)
const router = {
  tasks: os.tasks.handler(() => [{ name: String(process.pid), objects: [] }]),
  models: {
    add: os.models.add.handler(async function* ({ input }) {
      for (let i = 0; i < 3; i++) yield { label: input.path, fraction: i / 3 }
      throw new Error('the end of it')
    }),
  },
}
const handler = createHandler(router, () => {})
const started = process.env.START_LATE ? sleep(300) : Promise.resolve()
serveHost({
  attach: (port) => void started.then(() => handler.attach(port)),
  async close() {
    await sleep(50)
    writeFileSync(process.env.CLOSED_FILE, 'closed')
  },
})
`

let folder: string
let child: ChildProcess
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-hosting-'))
  writeFileSync(join(folder, 'engine.ts'), source(process.cwd()))
})
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true })
})

const closedFile = (): string => join(folder, 'closed')
function start(environment: NodeJS.ProcessEnv = {}): void {
  child = fork(join(folder, 'engine.ts'), [], {
    execArgv: [],
    env: { ...process.env, CLOSED_FILE: closedFile(), ...environment },
    serialization: 'advanced',
  })
}
const send = (message: HostMessage): boolean => child.send(message)

function connect(channel: number): ContractRouterClient<typeof contract> {
  send({ kind: 'open', channel })
  const port: EnginePort = {
    postMessage: (data) => void send({ kind: 'data', channel, data }),
    addEventListener(type, listener) {
      if (type === 'message')
        child.on('message', (message: EngineMessage) => {
          if (message.channel === channel) listener({ data: message.data })
        })
    },
  }
  return createORPCClient(new RPCLink({ port, ...cloneMessages }))
}

test('several pages call one engine over its one channel', async () => {
  start()
  const [first, second] = [connect(1), connect(2)]
  const [a, b] = await Promise.all([first.tasks(), second.tasks()])
  expect(a[0]!.name).toBe(String(child.pid))
  expect(b).toEqual(a)
})

test('a stream arrives in order and ends with its error', async () => {
  start()
  const fractions: number[] = []
  const read = async (): Promise<void> => {
    for await (const progress of await connect(1).models.add({ path: '/m' }))
      fractions.push(progress.fraction)
  }
  await expect(read()).rejects.toMatchObject({ data: { message: 'the end of it' } })
  expect(fractions).toEqual([0, 1 / 3, 2 / 3])
})

test('calls made before the engine is ready are answered when it is', async () => {
  start({ START_LATE: '1' })
  expect(await connect(1).tasks()).toHaveLength(1)
})

test('told to stop, it finishes its work and ends with code 0', async () => {
  start()
  await connect(1).tasks()
  send({ kind: 'stop' })
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(existsSync(closedFile())).toBe(true)
})

test('it ends by itself when its host is gone', async () => {
  start()
  await connect(1).tasks()
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(existsSync(closedFile())).toBe(true)
})

test('started by hand it says how to reach an engine', () => {
  start()
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'engine.ts')], { encoding: 'utf8' })
  expect(status).not.toBe(0)
  expect(stderr).toContain('innerview serve')
})
