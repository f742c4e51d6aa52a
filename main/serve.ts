// The workbench for a browser on this machine: its files and a WebSocket to the engine.
// Owns: who may connect. Listens on 127.0.0.1 only; asks for a token made at each start; answers one Host, so that a
// foreign name that resolves to this machine (DNS rebinding) gets nothing; takes one Origin, so that no other page does.
// Not: the files' contents or the calls.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { errors } from './contract/errors.ts'
import { socketPort, type EnginePort } from './contract/port.ts'
import { findAsset, pageHeaders } from './contract/pageAssets.ts'

export interface ServeOptions {
  /** 0 takes any free port. */
  port: number
  /** What a page must show; a new one when left out. */
  token?: string
  /** Built renderer. */
  webRoot: string
  attach: (port: EnginePort) => void
}

export interface Served {
  port: number
  token: string
  /** What to open in a browser. The part behind # never leaves the browser. */
  address: string
  close(): Promise<void>
}

const socketPath = '/rpc'
const protocolName = 'engine'
const largestMessageBytes = 256 * 2 ** 20

/** @throws address_in_use when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const token = options.token ?? randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    void answerFile(request, response, options.webRoot, hostName())
  })
  const hostName = (): string => `127.0.0.1:${(server.address() as AddressInfo | null)?.port}`
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: largestMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => protocolName,
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseUpgrade(request, hostName(), token)
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate()) // for instance a message over the limit
      options.attach(socketPort(opened))
    })
  })
  await listen(server, options.port)
  const { port } = server.address() as AddressInfo
  return {
    port,
    token,
    address: `http://127.0.0.1:${port}/#token=${token}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      await new Promise((done) => {
        server.close(done)
        server.closeAllConnections()
      })
    },
  }
}

const refusals: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there',
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = refusals[error.code ?? '']
      fail(reason ? errors.addressInUse({ port, reason }, error) : error)
    })
    server.listen(port, '127.0.0.1', done)
  })
}

/** The status line that refuses a socket, or null when it may come in. */
function refuseUpgrade(request: IncomingMessage, hostName: string, token: string): string | null {
  if (request.headers.host !== hostName) return '403 Forbidden'
  if (request.headers.origin !== `http://${hostName}`) return '403 Forbidden'
  if (request.url !== socketPath) return '404 Not Found'
  const [name, shown] = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((part) => part.trim())
  return name === protocolName && isSame(shown ?? '', token) ? null : '401 Unauthorized'
}

/** Compares in a time that does not tell how much was right. */
function isSame(shown: string, token: string): boolean {
  const a = Buffer.from(shown)
  const b = Buffer.from(token)
  return a.length === b.length && timingSafeEqual(a, b)
}

async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  webRoot: string,
  hostName: string,
): Promise<void> {
  const refuse = (status: number): unknown => response.writeHead(status, pageHeaders('text/plain')).end()
  if (request.headers.host !== hostName) return void refuse(403)
  if (request.method !== 'GET' && request.method !== 'HEAD') return void refuse(405)
  const asset = findAsset(webRoot, request.url ?? '/')
  if (!asset) return void refuse(403)
  try {
    const body = await readFile(asset.file)
    response.writeHead(200, { ...pageHeaders(asset.type), 'cache-control': 'no-cache' })
    response.end(request.method === 'HEAD' ? undefined : body)
  } catch {
    refuse(404) // a folder or no such file; which of the two is nobody's business
  }
}
