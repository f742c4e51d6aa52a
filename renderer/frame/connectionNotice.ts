// What is said of a connection that is not there.
import type { ConnectionState } from '../doors.ts'

const notices: Partial<Record<ConnectionState, { title: string; text: string }>> = {
  lost: {
    title: 'The engine is away',
    text: 'What is shown may be old. The window reconnects by itself; what was stored is kept.',
  },
  gone: {
    title: 'Innerview has ended',
    text: 'Start Innerview again and open the new address it prints. What was stored is kept; what is shown may be old.',
  },
  failed: {
    title: 'The engine stopped and does not come back',
    text: 'It ended several times within a minute. The log lies in the workspace folder.',
  },
  refused: {
    title: 'This address is not let in',
    text: 'Open the address that was printed when the engine started: it holds the token of this start.',
  },
}

export const connectionNotice = (state: ConnectionState) => notices[state] ?? null
