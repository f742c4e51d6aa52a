// The half of the pretended engine that gathers data sets and trains probes. Never part of the build.
import type { EngineEvent } from '../../main/contract/api.ts'
import type { DataSetRecipe, DataSetRecord, HandLabel, StepKey } from '../../main/contract/dataSets.ts'
import { errors } from '../../main/contract/errors.ts'
import type { ProbeDocument } from '../../main/contract/probes.ts'
import type { ProbeProjection, ProbeReadOut, ProbeSummary } from '../../main/contract/storedProbes.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import { inventEpisode, inventEpisodeView, randomOf } from './invented.ts'
import { inventDataSet, inventDocument, inventPreview, inventProbe } from './inventedProbes.ts'

export interface FakeLab {
  dataSets: DataSetRecord[]
  probes: { summary: ProbeSummary; document: ProbeDocument | null }[]
  handLabels: HandLabel[]
}

const runOf = (runs: readonly RunRecord[], id: string): RunRecord => {
  const run = runs.find((one) => one.id === id)
  if (!run) throw errors.notFound({ kind: 'run', id })
  return run
}

/** A lab with probes that are done, one that trains and one that failed, on the first run that is done. */
export function inventLab(runs: readonly RunRecord[]): FakeLab {
  const run = runs.find(({ status }) => status === 'done')
  if (!run) return { dataSets: [], probes: [], handLabels: [] }
  const one = inventDataSet([run], { runIds: [run.id] })
  const many = inventDataSet(
    [run],
    { runIds: [run.id], layers: 'all', poolings: ['lastPrompt', 'meanPrompt', 'meanGenerated'] },
    { name: 'invalid · every layer', createdAt: '2026-01-10T12:00:00.000Z' },
  )
  const done = (name: string, dataSet: DataSetRecord, strength: number, more: object = {}) => {
    const document = inventDocument([run], dataSet, { dataSetId: dataSet.id, ...more }, strength)
    return { summary: inventProbe(name, dataSet, { document }), document }
  }
  return {
    dataSets: [many, one],
    probes: [
      done('sweep of all layers', many, 1.1),
      done('last prompt token, layer 15', one, 0.9),
      done('weak', one, 0.35, { estimator: { kind: 'meanDifference' } }),
      done('step by step', one, 0.8, { scope: { kind: 'stepByStep' } }),
      {
        summary: inventProbe('nested C, all permutations', one, {
          status: 'running',
          createdAt: new Date(Date.now() - 40_000).toISOString(),
          progress: { label: 'permuting labels, 43 of 100', fraction: 0.43 },
        }),
        document: null,
      },
      {
        summary: inventProbe('by category', one, {
          status: 'failed',
          error: errors.diskFull({ path: '/data/ada/innerview' }).report(),
        }),
        document: null,
      },
    ],
    handLabels: [],
  }
}

/** Answers of the lab; `say` tells what changed. */
export class FakeProbes {
  #lab: FakeLab
  #runs: () => readonly RunRecord[]
  #say: (event: EngineEvent) => void

  constructor(lab: FakeLab, runs: () => readonly RunRecord[], say: (event: EngineEvent) => void) {
    this.#lab = lab
    this.#runs = runs
    this.#say = say
  }

