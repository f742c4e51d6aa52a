// A probe from a program: a data set of stored steps, trained and judged as in the window.
// Owns: the order of the two in a workspace, progress and cancelling. Not: either by itself (jobs/), or foreign features (analysis/probes/).
import type * as z from 'zod'
import { dataSetRecipe } from '../contract/dataSets.ts'
import { AppError } from '../contract/errors.ts'
import { probeSettings, type ProbeDocument, type ProbeSettingsInput } from '../contract/probes.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { checkSettings } from './settings.ts'
import { inWorkspace } from './workspaceEngine.ts'

/** Which steps, labels and activations: as docs/terminal.md has them; `runIds` is all that must be given. */
export type ProbeRecipe = z.input<typeof dataSetRecipe>
/** What is trained, how it is split and judged; all of it may be left out. */
export type ProbeTrainingSettings = Omit<ProbeSettingsInput, 'dataSetId'>

export interface TrainProbeOptions {
  /** A workspace's folder. Nobody else may write to it meanwhile. */
  workspace: string
  /** For what is made of GGUF files, once; the usual one where left out. */
  cacheFolder?: string
  /** Ends the work at once; what was replayed, and cells of a sweep, stay. */
  signal?: AbortSignal
  onProgress?: (progress: { label: string; fraction: number }) => void
}

const trainOptions: OptionKinds<TrainProbeOptions> = {
  workspace: 'text',
  cacheFolder: 'text',
  signal: 'signal',
  onProgress: 'function',
}

export interface TrainedProbe {
  /** In the workspace. */
  id: string
  dataSetId: string
  document: ProbeDocument
}

/**
 * Makes a data set of a workspace's runs, trains a probe on it and judges it on held-out episodes beside its rivals and controls. Both are stored.
 * @throws invalid_input, not_found, data_set_…, replay_…, probe_…, workspace_…; the signal's reason
 */
export async function trainProbe(
  recipe: ProbeRecipe,
  settings: ProbeTrainingSettings,
  options: TrainProbeOptions,
): Promise<TrainedProbe> {
  const { workspace, cacheFolder } = checkOptions('trainProbe', options, trainOptions)
  const { signal = new AbortController().signal, onProgress = () => {} } = options
  const asked = checkSettings(dataSetRecipe, recipe)
  return inWorkspace({ workspace, cacheFolder, signal }, async (engine) => {
    const watching = new AbortController()
    const { id: dataSetId } = await engine.dataSets.create(asked, onProgress, signal)
    const { id } = engine.probes.train(checkSettings(probeSettings, { ...settings, dataSetId }))
    const following = follow(engine, id, watching.signal, onProgress)
    const cancel = (): void => {
      const isGoingOn = engine.probes.active().some((probe) => probe.id === id) // it may have ended a moment ago
      if (isGoingOn) engine.probes.cancel(id)
    }
    signal.addEventListener('abort', cancel, { once: true })
    const { error } = await engine.probes.ended(id).finally(() => watching.abort())
    signal.removeEventListener('abort', cancel)
    await following
    if (error) throw new AppError(error)
    const { document } = engine.probes.get(id)
    if (!document) throw signal.reason
    return { id, dataSetId, document }
  })
}

async function follow(
  engine: EngineService,
  id: string,
  signal: AbortSignal,
  onProgress: NonNullable<TrainProbeOptions['onProgress']>,
): Promise<void> {
  for await (const event of engine.events(signal))
    if (event.kind === 'probe' && event.probe.id === id && event.probe.progress)
      onProgress(event.probe.progress)
}
