// Trained probes at work: along episodes, over tokens and layers, beside other steps, out of the program.
// Owns: joining a probe's direction with stored or replayed activations. Not: training (probeTraining.ts) or the formulae (analysis/probes/).
import { decisionValues, probabilitiesOf } from '../../analysis/probes/readProbe.ts'
import { pointsOfPooling, poolingWeights } from '../../analysis/poolings.ts'
import type { WorkProgress } from '../../contract/api.ts'
import type { StepKey } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type {
  ProbeAttribution,
  ProbeExport,
  ProbeGate,
  ProbeNeighbour,
  ProbeProjection,
  ProbeReadOut,
} from '../../contract/storedProbes.ts'
import type { RunRecord } from '../../contract/runs.ts'
import { parseStoredHook } from '../../model/hookNames.ts'
import { decisionPoints } from '../../store/activations.ts'
import type { Workspace } from '../../store/workspace.ts'
import { isStored, readRows, StoredVectors, type SizedStep } from '../dataSets/pooledRows.ts'
import type { StepReplay } from '../dataSets/stepReplay.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { exportProbe } from './probeExport.ts'
import { probeGate } from './probeGate.ts'
import { requireRuns } from './probeRows.ts'
import { runProbeTask } from './probeTasks.ts'
import { tokenProbe, type TokenProbe } from './tokenProbe.ts'
import type { TrainedProbe } from './trainedProbe.ts'

type Tell = (progress: WorkProgress) => void

const residualHook = 'blocks.{layer}.hook_resid_post'

/** The residual stream and what is added to it. */
const residualSpace = /^hook_embed$|\.hook_(resid_(pre|mid|post)|attn_out|mlp_out)$/

export class ProbeReader {
  private readonly workspace: Workspace
  private readonly replay: StepReplay

  constructor(workspace: Workspace, replay: StepReplay) {
    this.workspace = workspace
    this.replay = replay
  }

