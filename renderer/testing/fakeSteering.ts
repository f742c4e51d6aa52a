// The part of the pretended engine that holds vectors and plays sweeps. Never part of the build.
import type { EngineEvent } from '../../main/contract/api.ts'
import { errors } from '../../main/contract/errors.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import {
  sweepSettings,
  type SweepRecord,
  type SweepSettings,
  type SweepSummary,
} from '../../main/contract/sweeps.ts'
import type { VectorImport, VectorRecipe, VectorRecord } from '../../main/contract/vectors.ts'
import { inventRun } from './invented.ts'
import { inventDataSet } from './inventedProbes.ts'
import { fileVector, inventSweep, inventTables, inventVector } from './inventedSteering.ts'

export interface FakeSteeringLab {
  vectors: VectorRecord[]
  sweeps: SweepRecord[]
}

/** A library with a good vector, a weak one, one for each step and one from a file; sweeps that hold, that do not, that stopped. */
export function inventSteering(runs: readonly RunRecord[]): { lab: FakeSteeringLab; runs: RunRecord[] } {
  const run = runs.find(({ status }) => status === 'done')
  if (!run) return { lab: { vectors: [], sweeps: [] }, runs: [] }
  const { modelName: name, modelHash: hash } = run.manifest
  const dataSet = inventDataSet([run], { runIds: [run.id] }, { models: [{ name, hash }] })
  const careful = {
    alphas: [0.5, 1, 2, 4],
    controls: { random: 5, shuffled: true, negated: true, prompt: 'Ask one short yes/no question.' },
  }
  const sweeps = [
    inventSweep('s4', { alphas: [1, 4], controls: { random: 2, at: 'largest' } }, null, {
      ...{ name: 'quick look at every step’s own vector', status: 'running', minutesAgo: 2 },
    }),
    inventSweep(
      's3',
      { ...careful, episodes: 50 },
      { slope: -0.06, harm: 0.12, half: 0.07 },
      {
        ...{ name: 'v1, careful, 50 episodes', minutesAgo: 50 },
      },
    ),
    inventSweep(
      's2',
      { ...careful, vectors: ['v2'] },
      { slope: -0.012, harm: 0.5, half: 0.13 },
      {
        ...{ name: 'weak vector, careful', minutesAgo: 200 },
      },
    ),
    inventSweep('s1', { alphas: [1, 4], controls: { random: 2, at: 'largest' } }, null, {
      ...{ name: 'stopped by hand', status: 'cancelled', minutesAgo: 900 },
    }),
  ]
  return {
    lab: {
      vectors: [
        inventVector(
          'v3',
          dataSet,
          { scope: 'perStep', strength: 0.8 },
          { name: 'invalid → valid, each step' },
        ),
        inventVector('v1', dataSet, { strength: 0.9 }, { createdAt: '2026-01-11T08:00:00.000Z' }),
        inventVector(
          'v2',
          dataSet,
          { strength: 0.06 },
          { name: 'weak', createdAt: '2026-01-10T08:00:00.000Z' },
        ),
        fileVector(),
      ],
      sweeps: sweeps.map(({ record }) => record),
    },
    runs: sweeps.flatMap((sweep) => sweep.runs),
  }
}

/** Answers of the lab; `say` tells what changed. */
export class FakeSteering {
  #lab: FakeSteeringLab
  #runs: () => readonly RunRecord[]
  #addRuns: (runs: RunRecord[]) => void
  #say: (event: EngineEvent) => void

  constructor(
    lab: FakeSteeringLab,
    runs: () => readonly RunRecord[],
    addRuns: (runs: RunRecord[]) => void,
    say: (event: EngineEvent) => void,
  ) {
    this.#lab = lab
    this.#runs = runs
    this.#addRuns = addRuns
    this.#say = say
  }

  get vectors(): VectorRecord[] {
    return this.#lab.vectors
  }
  get sweeps(): SweepSummary[] {
    return this.#lab.sweeps
  }
  vector(id: string): VectorRecord {
    const vector = this.#lab.vectors.find((one) => one.id === id)
    if (!vector) throw errors.notFound({ kind: 'vector', id })
    return vector
  }
  sweep(id: string): SweepRecord {
    const sweep = this.#lab.sweeps.find((one) => one.id === id)
    if (!sweep) throw errors.notFound({ kind: 'sweep', id })
    return sweep
  }

