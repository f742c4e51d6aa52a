// The engine's answering side of the contract, for any port.
// Owns: turning what a call throws into a report that crosses the boundary as data. Not: what calls do (engineRouter.ts),
// nor where ports come from (engineHosting.ts, serve.ts).
import { mapEventIterator, ORPCError } from '@orpc/client'
import { isContractProcedure } from '@orpc/contract'
import { implement, type AnyRouter, ValidationError } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { contract } from './contract/api.ts'
import { AppError, errors, reportOf } from './contract/errors.ts'
import { cloneMessages, type EnginePort } from './contract/port.ts'

export interface EngineHandler {
  /** Answers calls that arrive on the port until it closes; then all of its calls are aborted. */
  attach(port: EnginePort): void
}

/**
 * @param router    implements contract/api.ts
 * @param onFault   hears what was thrown and is no AppError: a fault of the program, for the log
 */
export function createHandler(router: AnyRouter, onFault: (error: unknown) => void): EngineHandler {
  const report = (error: unknown): unknown => {
    const known = knownError(error)
    if (!(known instanceof AppError)) onFault(error)
    const data = reportOf(known)
    return new ORPCError(data.code, { status: 500, message: data.message, data, cause: error })
  }
  const handler = new RPCHandler(router, {
    ...cloneMessages,
    clientInterceptors: [
      async ({ next, signal }) => {
        // A call that was aborted has no reader left; its error is nobody's fault.
        const translate = (error: unknown): unknown => (signal?.aborted ? error : report(error))
        try {
          const output = await next()
          return isStream(output)
            ? mapEventIterator(output, { value: (value) => value, error: async (error) => translate(error) })
            : output
        } catch (error) {
          throw translate(error)
        }
      },
    ],
  })
  return { attach: (port) => handler.upgrade(port, { context: {} }) }
}

/** A router whose every call is refused with the same error: for an engine that could not open its workspace. */
export function refusingRouter(error: unknown): AnyRouter {
  const refuse = (node: unknown, implementer: unknown): unknown => {
    if (isContractProcedure(node)) {
      const procedure = implementer as { handler(call: () => never): unknown } // implementer mirrors the contract
      return procedure.handler(() => {
        throw error
      })
    }
    const children = Object.entries(node as Record<string, unknown>)
    return Object.fromEntries(
      children.map(([key, child]) => [key, refuse(child, (implementer as Record<string, unknown>)[key])]),
    )
  }
  return refuse(contract, implement(contract)) as AnyRouter
}

const isStream = (value: unknown): value is AsyncIterator<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** What oRPC says about an input that does not fit its schema, in our words; all else as it is. */
function knownError(error: unknown): unknown {
  if (!(error instanceof ORPCError) || !(error.cause instanceof ValidationError)) return error
  const issue = error.cause.issues[0]
  const field = (issue?.path ?? []).map((key) => String(typeof key === 'object' ? key.key : key)).join('.')
  const reason = issue?.message ?? error.message
  if (error.code === 'BAD_REQUEST') return errors.invalidInput({ field: field || 'input', reason }, error)
  return new Error(`The engine's answer does not fit the contract: ${field}: ${reason}`, { cause: error })
}
