// An engine process and its host: Electron's utility process, or a child of Electron on an outside Node.
// Owns: taking ports from the host, and ending in good order when told to or when the host is gone.
// Not: what is answered on the ports (engineHandler.ts); never opens a server (serve.ts).
import type { EngineMessage, HostMessage } from './contract/hosting.ts'
import type { EnginePort } from './contract/port.ts'

export interface HostedEngine {
  /** May answer later what arrives before it listens. */
  attach(port: EnginePort): void | Promise<void>
  /** Stores what is under way; after that the process ends. */
  close(): Promise<void>
}

/** What is used of Electron's MessagePortMain. */
interface MainPort {
  postMessage(data: unknown): void
  on(type: string, listener: (event: { data: unknown }) => void): void
  start(): void
}
interface ParentPort {
  on(type: 'message', listener: (event: { data: HostMessage; ports: MainPort[] }) => void): void
}

export type HostKind = 'window' | 'process'

/** The host this process has, or null when it was started by hand. */
export function hostKind(): HostKind | null {
  if (parentPort()) return 'window'
  return process.send ? 'process' : null
}

/**
 * Serves the host until it says `stop` or goes away; then closes the engine and ends the process.
 * @throws TypeError when there is no host.
 */
export function serveHost(engine: HostedEngine): void {
  const parent = parentPort()
  if (parent) serveUtilityProcess(parent, engine)
  else if (process.send) serveChildProcess(engine)
  else
    throw new TypeError('This process has no host; use `innerview serve` to reach the engine from a browser.')
}

// Electron adds this to a utility process; Node's types do not know it.
const parentPort = (): ParentPort | undefined => (process as { parentPort?: ParentPort }).parentPort

function end(engine: HostedEngine): void {
  void engine.close().finally(() => process.exit(0))
}

function serveUtilityProcess(parent: ParentPort, engine: HostedEngine): void {
  parent.on('message', ({ data, ports }) => {
    const port = ports[0]
    if (data.kind === 'stop') end(engine)
    else if (data.kind === 'connect' && port) {
      void engine.attach({
        postMessage: (message) => port.postMessage(message),
        addEventListener(type, listener) {
          port.on(type, listener)
          if (type === 'message') port.start() // until then it keeps what arrives
        },
      })
    }
  })
}

function serveChildProcess(engine: HostedEngine): void {
  const channels = new Map<number, ChannelPort>()
  process.on('message', (message: HostMessage) => {
    if (message.kind === 'stop') end(engine)
    else if (message.kind === 'open') {
      const port = new ChannelPort(message.channel)
      channels.set(message.channel, port)
      void engine.attach(port)
    } else if (message.kind === 'data') channels.get(message.channel)?.hear('message', message.data)
    else if (message.kind === 'close') {
      channels.get(message.channel)?.hear('close')
      channels.delete(message.channel)
    }
  })
  process.on('disconnect', () => end(engine))
}

type Heard = { type: 'message' | 'close'; data: unknown }

/** One of many ports over a child process's single channel to its parent. Keeps what arrives until it is listened to. */
class ChannelPort implements EnginePort {
  #channel: number
  #listeners: { type: string; listener: (event: { data: unknown }) => void }[] = []
  #kept: Heard[] | null = []

  constructor(channel: number) {
    this.#channel = channel
  }

  postMessage(data: unknown): void {
    const message: EngineMessage = { kind: 'data', channel: this.#channel, data }
    // `connected` is false once the host is gone; there is nobody left to tell then.
    if (process.connected) process.send?.(message)
  }

  addEventListener(type: 'message' | 'close', listener: (event: { data: unknown }) => void): void {
    this.#listeners.push({ type, listener })
    if (type === 'close') return
    const kept = this.#kept ?? []
    this.#kept = null
    // Later: the one who listens adds its close listener right after this one.
    queueMicrotask(() => kept.forEach((heard) => this.hear(heard.type, heard.data)))
  }

  hear(type: 'message' | 'close', data?: unknown): void {
    if (this.#kept) this.#kept.push({ type, data })
    else for (const entry of this.#listeners) if (entry.type === type) entry.listener({ data })
  }
}
