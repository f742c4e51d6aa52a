// Entry of the engine process, in either of its two hosts (Electron's utility process, a child on an outside Node).
// Owns: putting service, router, handler and host together. Not: a server; `innerview serve` (cli.ts) does that.
// Configured by INNERVIEW_WORKSPACE and INNERVIEW_CACHE (folders.ts).
import { createHandler, refusingRouter } from './engineHandler.ts'
import { hostKind, serveHost } from './engineHosting.ts'
import { createRouter } from './engineRouter.ts'
import { faultLog } from './faultLog.ts'
import { defaultCache, defaultWorkspace } from './folders.ts'
import { openEngine, type EngineService } from './jobs/engineService.ts'
import { resourcesFolder } from './resourcesFolder.ts'

const logFault = faultLog(defaultWorkspace())
// The process still ends then, as it should; its host starts another.
process.on('uncaughtExceptionMonitor', logFault)

/** A workspace that cannot be opened still gets an engine: it answers every call with the reason. */
async function openOrExplain(): Promise<EngineService | { refused: unknown }> {
  try {
    const service = await openEngine({
      workspaceFolder: defaultWorkspace(),
      cacheFolder: defaultCache(),
      resourcesFolder: resourcesFolder(),
      transport: hostKind() ?? 'process',
    })
    await service.models.offerEmbedded().catch(logFault) // the workbench is of use without it
    return service
  } catch (error) {
    return { refused: error }
  }
}

// Calls may arrive before the workspace is open: they are answered when it is. A page that connects again to a workspace
// that was refused has it tried again, since what stood in the way (another window) may be gone.
let opening = openOrExplain()
serveHost({
  async attach(port) {
    opening = opening.then((opened) => ('refused' in opened ? openOrExplain() : opened))
    const opened = await opening
    const router = 'refused' in opened ? refusingRouter(opened.refused) : createRouter(opened)
    createHandler(router, logFault).attach(port)
  },
  async close() {
    const opened = await opening
    if (!('refused' in opened)) await opened.close()
  },
})