  get dataSets(): DataSetRecord[] {
    return this.#lab.dataSets
  }
  get summaries(): ProbeSummary[] {
    return this.#lab.probes.map(({ summary }) => summary)
  }
  runs = (ids: readonly string[]): RunRecord[] => ids.map((id) => runOf(this.#runs(), id))

  probe(id: string): FakeLab['probes'][number] {
    const probe = this.#lab.probes.find(({ summary }) => summary.id === id)
    if (!probe) throw errors.notFound({ kind: 'probe', id })
    return probe
  }
  dataSet(id: string): DataSetRecord {
    const dataSet = this.#lab.dataSets.find((one) => one.id === id)
    if (!dataSet) throw errors.notFound({ kind: 'data set', id })
    return dataSet
  }

  choices(runIds: readonly string[]) {
    const tasks = new Map<string, number>()
    for (const run of this.runs(runIds))
      for (let i = 0; i < Math.min(60, run.progress.episodesDone); i++) {
        const { task, steps } = inventEpisode(run, i)
        tasks.set(task, (tasks.get(task) ?? 0) + steps)
      }
    return {
      environmentLabels: [
        { label: 'hasQuestionMark', values: [true, false] },
        { label: 'repeatsEarlier', values: [true, false] },
        { label: 'words', values: [3, 4, 5, 6, 12, 14] },
      ],
      tasks: [...tasks].map(([task, steps]) => ({
        task,
        category: task < 'G' ? 'animals and food' : task < 'P' ? 'music' : null,
        steps,
      })),
      ...{
        hooks: ['blocks.{layer}.hook_resid_post', 'blocks.{layer}.hook_mlp_out'],
        layers: [15],
        allLayers: 30,
      },
      poolings: ['lastPrompt', 'meanPrompt', 'firstGenerated', 'meanGenerated', 'mean'] as const,
      lastStep: 19,
      conditions: [],
      handLabels: [...new Set(this.#lab.handLabels.map(({ name }) => name))],
    }
  }

  preview = (recipe: DataSetRecipe) => inventPreview(this.runs(recipe.runIds), recipe)

  create(recipe: DataSetRecipe): DataSetRecord {
    const made = inventDataSet(this.runs(recipe.runIds), recipe, {
      id: `set ${this.#lab.dataSets.length}`,
      createdAt: new Date().toISOString(),
    })
    if (this.preview(recipe).rows === 0)
      throw errors.invalidInput({ field: 'filter', reason: 'no step passes it' })
    this.#lab.dataSets = [made, ...this.#lab.dataSets]
    this.#say({ kind: 'dataSets' })
    return made
  }

  putDataSet(id: string, change: Partial<DataSetRecord>): DataSetRecord {
    const changed = { ...this.dataSet(id), ...change }
    this.#lab.dataSets = this.#lab.dataSets.map((one) => (one.id === id ? changed : one))
    this.#say({ kind: 'dataSets' })
    return changed
  }
  removeDataSet(id: string): void {
    this.#lab.dataSets = this.#lab.dataSets.filter((one) => one.id !== id)
    this.#say({ kind: 'dataSets' })
  }

  /** Takes some seconds, as training does. */
  train(settings: ProbeSummary['settings']): ProbeSummary {
    const dataSet = this.dataSet(settings.dataSetId)
    const summary = inventProbe(settings.name || `probe ${this.#lab.probes.length + 1}`, dataSet, {
      ...{ settings, status: 'running', createdAt: new Date().toISOString() },
      progress: { label: 'training', fraction: 0 },
    })
    this.#lab.probes = [{ summary, document: null }, ...this.#lab.probes]
    this.#goOn(summary.id)
    return summary
  }
  #goOn(id: string): void {
    let done = 0
    const timer = setInterval(() => {
      const { summary } = this.probe(id)
      if (summary.status !== 'running') return clearInterval(timer)
      done += 0.07
      if (done < 1) {
        this.put(id, { progress: { label: done < 0.6 ? 'training' : 'permuting labels', fraction: done } })
        return
      }
      clearInterval(timer)
      const dataSet = this.dataSet(summary.dataSetId)
      const document = inventDocument(this.runs(dataSet.recipe.runIds), dataSet, summary.settings)
      this.probe(id).document = document
      const { layer, pooling, figures, headline, warnings } = document
      this.put(id, {
        ...{ status: 'done', progress: null, layer, pooling, auroc: figures.auroc },
        ...{ advantage: headline.advantage, warnings: warnings.length },
      })
    }, 120)
  }

  put(id: string, change: Partial<ProbeSummary>): ProbeSummary {
    const probe = this.probe(id)
    probe.summary = { ...probe.summary, ...change }
    this.#say({ kind: 'probe', probe: probe.summary })
    return probe.summary
  }
  resume(id: string): ProbeSummary {
    const summary = this.put(id, {
      status: 'running',
      error: null,
      progress: { label: 'training', fraction: 0 },
    })
    this.#goOn(id)
    return summary
  }
  remove(id: string): void {
    this.#lab.probes = this.#lab.probes.filter(({ summary }) => summary.id !== id)
    this.#say({ kind: 'probeRemoved', id })
  }

  projection(id: string, method: ProbeProjection['method']): ProbeProjection {
    const rows = this.#predictions(id)
    const random = randomOf(method.length + rows.length)
    const noise = (): number => random() + random() + random() - 1.5
    const far = { pca: 0.8, lda: 1.6, umap: 2.4 }[method]
    return {
      method,
      axes: {
        pca: [
          { title: 'PC 1', share: 0.213 },
          { title: 'PC 2', share: 0.094 },
        ],
        lda: [
          { title: 'discriminant', share: null },
          { title: 'PC 1 beside it', share: 0.205 },
        ],
        umap: [
          { title: 'UMAP 1', share: null },
          { title: 'UMAP 2', share: null },
        ],
      }[method],
      x: Float32Array.from(rows, (row) => row.label * far + noise() * 2 + row.step * 0.05),
      y: Float32Array.from(rows, (row) => noise() * 2 + row.step * 0.12),
      rows: rows.map(({ runId, episode, step, label }) => ({ runId, episode, step, label })),
      of: rows.length,
    }
  }

  neighbours({ id, count, ...of }: StepKey & { id: string; count: number }) {
    return this.#predictions(id)
      .filter((row) => row.episode !== of.episode || row.step !== of.step)
      .slice(of.step * 3, of.step * 3 + count)
      .map(({ runId, episode, step, label, probability }, i) => ({
        ...{ runId, episode, step, label, probability, cosine: 0.997 - i * 0.004 },
      }))
  }

  readOut(id: string, runId: string, episode: number, tokens: boolean): ProbeReadOut {
    const run = runOf(this.#runs(), runId)
    const view = inventEpisodeView(run, inventEpisode(run, episode))
    const random = randomOf(episode + 1)
    const known = new Map(
      this.#predictions(id).flatMap((one) =>
        one.runId === runId && one.episode === episode ? [[one.step, one]] : [],
      ),
    )
    return {
      steps: view.steps.map(({ record }) => {
        const probability = 1 / (1 + Math.exp(-(Number(record.isInvalid) * 2 - 1 + random() * 2 - 1)))
        return {
          ...{ step: record.step, probability, heldOut: known.get(record.step)?.probability ?? null },
          isRow: known.has(record.step),
          named: Number(probability >= 0.5),
          tokens: tokens
            ? Float32Array.from({ length: record.promptIds.length + record.completionIds.length }, () =>
                random(),
              )
            : null,
        }
      }),
    }
  }

  scores(id: string, runId: string) {
    const run = runOf(this.#runs(), runId)
    const random = randomOf(id.length)
    return Array.from({ length: run.progress.episodesDone }, (_, episode) => {
      const mean = 0.4 + random() * 0.5
      return { episode, mean, max: Math.min(1, mean + 0.2) }
    })
  }

  attribution(runId: string, episode: number, step: number) {
    const run = runOf(this.#runs(), runId)
    const record = inventEpisodeView(run, inventEpisode(run, episode)).steps[step]!.record
    const positions = record.promptIds.length + record.completionIds.length
    const random = randomOf(step + 1)
    return {
      layers: [15],
      positions,
      values: Float32Array.from({ length: positions }, () => random() * 4 - 2),
    }
  }

  #predictions(id: string): ProbeDocument['predictions'] {
    const { document } = this.probe(id)
    if (!document) throw errors.notFound({ kind: 'probe', id })
    return document.predictions
  }

  label(given: Omit<HandLabel, 'label'> & { label: string | null }): void {
    const { label } = given
    const others = this.#lab.handLabels.filter(
      (one) =>
        one.name !== given.name ||
        one.runId !== given.runId ||
        one.episode !== given.episode ||
        one.step !== given.step,
    )
    this.#lab.handLabels = label === null ? others : [...others, { ...given, label }]
    this.#say({ kind: 'handLabels', runId: given.runId })
  }
  labels = (runId: string, episode: number | undefined): HandLabel[] =>
    this.#lab.handLabels.filter(
      (one) => one.runId === runId && (episode === undefined || one.episode === episode),
    )
}
