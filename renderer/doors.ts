// The two ways to the engine: a port from the desktop shell, or a WebSocket with the token of this start.
// Owns: opening, noticing the loss, trying again. Not: calls (client.ts).
import { enginePortMessage, type DesktopApi } from '../main/contract/desktop.ts'
import { socketPort, type EnginePort } from '../main/contract/port.ts'

/**
 * `refused`: the token is missing or of another start; only opening the printed address again helps. `gone`: nobody has
 * answered here for a while; the next start prints another address.
 */
export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'gone' | 'failed' | 'refused'

export interface DoorListener {
  port(port: EnginePort): void
  state(state: ConnectionState): void
}
/** Starts to connect; the function returned stops it. */
export type Doors = (listener: DoorListener) => () => void

export const openDoors = (): Doors => (window.desktop ? desktopDoor(window.desktop) : socketDoor(takeToken()))

const tokenKey = 'innerview:token'

/**
 * The token of `#token=…`, taken out of the address, so that a copied link or a screenshot does not hold it, and kept for
 * every tab of this browser at this very host and port, so that such a link opens there. (A cookie would go to every port
 * of this machine.) Null where none was ever given. A link to a token of a step (`#/episodes?…&token=4`) is another thing.
 */
export function takeToken(): string | null {
  const given = /^#token=([^&]+)/.exec(location.hash)?.[1]
  if (given !== undefined) {
    localStorage.setItem(tokenKey, decodeURIComponent(given))
    history.replaceState(null, '', location.pathname + location.search)
  }
  return localStorage.getItem(tokenKey)
}

const desktopDoor =
  (desktop: DesktopApi): Doors =>
  (listener) => {
    let current: MessagePort | undefined
    const closePort = (): void => current?.close()
    const hear = (event: MessageEvent): void => {
      if (event.source !== window || event.data !== enginePortMessage || !event.ports[0]) return
      closePort()
      current = event.ports[0]
      listener.port(current as unknown as EnginePort)
      current.start()
    }
    window.addEventListener('message', hear)
    // A reload with an open port crashes the page in some Electrons.
    window.addEventListener('pagehide', closePort)
    const stopStatus = desktop.onEngineStatus((status) => {
      if (status === 'failed') listener.state('failed')
      else if (status === 'restarting') listener.state('lost')
    })
    listener.state('connecting')
    desktop.connectEngine()
    return () => {
      window.removeEventListener('message', hear)
      window.removeEventListener('pagehide', closePort)
      stopStatus()
      closePort()
    }
  }

const firstWaitMs = 250
const longestWaitMs = 5000
/** About four seconds: a server that comes back by itself does so sooner. */
const attemptsUntilGone = 4

/** A browser does not tell why a socket did not open; whether the server answers at all does. */
const serverAnswers = (): Promise<boolean> =>
  fetch(`http://${location.host}/`, { method: 'HEAD', cache: 'no-store' }).then(
    () => true,
    () => false,
  )

const socketDoor =
  (firstToken: string | null): Doors =>
  (listener) => {
    let token = firstToken
    let stopped = false
    let socket: WebSocket | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let waitMs = firstWaitMs
    let wasEverOpen = false
    let attempts = 0

    const open = (): void => {
      let isOpen = false
      // Sub-protocols are the one thing a browser lets a page add to the opening request.
      socket = new WebSocket(`ws://${location.host}/rpc`, ['engine', token ?? ''].filter(Boolean))
      socket.addEventListener('open', () => {
        isOpen = wasEverOpen = true
        waitMs = firstWaitMs
        attempts = 0
        listener.port(socketPort(socket!))
      })
      socket.addEventListener('close', () => void closed(isOpen))
    }
    const closed = async (wasOpen: boolean): Promise<void> => {
      if (stopped) return
      if (wasOpen) listener.state('lost')
      else {
        const isRefusal = await serverAnswers()
        if (stopped) return
        attempts++
        const away = attempts >= attemptsUntilGone ? 'gone' : wasEverOpen ? 'lost' : 'connecting'
        listener.state(isRefusal ? 'refused' : away)
      }
      timer = setTimeout(open, waitMs)
      waitMs = Math.min(waitMs * 2, longestWaitMs)
    }

    const begin = (): void => {
      listener.state(token === null ? 'refused' : 'connecting')
      if (token !== null) open()
    }
    // The printed address, pasted into a tab that is open already, changes the hash and loads nothing; opened in another tab,
    // it changes what both have stored.
    const lookForToken = (): void => {
      const given = takeToken()
      if (given === null || given === token) return
      token = given
      clearTimeout(timer)
      waitMs = firstWaitMs
      attempts = 0
      begin()
    }
    window.addEventListener('hashchange', lookForToken)
    window.addEventListener('storage', lookForToken)
    begin()
    return () => {
      stopped = true
      window.removeEventListener('hashchange', lookForToken)
      window.removeEventListener('storage', lookForToken)
      clearTimeout(timer)
      socket?.close()
    }
  }
