// One shape for every way to the engine: something like a MessagePort that carries structured-cloneable objects.
// Owns: the WebSocket as a port, and how calls are encoded on any port. Not: opening or guarding the connection.
// Both ends use it: renderer/client.ts and the engine's doors. Typed arrays arrive whole on every way.
import { Packr } from 'msgpackr'

export interface EnginePort {
  postMessage(data: unknown, transfer?: unknown[]): void
  addEventListener(type: 'message' | 'close', listener: (event: { data: unknown }) => void): void
}

/** What is used of a browser's WebSocket or of one of the `ws` package. */
export interface SocketLike {
  binaryType: string
  readonly readyState: number
  send(data: Uint8Array<ArrayBuffer>): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: () => void): void
}

const packr = new Packr({ structuredClone: true, useRecords: false, mapsAsObjects: true })
const socketIsOpen = 1

/** A WebSocket as a port. What is sent after it closed is dropped: the close event tells both ends. */
export function socketPort(socket: SocketLike): EnginePort {
  socket.binaryType = 'arraybuffer'
  return {
    postMessage(data) {
      if (socket.readyState === socketIsOpen) socket.send(packr.pack(data) as Uint8Array<ArrayBuffer>)
    },
    addEventListener(type, listener) {
      if (type === 'close') socket.addEventListener('close', () => listener({ data: undefined }))
      else
        socket.addEventListener('message', ({ data }) =>
          listener({ data: packr.unpack(new Uint8Array(data as ArrayBuffer)) }),
        )
    },
  }
}

const opensStream = (message: unknown): boolean => {
  const body = ((message as unknown[])[2] as { body?: unknown } | undefined)?.body
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/**
 * For oRPC's message-port adapter: every message goes as a structured clone, except the one that opens an event
 * iterator. oRPC's own encoder must see that one, since it marks it as a stream and takes the iterator off it.
 */
export const cloneMessages = {
  experimental_transfer: (message: unknown): object[] | null => (opensStream(message) ? null : []),
}
