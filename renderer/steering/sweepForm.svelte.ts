// A new sweep: its fields and faults, what it would take, its start.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import { collectSettings, type CollectSettings, type RunRecord } from '../../main/contract/runs.ts'
import type { ProbeGate } from '../../main/contract/storedProbes.ts'
import type { SweepEstimate, SweepSettings, SweepSummary } from '../../main/contract/sweeps.ts'
import type { VectorSummary } from '../../main/contract/vectors.ts'
import { engine, type Engine } from '../client.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { sweepActions, type SweepActions } from './sweepActions.svelte.ts'
import {
  checkSweep,
  draftOfSweep,
  newSweepDraft,
  presetFields,
  presetOf,
  type PresetName,
  type SweepDraft,
  type SweepFaults,
} from './sweepDraft.ts'
import { draftFor, modelOf, plainSettings, runLike } from './vectorDefaults.ts'

const settleMs = 250

interface Parts {
  calls?: Pick<Engine['sweeps'], 'estimate'>
  gates?: Pick<Engine['probes'], 'gate'>
  where?: Workspace
  sweeps?: SweepActions
}

export class SweepForm {
  draft = $state<SweepDraft>(newSweepDraft())
  /** The run that it is played like; null for plain settings. */
  runId = $state<string | null>(null)
  estimate = $state.raw<SweepEstimate | null>(null)
  isEstimating = $state(false)
  #refused = $state.raw<ErrorReport | null>(null)
  #unknown = $state.raw<ErrorReport | null>(null)
  isStarting = $state(false)
  /** Whether the form is unfolded over a vector’s page. */
  isOpen = $state(false)
  /** What a probe’s alarm would open for; null where none is asked for or known. */
  gate = $state.raw<ProbeGate | null>(null)
  gateProblem = $state.raw<ErrorReport | null>(null)
  #calls: Pick<Engine['sweeps'], 'estimate'>
  #gates: Pick<Engine['probes'], 'gate'>
  #workspace: Workspace
  #sweeps: SweepActions
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = new AbortController()
  #round = 0

  constructor({
    calls = engine.sweeps,
    gates = engine.probes,
    where = workspace,
    sweeps = sweepActions,
  }: Parts = {}) {
    this.#calls = calls
    this.#gates = gates
    this.#workspace = where
    this.#sweeps = sweeps
  }

