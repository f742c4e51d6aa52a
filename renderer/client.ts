// The only speaker of the contract. `engine` can be called at any time: a call waits for the connection, and fails with an
// AppError where the engine is lost. Streams end when their signal is aborted.
import { createORPCClient, type ClientLink } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../main/contract/api.ts'
import { AppError, errors, type ErrorReport } from '../main/contract/errors.ts'
import { cloneMessages, type EnginePort } from '../main/contract/port.ts'
import { errorReport } from '../main/contract/runs.ts'
import { openDoors, type ConnectionState, type Doors } from './doors.ts'

export type Engine = ContractRouterClient<typeof contract>

/** What a call rejects with: the engine's own report where it sent one. */
export function appErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  const data = (error as { data?: unknown } | null)?.data
  const report = errorReport.safeParse(data)
  if (report.success) return new AppError(report.data satisfies ErrorReport, error)
  const issue = (data as { issues?: { path?: unknown[]; message: string }[] } | undefined)?.issues?.[0]
  if (issue) return errors.invalidInput({ field: issue.path?.join('.') ?? '', reason: issue.message }, error)
  return errors.internalError({ reason: error instanceof Error ? error.message : String(error) }, error)
}

type AnyLink = ClientLink<Record<never, never>>

/** A link that outlives its ports: calls made while there is none wait for the next. */
export class ReconnectingLink implements AnyLink {
  #link!: Promise<AnyLink>
  #resolve!: (link: AnyLink) => void
  #isOpen = false
  #underWay = new Set<AbortController>()

  constructor() {
    this.#await()
  }

  open(port: EnginePort): void {
    this.close()
    this.#isOpen = true
    this.#resolve(new RPCLink({ port: port as MessagePort, ...cloneMessages }) as unknown as AnyLink)
  }

  /** Whatever is under way fails; later calls wait for the next port. */
  close(): void {
    for (const controller of this.#underWay) controller.abort()
    this.#underWay.clear()
    // Calls that wait for a port go on waiting for the next.
    if (this.#isOpen) this.#await()
    this.#isOpen = false
  }

  #await(): void {
    this.#link = new Promise((resolve) => (this.#resolve = resolve))
  }

  async call(...[path, input, options]: Parameters<AnyLink['call']>): Promise<unknown> {
    const link = await this.#link
    const lost = new AbortController()
    const controller = new AbortController()
    const stop = (): void => controller.abort(options.signal?.reason)
    lost.signal.addEventListener('abort', () => controller.abort())
    options.signal?.addEventListener('abort', stop)
    if (options.signal?.aborted) stop()
    this.#underWay.add(lost)
    const done = (): void => {
      this.#underWay.delete(lost)
      options.signal?.removeEventListener('abort', stop)
    }
    const fault = (error: unknown): AppError =>
      lost.signal.aborted ? errors.engineLost({ call: path.join('.') }, error) : appErrorOf(error)
    try {
      const output = await link.call(path, input, { ...options, signal: controller.signal })
      if (isStream(output)) return translated(output, fault, done, options.signal)
      done()
      return output
    } catch (error) {
      done()
      throw fault(error)
    }
  }
}

const isStream = (value: unknown): value is AsyncIterableIterator<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The same stream with its errors as AppErrors; it just ends when the caller's own signal is aborted. */
async function* translated(
  stream: AsyncIterableIterator<unknown>,
  fault: (error: unknown) => AppError,
  done: () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown> {
  try {
    return yield* stream
  } catch (error) {
    if (signal?.aborted) return undefined
    throw fault(error)
  } finally {
    done()
  }
}

const link = new ReconnectingLink()

/** The engine. */
export const engine: Engine = createORPCClient(link)

/** Opens the way to the engine and keeps it open; `listener` hears how it stands, at once and at every change. */
export function connect(listener: (state: ConnectionState) => void, doors: Doors = openDoors()): () => void {
  return doors({
    port: (port) => {
      link.open(port)
      listener('connected')
    },
    state: (state) => {
      if (state !== 'connected') link.close()
      listener(state)
    },
  })
}
