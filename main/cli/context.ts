// What every command shares: global options, a workspace opened for as long as the command runs, and one way to fail.
// Owns: opening and closing around a command, exit codes, Ctrl-C. Not: any command.
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { WorkProgress } from '../contract/api.ts'
import { AppError, reportOf } from '../contract/errors.ts'
import { defaultCache, defaultWorkspace } from '../folders.ts'
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
  /** Shows how far a piece of work is. */
  tell: (progress: WorkProgress) => void
}

/**
 * `read` works beside another process that has the workspace open, and changes nothing on the disk; `change` wants a
 * workspace that is there; `create` makes one where there is none.
 */
export type Access = 'read' | 'change' | 'create'

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
  const { signal } = stop
  const onInterrupt = (): void => {
    if (signal.aborted) process.exit(INTERRUPTED)
    output.note('Stopping … (press Ctrl-C again to end at once)')
    stop.abort()
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onInterrupt)
  const tell = ({ label, fraction }: WorkProgress): void =>
    output.progress(`${label} ${Math.floor(100 * fraction)} %`)
  try {
    await body({ options, output, signal, resourcesFolder, tell })
    if (signal.aborted) process.exitCode = INTERRUPTED
  } catch (error) {
    if (signal.aborted && !(error instanceof AppError)) {
      output.interrupted()
      process.exitCode = INTERRUPTED
    } else {
      output.failure(reportOf(error))
      if (!(error instanceof AppError) && process.env.INNERVIEW_DEBUG) console.error(error)
      process.exitCode = 1
    }
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** With the workspace open. @throws workspace_missing where `access` does not make one, and what opening throws */
export async function withEngine<T>(
  context: CommandContext,
  access: Access,
  body: (engine: EngineService) => Promise<T>,
): Promise<T> {
  if (access === 'change') await requireWorkspace(context)
  const engine = await open(context, access === 'read')
  try {
    return await body(engine)
  } finally {
    await engine.close()
  }
}

/** As `withEngine` for reading; a default workspace that has not come into being yet is `empty`. */
export async function withEngineOr<T>(
  context: CommandContext,
  empty: T,
  body: (engine: EngineService) => Promise<T>,
): Promise<T> {
  try {
    return await withEngine(context, 'read', body)
  } catch (error) {
    if (isMissing(error) && isDefaultWorkspace(context)) return empty
    throw error
  }
}

const open = (context: CommandContext, readOnly: boolean): Promise<EngineService> =>
  openEngine({
    workspaceFolder: context.options.workspace,
    cacheFolder: defaultCache(),
    resourcesFolder: context.resourcesFolder,
    transport: 'process',
    readOnly,
  })

/** Opening for writing would make one, at a mistyped path too. */
async function requireWorkspace(context: CommandContext): Promise<void> {
  const looked = await open(context, true).catch((error: unknown) => {
    if (isMissing(error)) throw error
    return null // an older schema, for instance: opening for writing mends it or says what is wrong
  })
  await looked?.close()
}

const isMissing = (error: unknown): boolean => error instanceof AppError && error.code === 'workspace_missing'

const isDefaultWorkspace = ({ options }: CommandContext): boolean =>
  resolve(options.workspace) === resolve(defaultWorkspace())
