// A secret from standard input: typed without being shown, or piped in.
// Owns: reading one line. Not: what it is for. Never takes it from the command line, which other users can list.
import { createInterface } from 'node:readline'
import { Writable, type Readable } from 'node:stream'

/** Swallows what the line editor would show. */
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/**
 * The first line without the white space around it; empty where input ends before one.
 * @param ask  shows a person what to type, where one sits there
 */
export async function readSecret(
  input: Readable & { isTTY?: boolean },
  ask: () => void,
  signal: AbortSignal,
): Promise<string> {
  const isPerson = input.isTTY === true
  const reader = createInterface({ input, output: nowhere(), terminal: isPerson })
  if (isPerson) ask()
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      // With a line editor Ctrl-C is a key, not a signal: it is made one again.
      reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      reader.once('line', (line) => resolve(line.trim()))
      reader.once('close', () => resolve(''))
    })
  } finally {
    reader.close()
  }
}
