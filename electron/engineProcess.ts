// One running engine, on Electron's own Node or on an outside one.
// Owns: the process and the ports into it. Not: starting it again when it dies (engineHost.ts).
import { MessageChannelMain, utilityProcess, type MessagePortMain } from 'electron'
import { fork } from 'node:child_process'
import { stopGraceMs, type EngineMessage, type HostMessage } from '../main/contract/hosting.ts'
import { withLargePages } from '../main/contract/largePages.ts'

export interface EngineProcess {
  /** A new port into the engine, for a page. */
  connect(): MessagePortMain
  /** Lets it store what is under way; kills it after a few seconds. Resolves when it has ended. */
  stop(): Promise<void>
}

export interface EngineStart {
  /** Full path of the built engine. */
  entry: string
  environment: Record<string, string | undefined>
  /** A Node binary to run it on; undefined for Electron's own, which is new enough from Electron 29 on. */
  nodePath: string | undefined
  /** Called once, however it ended. */
  onExit(code: number | null): void
}

export const startEngine = (start: EngineStart): EngineProcess =>
  start.nodePath ? startOnNode(start, start.nodePath) : startOnElectron(start)

function startOnElectron({ entry, environment, onExit }: EngineStart): EngineProcess {
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Innerview engine',
    env: environment as Record<string, string>, // undefined values are left out by Electron
    stdio: 'inherit',
  })
  const send = (message: HostMessage, ports: MessagePortMain[] = []): void =>
    child.postMessage(message, ports)
  const ended = new Promise<void>((resolve) =>
    child.once('exit', (code) => {
      resolve()
      onExit(code)
    }),
  )
  return {
    connect() {
      const { port1, port2 } = new MessageChannelMain()
      send({ kind: 'connect' }, [port1])
      return port2
    },
    stop: () =>
      stopOrKill(
        () => send({ kind: 'stop' }),
        () => child.kill(),
        ended,
      ),
  }
}

function startOnNode({ entry, environment, onExit }: EngineStart, nodePath: string): EngineProcess {
  const child = fork(entry, [], {
    execPath: nodePath,
    execArgv: [],
    env: withLargePages({ ...environment, ELECTRON_RUN_AS_NODE: undefined }, process.platform),
    serialization: 'advanced', // structured clone: typed arrays stay whole
    stdio: 'inherit',
  })
  const ports = new Map<number, MessagePortMain>()
  let nextChannel = 1
  const send = (message: HostMessage): void => {
    if (child.connected) child.send(message)
  }
  child.on('message', (message: EngineMessage) => ports.get(message.channel)?.postMessage(message.data))
  const ended = new Promise<void>((resolve) => {
    const end = (code: number | null): void => {
      child.removeAllListeners()
      for (const port of ports.values()) port.close()
      ports.clear()
      resolve()
      onExit(code)
    }
    child.once('exit', end)
    child.once('error', (error) => {
      console.error(`[shell] The engine cannot be started with ${nodePath}: ${error.message}`)
      end(null)
    })
  })
  return {
    connect() {
      const { port1, port2 } = new MessageChannelMain()
      const channel = nextChannel++
      ports.set(channel, port1)
      send({ kind: 'open', channel })
      port1.on('message', ({ data }) => send({ kind: 'data', channel, data }))
      port1.on('close', () => {
        ports.delete(channel)
        send({ kind: 'close', channel })
      })
      port1.start()
      return port2
    },
    stop: () =>
      stopOrKill(
        () => send({ kind: 'stop' }),
        () => child.kill('SIGKILL'),
        ended,
      ),
  }
}

async function stopOrKill(ask: () => void, kill: () => void, ended: Promise<void>): Promise<void> {
  ask()
  const timer = setTimeout(kill, stopGraceMs)
  await ended
  clearTimeout(timer)
}
