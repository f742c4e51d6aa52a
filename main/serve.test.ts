import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { implement } from '@orpc/server'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { contract } from './contract/api.ts'
import { contentSecurityPolicy } from './contract/pageAssets.ts'
import { cloneMessages, socketPort } from './contract/port.ts'
import { createHandler } from './engineHandler.ts'
import { serve, type Served } from './serve.ts'

const os = implement(contract)
const router = { tasks: os.tasks.handler(() => [{ name: 'archer', objects: ['pine cone'] }]) }
const token = 'token-of-this-test'
let folder: string
let served: Served

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-serve-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Innerview</title>')
  const handler = createHandler(router, () => {})
  served = await serve({ port: 0, token, webRoot: folder, attach: (port) => handler.attach(port) })
})
afterEach(async () => {
  await served.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}
// Not fetch: it normalises paths and sets Host by itself.
const request = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: served.port, path, method, headers }
    get(options, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    }).on('error', reject)
  })

interface Opening {
  origin?: string
  host?: string
  token?: string
  path?: string
}
/** `open`, or the status that refused it. */
function openSocket(opening: Opening = {}): Promise<{ socket: WebSocket; outcome: string }> {
  const here = `127.0.0.1:${served.port}`
  const socket = new WebSocket(`ws://${here}${opening.path ?? '/rpc'}`, ['engine', opening.token ?? token], {
    origin: opening.origin ?? `http://${here}`,
    headers: { host: opening.host ?? here },
  })
  return new Promise((resolve) => {
    socket.on('open', () => resolve({ socket, outcome: 'open' }))
    socket.on('error', (error) =>
      resolve({ socket, outcome: /\d{3}$/.exec(error.message)?.[0] ?? error.message }),
    )
  })
}

test('a page with the token of this start reaches the engine', async () => {
  const { socket, outcome } = await openSocket()
  expect(outcome).toBe('open')
  const client: ContractRouterClient<typeof contract> = createORPCClient(
    new RPCLink({ port: socketPort(socket), ...cloneMessages }),
  )
  expect(await client.tasks()).toEqual([{ name: 'archer', objects: ['pine cone'] }])
  socket.terminate()
})

test.each<[string, Opening, string]>([
  ['another token', { token: 'token-of-another' }, '401'],
  ['an empty token', { token: 'x' }, '401'],
  ['another page’s origin', { origin: 'https://example.org' }, '403'],
  ['an opaque origin', { origin: 'null' }, '403'],
  ['a name that was made to lead here', { host: 'example.org' }, '403'],
  ['localhost instead of the printed address', { host: 'localhost' }, '403'],
  ['another path', { path: '/other' }, '404'],
])('a socket with %s is refused', async (_what, opening, status) => {
  expect((await openSocket(opening)).outcome).toBe(status)
})

test('a socket without any origin is refused, whoever made it', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}/rpc`, ['engine', token])
  const message = await new Promise((resolve) => socket.on('error', (error) => resolve(error.message)))
  expect(message).toMatch(/403/)
})

test('the page comes with its policy and is never sniffed', async () => {
  const page = await request('/')
  expect(page.status).toBe(200)
  expect(page.body).toContain('Innerview')
  expect(page.headers['content-security-policy']).toBe(contentSecurityPolicy)
  expect(page.headers['x-content-type-options']).toBe('nosniff')
  expect(page.headers['access-control-allow-origin']).toBeUndefined()
})

test('files outside the page are out of reach', async () => {
  writeFileSync(`${folder}-secret`, 'secret')
  for (const path of [
    '/../secret',
    '/..%2f',
    `/..%2f${folder.split('/').pop()}-secret`,
    '/%2e%2e/%2e%2e/etc/passwd',
  ]) {
    const answer = await request(path)
    expect(answer.status, path).toBeGreaterThanOrEqual(400)
    expect(answer.body).toBe('')
  }
  rmSync(`${folder}-secret`)
})

test('a request for another host name gets nothing', async () => {
  expect((await request('/', { host: `example.org:${served.port}` })).status).toBe(403)
  expect((await request('/', { host: `localhost:${served.port}` })).status).toBe(403)
})

test('a missing file, a folder and a foreign method are refused', async () => {
  expect((await request('/missing.js')).status).toBe(404)
  expect((await request('/.')).status).toBe(200)
  expect((await request('/', {}, 'POST')).status).toBe(405)
})

test('only this machine can connect', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry && !entry.internal && entry.family === 'IPv4')
  if (!outside) return expect(outside).toBeUndefined() // no network here: nothing outside can reach us
  const reached = await fetch(`http://${outside.address}:${served.port}/`).then(
    () => true,
    () => false,
  )
  expect(reached).toBe(false)
})

test('each start has a token of its own', async () => {
  const others = await Promise.all([0, 0].map((port) => serve({ port, webRoot: folder, attach: () => {} })))
  const tokens = [served.token, ...others.map((other) => other.token)]
  expect(new Set(tokens).size).toBe(3)
  expect(others[0]!.token.length).toBeGreaterThanOrEqual(32)
  expect(others[0]!.address).toBe(`http://127.0.0.1:${others[0]!.port}/#token=${others[0]!.token}`)
  await Promise.all(others.map((other) => other.close()))
})

test('a port that is taken is named in the error', async () => {
  const second = serve({ port: served.port, webRoot: folder, attach: () => {} })
  await expect(second).rejects.toMatchObject({ code: 'address_in_use', details: { port: served.port } })
})