  /** Why it did not start, or else why there is no estimate. */
  error: ErrorReport | null = $derived.by(() => this.#refused ?? this.#unknown)
  model = $derived.by(() => this.#workspace.model(this.draft.modelId))
  run: RunRecord | null = $derived.by(() => this.#workspace.run(this.runId))
  /** Settings of the sweep that the fields were taken from; null where they come from a vector. */
  #like = $state.raw<SweepSettings | null>(null)
  base: CollectSettings = $derived.by(() => {
    if (this.run) return this.run.settings
    return this.#like ? collectSettings.parse(this.#like) : plainSettings(this.draft.modelId)
  })
  #checked = $derived.by(() => checkSweep(this.draft, this.base, this.model?.shape.layers ?? null))
  faults: SweepFaults = $derived(this.#checked.faults)
  settings: SweepSettings | null = $derived(this.#checked.settings)
  preset: PresetName | null = $derived(presetOf(this.draft))

  /** Runs that a vector's rows came from. */
  originOf = (vector: VectorSummary): readonly string[] => {
    const { origin } = vector
    if (origin.kind === 'contrast') return origin.dataSetRecipe.runIds
    if (origin.kind === 'learned') return [origin.runId]
    if (origin.kind !== 'probe') return []
    const probe = this.#workspace.probe(origin.recipe.probeId)
    return this.#workspace.dataSet(probe?.dataSetId ?? null)?.recipe.runIds ?? []
  }

  /** Vectors that can stand beside the first: of the same model and width. */
  get fitting(): VectorSummary[] {
    const first = this.#workspace.vector(this.draft.vectors[0] ?? null)
    return (this.#workspace.vectors ?? []).filter(
      ({ width, model }) =>
        first === null ||
        (width === first.width && (!model || !first.model || model.hash === first.model.hash)),
    )
  }

  /** Why no sweep with this vector can be played here; null where one can. */
  obstacleOf(vector: VectorSummary): string | null {
    if (modelOf(vector, this.#workspace.models ?? [], this.#runOf(vector))) return null
    return vector.model
      ? `Its model, ${vector.model.name}, is not in this workspace. Add it to steer with this vector.`
      : 'There is no model in this workspace to steer.'
  }

  #runOf(vector: VectorSummary): RunRecord | null {
    return runLike(vector, this.#workspace.runs ?? [], this.originOf)
  }

  #quickOf(vector: VectorSummary): {
    draft: SweepDraft
    run: RunRecord | null
    base: CollectSettings
    layers: number | null
  } {
    const run = this.#runOf(vector)
    const model = modelOf(vector, this.#workspace.models ?? [], run)
    const base = run?.settings ?? plainSettings(model?.id ?? '')
    return { draft: draftFor(vector, base, model), run, base, layers: model?.shape.layers ?? null }
  }

  /** What one press with this vector plays, whatever the fields hold; null where it cannot be played. */
  quickSettings(vector: VectorSummary): SweepSettings | null {
    const { draft, base, layers } = this.#quickOf(vector)
    return checkSweep(draft, base, layers).settings
  }

  /** Everything a Quick sweep with this vector needs. */
  fillFor(vector: VectorSummary): void {
    const { draft, run } = this.#quickOf(vector)
    this.#like = null
    this.runId = run?.id ?? null
    this.draft = draft
    this.estimate = null
    this.#refused = null
    this.#unknown = null
  }

  /** The fields of a sweep that was played; what they do not show stays as a plain run has it. */
  fillLike(settings: SweepSettings): void {
    this.runId = null
    this.#like = settings
    this.draft = draftOfSweep(settings)
    this.#refused = null
    this.#unknown = null
  }

  /** Plays like another run: what that run sets is taken over. */
  playLike(runId: string): void {
    this.#like = null
    this.runId = runId || null
    const { environment, sampling } = this.base
    this.draft.maxSteps = environment.maxSteps
    this.draft.systemPrompt = environment.systemPrompt
    this.draft.temperature = sampling.temperature
    this.draft.maxNewTokens = sampling.maxNewTokens
    if (environment.name !== 'twenty_questions' && this.draft.outcome === 'invalid')
      this.draft.outcome = 'won'
  }

  choosePreset(name: PresetName): void {
    this.draft = { ...this.draft, ...presetFields(name, this.draft.unit) }
  }

  /** The same objects and draws that a vector was made from: what is judged would be what was learnt from. */
  isJudgedOnItsOwn: boolean = $derived.by(() => {
    const origins = this.draft.vectors.flatMap((id) => {
      const vector = this.#workspace.vector(id)
      return vector ? this.originOf(vector) : []
    })
    return origins.some((id) => this.#workspace.run(id)?.settings.seed === this.draft.seed)
  })

  #gateKey = ''
  /** Reads what the chosen probe's gate is; an answer that comes too late is dropped. */
  async readGate(): Promise<void> {
    const { isGated, gateBy, gateProbe: id, gateRate } = this.draft
    const isWanted = isGated && gateBy === 'probe' && id !== '' && gateRate !== null
    const key = isWanted ? `${id} ${gateRate}` : ''
    if (key === this.#gateKey) return
    this.#gateKey = key
    this.gate = null
    this.gateProblem = null
    if (!isWanted) return
    try {
      const gate = await this.#gates.gate({ id, falsePositiveRate: gateRate / 100 })
      if (key === this.#gateKey) this.gate = gate
    } catch (fault) {
      if (key === this.#gateKey) this.gateProblem = reportOf(fault)
    }
  }

  /** Asks for a new estimate a moment after the last change; answers that come too late are dropped. */
  estimateSoon(settings: SweepSettings | null): void {
    clearTimeout(this.#timer)
    const round = ++this.#round
    // It simulates sweeps: what nobody waits for any more need not go on.
    this.#asking.abort()
    this.#asking = new AbortController()
    this.isEstimating = settings !== null
    if (!settings) {
      this.estimate = null
      this.#unknown = null
      return
    }
    this.#timer = setTimeout(() => void this.#ask(settings, round), settleMs)
  }

  async #ask(settings: SweepSettings, round: number): Promise<void> {
    let estimate: SweepEstimate | null = null
    let error: ErrorReport | null = null
    try {
      estimate = await this.#calls.estimate(settings, { signal: this.#asking.signal })
    } catch (fault) {
      error = reportOf(fault)
    }
    if (round !== this.#round) return
    this.estimate = estimate
    this.#unknown = error
    this.isEstimating = false
  }

  /** @returns the sweep; null where it did not start (then `faults` or `error` say why) */
  async start(): Promise<SweepSummary | null> {
    if (!this.settings || this.isStarting) return null
    this.isStarting = true
    this.#refused = null
    try {
      return await this.#sweeps.start(this.settings)
    } catch (fault) {
      this.#refused = reportOf(fault)
      return null
    } finally {
      this.isStarting = false
    }
  }

  /** One press: a Quick sweep with this vector, as its defaults have it. */
  async quick(vector: VectorSummary): Promise<SweepSummary | null> {
    this.fillFor(vector)
    return this.start()
  }
}

export const sweepForm = new SweepForm()