  #keep(vector: VectorRecord): VectorRecord {
    this.#lab.vectors = [vector, ...this.#lab.vectors.filter(({ id }) => id !== vector.id)]
    this.#say({ kind: 'vectors' })
    return vector
  }

  /** By upstream's rule, from invented accuracies; a vector of all steps has none. */
  targetStep(id: string) {
    const reports = this.vector(id).documents[0]?.document.vectors ?? []
    if (reports.length < 2) return null
    const steps = reports.map(({ firstStep: step, away: invalid, towards: valid }) => {
      const accuracy = 0.8 + 0.12 * Math.sin(step / 4)
      const invalidRate = invalid / Math.max(1, invalid + valid)
      const qualifies = accuracy >= 0.85 && invalidRate >= 0.3 && Math.min(valid, invalid) >= 5
      return { step, accuracy, valid, invalid, invalidRate, score: accuracy * invalidRate, qualifies }
    })
    const best = steps.filter(({ qualifies }) => qualifies).toSorted((a, b) => b.score - a.score)[0]
    return { probeId: 'step by step', step: best?.step ?? 0, by: 'score' as const, steps }
  }

  make(recipe: VectorRecipe): VectorRecord {
    const run = this.#runs().find(({ status }) => status === 'done')
    if (!run) throw errors.notFound({ kind: 'data set', id: '' })
    if (recipe.kind === 'prompts' && recipe.pairs.length < recipe.settings.leastPerClass)
      throw errors.vectorRefused({ reasons: [`Only ${recipe.pairs.length} pairs were given.`] })
    const { modelName, modelHash: hash } = run.manifest
    const dataSet = inventDataSet([run], { runIds: [run.id] }, { models: [{ name: modelName, hash }] })
    const scope = recipe.kind === 'contrast' && recipe.settings.scope.kind !== 'pooled' ? 'perStep' : 'pooled'
    const id = `v${this.#lab.vectors.length + 10}`
    const name = recipe.name || `invalid → valid ${id}`
    return this.#keep(inventVector(id, dataSet, { scope }, { name, createdAt: new Date().toISOString() }))
  }

  import(file: VectorImport): VectorRecord {
    if (/\.npy$/.test(file.fileName) && !file.hook)
      throw errors.invalidInput({
        field: 'hook',
        reason: `${file.fileName} does not say which hook point it is for`,
      })
    return this.#keep({ ...fileVector(), id: `v${this.#lab.vectors.length + 10}`, name: file.fileName })
  }

  renameVector = (id: string, name: string): VectorRecord => {
    const vector = { ...this.vector(id), name }
    this.#lab.vectors = this.#lab.vectors.map((one) => (one.id === id ? vector : one))
    this.#say({ kind: 'vectors' })
    return vector
  }
  removeVector(id: string): void {
    this.#lab.vectors = this.#lab.vectors.filter((one) => one.id !== id)
    this.#say({ kind: 'vectors' })
  }

  estimate({ vectors, alphas, controls, episodes, environment }: SweepSettings) {
    for (const id of vectors) this.vector(id)
    const beside = controls.random + Number(controls.shuffled) + Number(controls.negated)
    const controlled = controls.at === 'every' ? alphas.length : 1
    const conditions =
      1 + vectors.length * (alphas.length + controlled * beside) + Number(controls.prompt !== '')
    const steps = conditions * episodes * environment.maxSteps
    return {
      ...{
        conditions,
        episodes: conditions * episodes,
        steps,
        seconds: steps * 0.09,
        diskBytes: steps * 9000,
      },
      smallestEffect: 0.62 / Math.sqrt(episodes),
      warnings:
        controls.random === 0
          ? ['Without random directions no effect will be called one: nothing is green without its control.']
          : [],
    }
  }

  put(id: string, change: Partial<SweepRecord>): SweepRecord {
    const sweep = { ...this.sweep(id), ...change }
    this.#lab.sweeps = this.#lab.sweeps.map((one) => (one.id === id ? sweep : one))
    this.#say({ kind: 'sweep', sweep })
    return sweep
  }

  /** Takes some seconds, as playing does. */
  start(settings: SweepSettings): SweepRecord {
    for (const id of settings.vectors) this.vector(id)
    const id = `s${this.#lab.sweeps.length + 10}`
    const { record, runs } = inventSweep(id, settings, null, {
      name: settings.name,
      status: 'running',
      minutesAgo: 0,
    })
    this.#lab.sweeps = [record, ...this.#lab.sweeps]
    this.#addRuns(runs)
    this.#goOn(id)
    return record
  }

  extend(id: string, changes: Partial<SweepSettings>): SweepRecord {
    const before = this.sweep(id)
    const settings = sweepSettings.parse({ ...before.settings, ...changes })
    const { record, runs } = inventSweep(id, settings, null, {
      name: before.name,
      status: 'running',
      minutesAgo: 0,
    })
    if (record.conditions.length === before.conditions.length)
      throw errors.invalidInput({ field: 'conditions', reason: 'the sweep has all of these already' })
    this.#addRuns(runs)
    this.#goOn(id)
    return this.put(id, { ...record, createdAt: before.createdAt })
  }

  #goOn(id: string): void {
    let done = 0
    const timer = setInterval(() => {
      const sweep = this.sweep(id)
      if (sweep.status !== 'running') return clearInterval(timer)
      done += 0.1
      const isDone = done >= 1
      for (const { runId } of sweep.conditions) {
        const run = this.#runs().find((one) => one.id === runId)
        if (!run) continue
        const full = inventRun(runId, 'done', {}, { episodes: sweep.settings.episodes })
        const episodesDone = Math.round(sweep.settings.episodes * Math.min(1, done))
        const part = episodesDone / sweep.settings.episodes
        const progress = {
          ...run.progress,
          ...{ episodesDone, secondsLeft: isDone ? null : Math.round((1 - done) * 40) },
          steps: Math.round(full.progress.steps * part),
          invalid: Math.round(full.progress.invalid * part),
        }
        this.#addRuns([{ ...run, progress, status: isDone ? 'done' : 'running' }])
      }
      if (!isDone) return
      clearInterval(timer)
      const { record } = inventSweep(
        id,
        sweep.settings,
        { slope: -0.06, harm: 0.12, half: 0.08 },
        { name: sweep.name },
      )
      this.put(id, { ...record, createdAt: sweep.createdAt })
    }, 300)
  }

  /** A pause or its end changes the runs, as in the engine. */
  change(id: string, status: 'paused' | 'running' | 'cancelled'): SweepRecord {
    const sweep = this.sweep(id)
    const runs = sweep.conditions.flatMap(({ runId }) => this.#runs().find((one) => one.id === runId) ?? [])
    this.#addRuns(runs.map((run) => (run.status === 'done' ? run : { ...run, status })))
    const changed = this.put(id, { status })
    if (status === 'running') this.#goOn(id)
    return changed
  }
  tables = (id: string) => inventTables(this.sweep(id))
  removeSweep(id: string): void {
    this.#lab.sweeps = this.#lab.sweeps.filter((one) => one.id !== id)
    this.#say({ kind: 'sweepRemoved', id })
  }
}
