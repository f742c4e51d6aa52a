// What a host (the Electron shell, on its own Node or on an outside one) and its engine process say to each other.
// Owns: the messages beside the calls. Not: the calls themselves (api.ts); those travel over the ports opened here.

/**
 * Host to engine. Over Electron's utility process only `connect` (with the port as the message's ports[0]) and `stop` are
 * used; over a child process's IPC, which has no ports, numbered channels stand in for them.
 */
export type HostMessage =
  | { kind: 'connect' }
  | { kind: 'open'; channel: number }
  | { kind: 'data'; channel: number; data: unknown }
  | { kind: 'close'; channel: number }
  /** Finish what is being stored and exit; a host kills after `stopGraceMs`. */
  | { kind: 'stop' }

/** Engine to host, over a child process's IPC only. */
export type EngineMessage = { kind: 'data'; channel: number; data: unknown }

/** How long an engine may take to end after `stop`. A kill later than that loses at most the running step. */
export const stopGraceMs = 4000
