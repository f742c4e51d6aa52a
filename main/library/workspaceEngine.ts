// A workspace's engine for the length of one piece of work.
// Owns: opening and closing. Not: the work (collectRun.ts, probes.ts, vectors.ts, sweeps.ts).
import { defaultCache } from '../folders.ts'
import { openEngine, type EngineService } from '../jobs/engineService.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import type { WorkspaceOptions } from './workspaceOptions.ts'

/** @throws workspace_…, and what the work throws; the signal's reason where it is aborted before it begins */
export async function inWorkspace<T>(
  { workspace, cacheFolder, signal = new AbortController().signal }: WorkspaceOptions,
  work: (engine: EngineService, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const engine = await openEngine({
    workspaceFolder: workspace,
    cacheFolder: cacheFolder ?? defaultCache(),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  try {
    return await work(engine, signal)
  } finally {
    await engine.close()
  }
}