  /**
   * Probabilities along an episode, stored or going on. With `tokens`, of every position too: replayed where the run did not store them.
   * @throws not_found, probe_not_done, probe_not_linear, probe_foreign, replay_refused; the signal's reason
   */
  async readOut(
    { id, runId, episode, tokens }: { id: string; runId: string; episode: number; tokens: boolean },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ProbeReadOut> {
    const probe = this.linear(id)
    this.requireFits(probe, this.workspace.runs.get(runId))
    this.workspace.episodes.get(runId, episode)
    const held = new Map(
      probe.document.predictions
        .filter((row) => row.runId === runId && row.episode === episode)
        .map((row) => [row.step, row.probability]),
    )
    const rows = this.workspace.dataSets.stepsOf(probe.document.settings.dataSetId, { runId, episode })
    const byToken = new Map<number, Float32Array>()
    if (tokens) {
      const found = this.replay.positions({ runId, episode, hooks: [probe.hook] }, tell, signal)
      for await (const { record, positions } of found)
        byToken.set(record.step, Float32Array.from(named(probe, positions.get(probe.hook)!.data)))
    }
    return {
      steps: this.stepProbabilities(probe, runId, episode).map(({ step, classes }) => ({
        step,
        probability: classes && largest(probe, classes).probability,
        heldOut: held.get(step) ?? null,
        isRow: rows && rows.includes(step),
        named: classes && largest(probe, classes).named,
        tokens: byToken.get(step) ?? null,
      })),
    }
  }

  /**
   * Mean and largest probability of every episode of a run, from what is stored; of steps that were held out, that of the
   * fold which had not learnt from them.
   * @throws not_found, probe_not_done, probe_not_linear, probe_foreign
   */
  scores(id: string, runId: string): { episode: number; mean: number | null; max: number | null }[] {
    const probe = this.linear(id)
    this.requireFits(probe, this.workspace.runs.get(runId))
    const { predictions, data } = probe.document
    // Of several classes a prediction is of the true one, not of the likeliest.
    const judged = data.classes.length === 2 ? predictions : []
    const held = new Map(judged.map((row) => [nameOf(row), row.probability]))
    const episodes = new Map<number, number[]>()
    for (const { episode, step, classes } of this.stepProbabilities(probe, runId)) {
      const found = episodes.get(episode) ?? []
      const unseen = held.get(nameOf({ runId, episode, step }))
      if (unseen !== undefined) found.push(unseen)
      else if (classes) found.push(largest(probe, classes).probability)
      episodes.set(episode, found)
    }
    return [...episodes].map(([episode, found]) => ({
      episode,
      mean: found.length > 0 ? found.reduce((sum, each) => sum + each, 0) / found.length : null,
      max: found.length > 0 ? Math.max(...found) : null,
    }))
  }

  /**
   * direction · activation of the residual stream after every layer, at every position of a step.
   * @throws probe_foreign for a direction that is none of the residual stream's, or several; and what `readOut` throws
   */
  async attribution(
    { id, runId, episode, step }: StepKey & { id: string },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ProbeAttribution> {
    const probe = this.linear(id)
    const run = this.workspace.runs.get(runId)
    this.requireFits(probe, run)
    const shape = this.workspace.models.list().find(({ hash }) => hash === run.manifest.modelHash)?.shape
    const [direction, ...others] = probe.document.coefficients
    if (others.length > 0)
      throw errors.probeForeign({ id, runId, reason: 'it has a direction for each of its several classes' })
    if (!residualSpace.test(probe.hook))
      throw errors.probeForeign({
        id,
        runId,
        reason: `its direction lies in the space of ${probe.hook}, not in that of the residual stream`,
      })
    if (!shape)
      throw errors.replayRefused({
        runId,
        reason: `its model, ${run.manifest.modelName}, is not in the workspace`,
      })
    const { width } = parseStoredHook(hookOf(residualHook, 0), shape)
    if (width !== direction.length)
      throw errors.probeForeign({
        id,
        runId,
        reason: `its direction has ${direction.length} values, the residual stream ${width}`,
      })
    const layers = Array.from({ length: shape.layers }, (_, layer) => layer)
    const hooks = layers.map((layer) => hookOf(residualHook, layer))
    const found = this.replay.positions({ runId, episode, hooks, wanted: step }, tell, signal)
    for await (const { positions } of found) {
      const rows = hooks.map((hook) => decisionValues(positions.get(hook)!.data, direction))
      const values = new Float32Array(rows.length * rows[0].length)
      rows.forEach((row, layer) => values.set(row, layer * row.length))
      return { layers, positions: rows[0].length, values }
    }
    throw errors.notFound({ kind: 'step', id: `${runId} ${episode} ${step}` })
  }

  /**
   * Rows of the probe's data set whose vectors are most like a step's.
   * @throws not_found where the data set is gone, data_set_run_gone, not_captured, probe_not_done; the signal's reason
   */
  async neighbours(
    { id, count, runId, episode, step }: StepKey & { id: string; count: number },
    signal: AbortSignal,
  ): Promise<ProbeNeighbour[]> {
    const { document } = this.done(id)
    const { dataSetId } = document.settings
    requireRuns(this.workspace.dataSets.get(dataSetId))
    this.workspace.episodes.get(runId, episode)
    const own = { runId, episode, step }
    const { layer, pooling } = document
    const cosines = await runProbeTask(
      { kind: 'cosines', workspaceFolder: this.workspace.folder, dataSetId, layer, pooling, step: own },
      { tell: () => {}, signal },
    )
    const held = new Map(document.predictions.map((row) => [nameOf(row), row.probability]))
    const { keys, labels } = this.workspace.dataSets.rows(dataSetId)
    return keys
      .map((key, row) => ({
        ...key,
        label: labels[row],
        cosine: cosines[row],
        probability: held.get(nameOf(key)) ?? null,
      }))
      .filter((key) => nameOf(key) !== nameOf(own))
      .sort((one, other) => other.cosine - one.cosine)
      .slice(0, count)
  }

  /** The probe's data set in two dimensions. @throws not_found where it is gone, data_set_run_gone, probe_not_done; the signal's reason */
  projection(
    { id, method, seed }: { id: string; method: ProbeProjection['method']; seed: number },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ProbeProjection> {
    const { settings, layer, pooling } = this.done(id).document
    const { dataSetId } = settings
    requireRuns(this.workspace.dataSets.get(dataSetId))
    const workspaceFolder = this.workspace.folder
    return runProbeTask(
      { kind: 'project', workspaceFolder, dataSetId, layer, pooling, method, seed },
      { tell, signal },
    )
  }

  /** @throws not_found, probe_not_done, probe_not_linear, probe_no_gate */
  gate(id: string, falsePositiveRate: number): ProbeGate {
    return probeGate(this.linear(id), falsePositiveRate)
  }

  /**
   * What a run must capture for the probe to be read while it is played, and what it says then.
   * @returns `threshold`: at 5 % false alarms, null where none was judged
   * @throws not_found, probe_not_done, probe_not_linear
   */
  liveNeeds(id: string): {
    hook: string
    positions: 'decision' | 'all'
    modelHashes: string[]
    classes: string
    threshold: number | null
  } {
    const { hook, choice, models, document } = this.linear(id)
    const isDecision = pointsOfPooling(choice).every((point) =>
      (decisionPoints as readonly string[]).includes(point),
    )
    const { data, earlyWarning } = document
    return {
      hook,
      positions: isDecision ? 'decision' : 'all',
      modelHashes: models.map(({ hash }) => hash),
      classes: data.classes.length === 2 ? data.classes[1] : 'the likeliest class',
      threshold: earlyWarning.find(({ falsePositiveRate }) => falsePositiveRate === 0.05)?.threshold ?? null,
    }
  }

  /** On tokens of a model, as they come. @throws not_found, probe_not_done, probe_not_linear, probe_foreign */
  onTokens(id: string, modelHash: string): TokenProbe {
    const probe = this.linear(id)
    if (!probe.models.some(({ hash }) => hash === modelHash))
      throw errors.probeForeign({
        id,
        runId: 'the playground',
        reason: `it learnt from ${probe.models.map(({ name }) => name).join(', ')}`,
      })
    return tokenProbe(probe)
  }

  /** @throws not_found, probe_not_done, probe_not_linear */
  export(id: string, format: 'safetensors' | 'json' | 'npz'): ProbeExport {
    return exportProbe(format === 'json' ? this.done(id) : this.linear(id), format)
  }

  /** Per step, from what is stored: one probability of a class each; null where nothing is. */
  private stepProbabilities(
    probe: TrainedProbe,
    runId: string,
    episode?: number,
  ): { episode: number; step: number; classes: Float64Array | null }[] {
    const steps = this.workspace.stepFacts
      .list(runId)
      .filter((facts) => episode === undefined || facts.episode === episode)
      .map((facts): SizedStep => {
        const { promptTokens: prompt, completionTokens: generated } = facts
        return { key: { runId, episode: facts.episode, step: facts.step }, prompt, generated }
      })
    const stored = new StoredVectors(this.workspace)
    const there = steps.filter(
      (step) =>
        poolingWeights(probe.choice, step) !== null && isStored(stored, step, probe.hook, probe.choice),
    )
    const width = probe.document.coefficients[0].length
    const found = new Map<SizedStep, Float64Array>()
    if (there.length > 0) {
      const { data } = readRows(this.workspace, there, probe.hook, probe.choice)
      there.forEach((step, row) =>
        found.set(step, probabilitiesOf(probe.document, data.subarray(row * width, (row + 1) * width))),
      )
    }
    return steps.map((step) => ({
      episode: step.key.episode,
      step: step.key.step,
      classes: found.get(step) ?? null,
    }))
  }

  /** @throws not_found, probe_not_done */
  private done(id: string): TrainedProbe {
    const { name, status } = this.workspace.probes.get(id)
    const document = this.workspace.probes.document(id)
    if (!document) throw errors.probeNotDone({ id, status })
    const origin = this.workspace.probes.origin(id)
    const { hook, lastK, leaveOutSink } = origin.recipe
    return {
      id,
      name,
      document,
      ...origin,
      hook: hookOf(hook, document.layer),
      choice: { pooling: document.pooling, lastK, leaveOutSink },
    }
  }

  /** @throws not_found, probe_not_done, probe_not_linear */
  private linear(id: string): TrainedProbe {
    const probe = this.done(id)
    const { coefficients, settings } = probe.document
    if (coefficients.length === 0) throw errors.probeNotLinear({ id, estimator: settings.estimator.kind })
    return probe
  }

  private requireFits({ id, models }: TrainedProbe, { id: runId, manifest }: RunRecord): void {
    if (models.some(({ hash }) => hash === manifest.modelHash)) return
    const reason = `it learnt from ${models.map(({ name }) => name).join(', ')}, the run was made with ${manifest.modelName}`
    throw errors.probeForeign({ id, runId, reason })
  }
}

const nameOf = ({ runId, episode, step }: StepKey): string => `${runId}/${episode}/${step}`

/** Of two classes the second's probability, of several the likeliest's. */
function largest({ document }: TrainedProbe, classes: Float64Array): { probability: number; named: number } {
  if (document.data.classes.length === 2) return { probability: classes[0], named: Number(classes[0] > 0.5) }
  const probability = Math.max(...classes)
  return { probability, named: classes.indexOf(probability) }
}

/** `largest` of each row. */
function* named(probe: TrainedProbe, rows: Float32Array): Generator<number> {
  const width = probe.document.coefficients[0].length
  for (let at = 0; at < rows.length; at += width)
    yield largest(probe, probabilitiesOf(probe.document, rows.subarray(at, at + width))).probability
}
