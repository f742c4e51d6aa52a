// What every command shares: global options, a workspace opened for as long as the command runs, and one way to fail.
// Owns: opening and closing around a command, exit codes, Ctrl-C. Not: any command.
import type { Command } from 'commander'
import { AppError, reportOf } from '../contract/errors.ts'
import { defaultCache } from '../folders.ts'
import { openEngine, type EngineService } from '../jobs/engineService.ts'
import { Output } from './output.ts'

export interface GlobalOptions {
  workspace: string
  json: boolean
}

export interface CommandContext {
  options: GlobalOptions
  output: Output
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal
  resourcesFolder: string
}

/** Exit code of a command that was interrupted, as shells have it for SIGINT. */
const INTERRUPTED = 130

/**
 * Runs a command's body and turns what it throws into a report and an exit code.
 * The first Ctrl-C asks it to stop in good order, a second one ends the process.
 */
export async function runCommand(
  command: Command,
  resourcesFolder: string,
  body: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const output = new Output(options.json)
  const stop = new AbortController()
  const onInterrupt = (): void => {
    if (stop.signal.aborted) process.exit(INTERRUPTED)
    output.note('Stopping … (press Ctrl-C again to end at once)')
    stop.abort()
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onInterrupt)
  try {
    await body({ options, output, signal: stop.signal, resourcesFolder })
    if (stop.signal.aborted) process.exitCode = INTERRUPTED
  } catch (error) {
    if (stop.signal.aborted && !(error instanceof AppError)) process.exitCode = INTERRUPTED
    else {
      output.failure(reportOf(error))
      if (!(error instanceof AppError) && process.env.INNERVIEW_DEBUG) console.error(error)
      process.exitCode = 1
    }
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** With the workspace open for writing, or only for reading (works beside a window that has it open). */
export async function withEngine<T>(
  context: CommandContext,
  access: 'write' | 'read',
  body: (engine: EngineService) => Promise<T>,
): Promise<T> {
  const open = (readOnly: boolean): Promise<EngineService> =>
    openEngine({
      workspaceFolder: context.options.workspace,
      cacheFolder: defaultCache(),
      resourcesFolder: context.resourcesFolder,
      transport: 'process',
      readOnly,
    })
  // A workspace that is not there yet is an empty one.
  const isMissing = (error: unknown): boolean =>
    error instanceof AppError && error.code === 'workspace_missing'
  const engine = await open(access === 'read').catch((error: unknown) => {
    if (!isMissing(error)) throw error
    return open(false)
  })
  try {
    return await body(engine)
  } finally {
    await engine.close()
  }
}
