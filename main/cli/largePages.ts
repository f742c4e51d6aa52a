// Commands that run a model do it in large pages of memory.
// Owns: which commands, and replacing the process by one that has them. Not: how they are asked for (contract/largePages.ts).
import { isMainThread } from 'node:worker_threads'
import { withLargePages } from '../contract/largePages.ts'

/** By the last word of their names. */
const commands = new Set(['collect', 'run', 'sweep', 'serve', 'check', 'resume', 'probe'])

/**
 * Begins the process anew, under the same number, with the same arguments and files, where that gives large pages; else goes on.
 * @param command  the last word of the command's name
 */
export function goOnInLargePages(command: string): void {
  const environment = withLargePages(process.env, process.platform)
  const isPossible = isMainThread && process.connected !== true && process.execve !== undefined
  if (environment === process.env || !isPossible || !commands.has(command)) return
  // Node's types leave out that the environment may hold what is undefined; its own does not.
  process.execve?.(
    process.execPath,
    [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    environment as Record<string, string>,
  )
}
