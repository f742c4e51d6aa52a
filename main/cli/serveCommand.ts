// innerview serve: the workbench in a browser, on this computer only.
// Owns: joining engine and door for as long as the command runs. Not: who may connect (serve.ts).
import { Command } from 'commander'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { errors } from '../contract/errors.ts'
import { createHandler } from '../engineHandler.ts'
import { createRouter } from '../engineRouter.ts'
import { faultLog } from '../faultLog.ts'
import { serve } from '../serve.ts'
import { runCommand, withEngine } from './context.ts'
import { port } from './options.ts'

export function serveCommand(resources: string, webRoot: string): Command {
  return new Command('serve')
    .description('serve the workbench on loopback and print its address')
    .option('--port <n>', 'port; 0 takes any that is free', port, 0)
    .action((options: { port: number }, command: Command) =>
      runCommand(command, resources, async (context) => {
        if (!existsSync(join(webRoot, 'index.html')))
          throw errors.invalidInput({
            field: 'out/renderer',
            reason: 'not built yet; run “npm run build” first',
          })
        await withEngine(context, 'create', async (engine) => {
          const logFault = faultLog(context.options.workspace)
          await engine.models.offerEmbedded().catch(logFault) // the workbench is of use without it
          const handler = createHandler(createRouter(engine), logFault)
          const server = await serve({ port: options.port, webRoot, attach: (port) => handler.attach(port) })
          context.output.result({ address: server.address }, () => server.address)
          await new Promise<void>((resolve) =>
            context.signal.addEventListener('abort', () => resolve(), { once: true }),
          )
          await server.close()
        })
      }),
    )
}
