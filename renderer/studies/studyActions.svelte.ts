// What can be done with studies: start, pause, go on, do a stage anew, save the report, remove.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { StageName, StudyPlanInput, StudyRecord, StudyStage } from '../../main/contract/studies.ts'
import { studyPlan } from '../../main/contract/studies.ts'
import type { Place } from '../address.ts'
import { engine, type Engine } from '../client.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { saveFile } from '../shared/saveFile.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

export class StudyActions {
  readonly removal = new LaterRemoval()
  /** Why the last start failed. */
  failure = $state.raw<ErrorReport | null>(null)
  isStarting = $state(false)
  #calls: Engine['studies']
  #workspace: Workspace

  constructor(calls: Engine['studies'] = engine.studies, where: Workspace = workspace) {
    this.#calls = calls
    this.#workspace = where
  }

  /** All that are to be shown, newest first; null until the engine has told. */
  get shown(): StudyRecord[] | null {
    return this.#workspace.studies?.filter(({ id }) => !this.removal.hidden.has(id)) ?? null
  }

  /** @returns the study; null where it could not be started (then `failure` says why) */
  async start(plan: StudyPlanInput): Promise<StudyRecord | null> {
    this.failure = null
    this.isStarting = true
    try {
      const study = await this.#calls.start(studyPlan.parse(plan))
      this.#workspace.putStudy(study)
      return study
    } catch (error) {
      this.failure = reportOf(error)
      return null
    } finally {
      this.isStarting = false
    }
  }

  pause = ({ id }: StudyRecord): Promise<void> => this.#put(() => this.#calls.pause({ id }))
  /** @param from  that stage is done anew, and all after it */
  resume = ({ id }: StudyRecord, from?: StageName): Promise<void> =>
    this.#put(() => this.#calls.resume({ id, ...(from && { from }) }))

  remove({ id, name }: StudyRecord): void {
    this.removal.remove(id, `Removed ${name}`, () => this.#calls.remove({ id }))
  }

  async saveReport({ id }: StudyRecord): Promise<void> {
    try {
      const { files } = await this.#calls.report({ id, format: 'html' })
      for (const { path, text } of files)
        saveFile({ fileName: path, data: new Blob([text], { type: 'text/html' }) })
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }

  async #put(call: () => Promise<StudyRecord>): Promise<void> {
    try {
      this.#workspace.putStudy(await call())
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }
}

export const studyActions = new StudyActions()

/** Where what came of a stage is shown; null before there is anything. */
export function placeOf({ name, id }: StudyStage): Partial<Place> | null {
  if (id === null) return null
  switch (name) {
    case 'collect':
      return { view: 'episodes', run: id }
    case 'probe':
      return { view: 'probe', probe: id }
    case 'vector':
      return { view: 'steer', vector: id, sweep: null }
    case 'sweep':
      return { view: 'steer', sweep: id, vector: null }
    case 'report':
      return null
  }
}
