// What can be done with probes: train, cancel, go on, rename, remove, save.
import { reportOf } from '../../main/contract/errors.ts'
import type { ProbeSettings } from '../../main/contract/probes.ts'
import type { ProbeExport, ProbeSummary } from '../../main/contract/storedProbes.ts'
import { engine, type Engine } from '../client.ts'
import { selection } from '../selection.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { saveFile } from '../shared/saveFile.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

export const isUnderWay = (probe: ProbeSummary): boolean =>
  probe.status === 'running' || probe.status === 'queued'
export const canResume = (probe: ProbeSummary): boolean =>
  ['interrupted', 'cancelled', 'failed'].includes(probe.status)

export const exportFormats = [
  { format: 'safetensors', title: 'Save as safetensors' },
  { format: 'json', title: 'Save as JSON' },
  { format: 'npz', title: 'Save for NumPy (.npz)' },
] as const
type ExportFormat = (typeof exportFormats)[number]['format']

export class ProbeActions {
  readonly removal = new LaterRemoval()
  #calls: Engine['probes']
  #workspace: Workspace
  #save: (file: ProbeExport) => void

  constructor(
    calls: Engine['probes'] = engine.probes,
    where: Workspace = workspace,
    save: (file: ProbeExport) => void = saveFile,
  ) {
    this.#calls = calls
    this.#workspace = where
    this.#save = save
  }

  /** All that are to be shown, newest first; null until the engine has told. */
  get shown(): ProbeSummary[] | null {
    return this.#workspace.probes?.filter(({ id }) => !this.removal.hidden.has(id)) ?? null
  }

  /** @throws AppError of the engine */
  async train(settings: ProbeSettings): Promise<ProbeSummary> {
    const probe = await this.#calls.train(settings)
    this.#workspace.putProbe(probe)
    return probe
  }

  cancel = (probe: ProbeSummary): Promise<void> => this.#do(() => this.#calls.cancel({ id: probe.id }))
  resume = (probe: ProbeSummary): Promise<void> => this.#do(() => this.#calls.resume({ id: probe.id }))

  rename = async (probe: ProbeSummary, name: string): Promise<void> => {
    const trimmed = name.trim()
    if (trimmed && trimmed !== probe.name)
      await this.#do(() => this.#calls.rename({ id: probe.id, name: trimmed.slice(0, 200) }))
  }

  remove = (probe: ProbeSummary): void => {
    if (selection.probe === probe.id) selection.go({ probe: null })
    this.removal.remove(probe.id, `Removed “${probe.name}”`, () => this.#calls.remove({ id: probe.id }))
  }

  save = async (probe: ProbeSummary, format: ExportFormat): Promise<void> => {
    try {
      const file = await this.#calls.export({ id: probe.id, format })
      this.#save(file)
      toasts.say(`Saved ${file.fileName}`, { tone: 'done' })
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }

  async #do(call: () => Promise<ProbeSummary>): Promise<void> {
    try {
      this.#workspace.putProbe(await call())
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }
}

export const probeActions = new ProbeActions()
