import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { openDoors, takeToken, type ConnectionState } from './doors.ts'

const place = { hash: '', host: '', pathname: '/', search: '' }
const replaceState = vi.fn(
  (_: unknown, __: string, to: string) => void (place.hash = to.includes('#') ? to : ''),
)
const stored = new Map<string, string>()

beforeEach(() => {
  stored.clear()
  place.hash = ''
  replaceState.mockClear()
  vi.stubGlobal('location', place)
  vi.stubGlobal('history', { replaceState })
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  })
  const page = new EventTarget()
  vi.stubGlobal('window', page)
})
afterEach(() => void vi.unstubAllGlobals())

describe('takeToken', () => {
  it('takes the token out of the address and keeps it for a reload', () => {
    place.hash = '#token=a-b_c%3D'
    expect(takeToken()).toBe('a-b_c=')
    expect(replaceState).toHaveBeenCalledWith(null, '', '/')
    expect(takeToken()).toBe('a-b_c=')
    expect(replaceState).toHaveBeenCalledTimes(1)
  })
  it('knows a link to a token of a step from the token of a start', () => {
    place.hash = '#token=secret'
    takeToken()
    const link = '#/episodes?run=r1&episode=1&step=2&token=4'
    place.hash = link
    expect(takeToken()).toBe('secret')
    expect(place.hash).toBe(link)
  })
  it('leaves a link without a token alone', () => {
    place.hash = '#/episodes?run=a'
    expect(takeToken()).toBeNull()
    expect(place.hash).toBe('#/episodes?run=a')
  })
})

describe('the socket’s door', () => {
  const states: ConnectionState[] = []
  let ports = 0
  let close = (): void => {}
  let server: WebSocketServer | null = null
  const listen = (port: number) =>
    new Promise<WebSocketServer>((resolve) => {
      const made: WebSocketServer = new WebSocketServer(
        { port, host: '127.0.0.1', handleProtocols: () => 'engine' },
        () => resolve(made),
      )
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      server?.clients.forEach((client) => client.terminate())
      if (server) server.close(() => resolve())
      else resolve()
      server = null
    })
  const open = () => {
    close = openDoors()({ port: () => void ports++, state: (state) => void states.push(state) })
  }
  beforeEach(() => {
    states.length = 0
    ports = 0
  })
  afterEach(async () => {
    close()
    await stop()
  })

  it('shows the token as a sub-protocol and reconnects when the server comes back', async () => {
    server = await listen(0)
    const { port } = server.address() as AddressInfo
    place.host = `127.0.0.1:${port}`
    place.hash = '#token=secret'
    let shown = ''
    server.on('connection', (_, request) => (shown = request.headers['sec-websocket-protocol'] ?? ''))
    open()
    await vi.waitFor(() => expect(ports).toBe(1))
    expect(shown.replaceAll(' ', '')).toBe('engine,secret')
    await stop()
    await vi.waitFor(() => expect(states.at(-1)).toBe('lost'))
    server = await listen(port)
    await vi.waitFor(() => expect(ports).toBe(2), 5000)
  })
  it('says after some attempts that nobody answers any more, and still comes back if somebody does', async () => {
    server = await listen(0)
    const { port } = server.address() as AddressInfo
    place.host = `127.0.0.1:${port}`
    place.hash = '#token=secret'
    open()
    await vi.waitFor(() => expect(ports).toBe(1))
    await stop()
    await vi.waitFor(() => expect(states.at(-1)).toBe('gone'), 10_000)
    server = await listen(port)
    await vi.waitFor(() => expect(ports).toBe(2), 10_000)
  }, 30_000)
  it('takes a token that is pasted into the open tab', async () => {
    server = await listen(0)
    place.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    open()
    expect(states).toEqual(['refused'])
    place.hash = '#token=late'
    window.dispatchEvent(new Event('hashchange'))
    await vi.waitFor(() => expect(ports).toBe(1))
  })
  it('takes a token that another tab was given', async () => {
    server = await listen(0)
    place.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    open()
    expect(states).toEqual(['refused'])
    stored.set('innerview:token', 'shared')
    window.dispatchEvent(new Event('storage'))
    await vi.waitFor(() => expect(ports).toBe(1))
  })
  it('is refused at once without a token, and asks nobody', () => {
    open()
    expect(states).toEqual(['refused'])
    expect(ports).toBe(0)
  })
  it('knows a server that is away from one that says no', async () => {
    place.host = '127.0.0.1:1'
    place.hash = '#token=old'
    open()
    await vi.waitFor(() => expect(states.length).toBeGreaterThan(2), 5000)
    expect(new Set(states)).toEqual(new Set(['connecting']))
    await vi.waitFor(() => expect(states.at(-1)).toBe('gone'), 10_000)
    close()
    states.length = 0
    const page = createServer((_, response) => response.end('page'))
    page.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    place.host = `127.0.0.1:${(page.address() as AddressInfo).port}`
    open()
    await vi.waitFor(() => expect(states.at(-1)).toBe('refused'), 5000)
    expect(ports).toBe(0)
    page.close()
  })
})
