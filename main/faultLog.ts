// Faults of the program, kept where a user can find them: innerview.log in the workspace.
// Owns: the file and its size. Not: errors that a user can mend (those are AppErrors and are shown).
import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const largestBytes = 4 * 2 ** 20

/**
 * A function that writes a fault to standard error and to the workspace's log. It never throws: where the file cannot be
 * written or is full (4 MiB), standard error has to do.
 */
export function faultLog(workspaceFolder: string): (fault: unknown) => void {
  const file = join(workspaceFolder, 'innerview.log')
  return (fault) => {
    console.error('[engine]', fault)
    const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
    const cause = fault instanceof Error && fault.cause ? `\ncaused by ${describe(fault.cause)}` : ''
    try {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
      if (size < largestBytes) appendFileSync(file, `${new Date().toISOString()} ${text}${cause}\n`)
    } catch {
      return // the fault itself is on standard error; a second one about the log would only hide it
    }
  }
}

const describe = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
