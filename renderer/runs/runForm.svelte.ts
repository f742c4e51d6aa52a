// The new-run form: its draft, its faults, what it would cost, and its start.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { RunEstimate } from '../../main/contract/api.ts'
import type { CollectSettings, RunRecord } from '../../main/contract/runs.ts'
import { engine, type Engine } from '../client.ts'
import { storedEndpoint } from '../settings/endpoint.ts'
import { hookTables } from '../interventions/hookTables.svelte.ts'
import { checkInterventions } from '../interventions/interventionDraft.ts'
import { selection } from '../selection.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { keptDraft } from './keptDraft.ts'
import { middleLayer } from './layerChoice.ts'
import {
  checkDraft,
  draftOf,
  newDraft,
  placeOfRefusal,
  standardName,
  stepLimits,
  type DraftFaults,
  type DraftField,
  type RunDraft,
} from './runDraft.ts'

const settleMs = 200

export class RunForm {
  draft = $state<RunDraft>(newDraft())
  estimate = $state.raw<RunEstimate | null>(null)
  /** Why there is no estimate, or why it did not start; null where a field says it. */
  error = $state.raw<ErrorReport | null>(null)
  isStarting = $state(false)
  /** A start was asked for while something was wrong. */
  wasTried = $state(false)
  isEstimating = $state(false)
  #engine: Engine
  #workspace: Workspace
  #timer: ReturnType<typeof setTimeout> | undefined
  #round = 0

  constructor(calls: Engine = engine, where: Workspace = workspace) {
    this.#engine = calls
    this.#workspace = where
  }

  model = $derived.by(() => this.#workspace.model(this.draft.modelId))
  layerCount = $derived(this.model?.shape.layers ?? null)
  #interventions = $derived.by(() =>
    checkInterventions(this.draft.interventions, hookTables.of(this.draft.modelId)),
  )
  #checked = $derived.by(() =>
    checkDraft(this.draft, this.layerCount, this.#workspace.taskLists, this.#interventions),
  )
  /** What the engine said of a field; true of this value with this model. */
  #refusal = $state.raw<{ field: DraftField; text: string; value: unknown; modelId: string } | null>(null)
  #refused: DraftFaults = $derived.by(() => {
    const refusal = this.#refusal
    if (refusal?.modelId !== this.draft.modelId || this.draft[refusal.field] !== refusal.value) return {}
    return { [refusal.field]: refusal.text }
  })
  faults: DraftFaults = $derived({ ...this.#refused, ...this.#checked.faults })
  settings: CollectSettings | null = $derived(this.#checked.settings)
  /** Every single thing to correct, of the interventions too. */
  faultCount: number = $derived(
    Object.keys(this.faults).filter((field) => field !== 'interventions').length +
      (this.#interventions.faults.length || (this.faults.interventions === undefined ? 0 : 1)),
  )
  /** What the engine said of the interventions; what is wrong with their text stands beside each of them. */
  refusedInterventions = $derived(this.#refused.interventions)
  /** How the run will be called unless it gets a name. */
  standardName: string = $derived(standardName(this.draft, this.model?.name ?? ''))

  fill(draft: RunDraft): void {
    this.draft = draft
    this.error = null
    this.wasTried = false
    this.#refusal = null
    if (!draft.modelId && this.#workspace.models?.[0]) this.chooseModel(this.#workspace.models[0].id)
  }

  /** Another model has other layers: where the middle one was chosen, the new one's middle is. */
  chooseModel(id: string): void {
    const before = this.layerCount
    const wasMiddle =
      this.draft.layers === '' || (before !== null && this.draft.layers === String(middleLayer(before)))
    this.draft.modelId = id
    const layers = this.#workspace.model(id)?.shape.layers
    if (wasMiddle && layers !== undefined) this.draft.layers = String(middleLayer(layers))
  }

  /** Another game has another usual number of steps; one that was chosen by hand stays. */
  chooseGame(game: RunDraft['environment']): void {
    if (this.draft.maxSteps === stepLimits[this.draft.environment]) this.draft.maxSteps = stepLimits[game]
    this.draft.environment = game
  }

  /** Asks for a new estimate a moment after the last change; answers that come too late are dropped. */
  estimateSoon(settings: CollectSettings | null): void {
    clearTimeout(this.#timer)
    const round = ++this.#round
    this.isEstimating = settings !== null
    if (!settings) {
      this.estimate = null
      this.error = null
      return
    }
    this.#timer = setTimeout(() => void this.#ask(settings, round), settleMs)
  }

  async #ask(settings: CollectSettings, round: number): Promise<void> {
    let estimate: RunEstimate | null = null
    let error: ErrorReport | null = null
    try {
      estimate = await this.#engine.runs.estimate(settings)
    } catch (fault) {
      error = reportOf(fault)
    }
    if (round !== this.#round) return
    this.estimate = estimate
    this.#tell(error)
    this.isEstimating = false
  }

  /** Says it beside its field, or for the whole form. */
  #tell(error: ErrorReport | null): void {
    const place = error && placeOfRefusal(error, this.draft.interventions.trim() !== '')
    this.error = place ? null : error
    if (!place) return
    const [field, text] = place
    this.#refusal = { field, text, value: this.draft[field], modelId: this.draft.modelId }
  }

  /** @returns the run; null where it did not start (then `faults` or `error` say why) */
  async start(): Promise<RunRecord | null> {
    this.wasTried = this.settings === null
    if (!this.settings || this.isStarting) return null
    this.isStarting = true
    this.error = null
    this.#refusal = null
    try {
      const run = await this.#engine.runs.start(this.settings)
      this.#workspace.putRun(run)
      return run
    } catch (fault) {
      this.#tell(reportOf(fault))
      return null
    } finally {
      this.isStarting = false
    }
  }
}

export const runForm = new RunForm()
runForm.draft = keptDraft() ?? runForm.draft

/** Opens the form with defaults, changed as given. */
export function startFormWith(change: Partial<RunDraft> = {}): void {
  runForm.fill({ ...newDraft(), ...storedEndpoint(), ...change, modelId: '' })
  if (change.modelId) runForm.chooseModel(change.modelId)
  selection.go({ view: 'new-run' })
}

/** Opens the form with the settings of a run. */
export function startFormLike(run: RunRecord): void {
  runForm.fill({ ...draftOf(run.settings), name: '' })
  selection.go({ view: 'new-run' })
}
