// The library of vectors as a door sees it: recipes and files in, records and files out.
// Owns: the order of making and storing, imports, who may be removed. Not: making (vectorMaking.ts, promptVectors.ts) or formats (vectorFiles.ts).
import type { WorkProgress } from '../../contract/api.ts'
import { AppError, errors } from '../../contract/errors.ts'
import type { ModelRecord } from '../../contract/models.ts'
import type {
  VectorExport,
  VectorFormat,
  VectorImport,
  VectorRecipe,
  VectorRecord,
  VectorSummary,
  VectorTarget,
  VectorValues,
} from '../../contract/vectors.ts'
import { parseHook } from '../../model/hookNames.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { learnedVector, type LearnedRecipe, type LearningWorld } from './learnedDirection.ts'
import { promptVector } from './promptVectors.ts'
import { vectorTarget } from './targetSteps.ts'
import { readVectorFile, vectorFile } from './vectorFiles.ts'
import {
  contrastVector,
  hashOf,
  joined,
  normOfRow,
  ofKnownWeights,
  probeVector,
  type MadeVector,
} from './vectorMaking.ts'

/** As every model's hook points are named; whether a model has it is known with the model. */
const hookName = /^(blocks\.\d+\.)?([a-z_]+\.)?hook_[a-z_]+$/

type Tell = (progress: WorkProgress) => void

export class VectorDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly models: ModelLibrary
  private readonly worldOf: LearningWorld['worldOf']

  constructor(workspace: Workspace, hub: EventHub, models: ModelLibrary, worldOf: LearningWorld['worldOf']) {
    this.workspace = workspace
    this.hub = hub
    this.models = models
    this.worldOf = worldOf
  }

  list(): VectorSummary[] {
    return this.workspace.vectors.list()
  }

  get(id: string): VectorRecord {
    return this.workspace.vectors.get(id)
  }

  /** Upstream's choice of a step; null where it has nothing to choose by. @throws not_found */
  targetStep(id: string): VectorTarget | null {
    return vectorTarget(this.workspace, id)
  }

  /** [N, D] */
  values(id: string): VectorValues {
    const { rows, width } = this.workspace.vectors.summary(id)
    return { data: this.workspace.vectors.numbers(id).data, shape: [rows.length, width] }
  }

  /**
   * Makes a vector and keeps it. The same recipe over the same rows gives the one that is there.
   * @throws vector_refused where no direction holds, and what the recipe's kind throws; the signal's reason
   */
  async make(recipe: VectorRecipe, tell: Tell, signal: AbortSignal): Promise<VectorRecord> {
    tell({ label: 'Making the vector', fraction: 0 })
    // Keys that were left out may be there as undefined, which no stored record keeps.
    const plain = JSON.parse(JSON.stringify(recipe)) as VectorRecipe
    const learned = plain.kind === 'learned' ? this.learnedAlready(plain) : undefined
    if (learned) return this.get(learned.id)
    const made = ofKnownWeights(await this.madeOf(plain, tell, signal))
    const same = this.list().find(
      ({ hash, origin }) =>
        hash === made.vector.hash && JSON.stringify(origin) === JSON.stringify(made.vector.origin),
    )
    return same ? this.get(same.id) : this.keep(made)
  }

  /** @throws array_unreadable, vector_not_finite, hook_unknown, layer_out_of_range, vector_width, invalid_input */
  async import(given: VectorImport): Promise<VectorRecord> {
    const file = await readVectorFile(given)
    const { fileName } = given
    const model =
      given.modelId === undefined
        ? this.models.list().find(({ hash }) => hash === file.modelHash)
        : this.models.get(given.modelId)
    if (given.modelId !== undefined && model && file.modelHash && model.hash !== file.modelHash)
      throw errors.invalidInput({
        field: 'modelId',
        reason: `${fileName} was made with other weights than those of ${model.id}`,
      })
    const rows = file.rows.map(({ hook, steps, values }) => {
      const own = hook ?? given.hook
      if (own === undefined)
        throw errors.invalidInput({
          field: 'hook',
          reason: `${fileName} does not say which hook point it is for`,
        })
      if (!model && !hookName.test(own))
        throw errors.invalidInput({ field: 'hook', reason: `“${own}” is no hook point’s name` })
      return { hook: own, steps, values }
    })
    const width = rows[0].values.length
    rows.forEach(({ hook, values }, row) => {
      const bad = values.findIndex((value) => !Number.isFinite(value))
      if (bad >= 0)
        throw errors.vectorNotFinite({ name: fileName, row, place: bad, value: String(values[bad]) })
      const expected = model ? parseHook(hook, model.shape).width : width
      if (values.length !== expected)
        throw errors.vectorWidth({ name: fileName, hook, expected, actual: values.length })
    })
    const norms = rows.map(({ values }) => normOfRow(values))
    const held = rows.filter((_, row) => norms[row] > 0)
    if (held.length === 0) throw errors.vectorRefused({ reasons: ['All of its numbers are zero.'] })
    const data = joined(
      held.map(({ values }) => values),
      width,
    )
    const flags =
      held.length < rows.length ? [`${rows.length - held.length} rows are zero and were left out.`] : []
    if (!model && !file.modelHash) flags.push('Which model it was made with is not known.')
    if (!model) flags.push(...this.foreignRows(held, width))
    return this.keep({
      vector: {
        name: given.name || fileName,
        origin: {
          kind: 'file',
          fileName,
          format: file.format,
          sha256: hashOf(given.data),
          metadata: file.metadata,
        },
        model: model
          ? { name: model.name, hash: model.hash }
          : file.modelHash
            ? { name: file.modelName ?? '', hash: file.modelHash }
            : null,
        computeDtype: file.computeDtype,
        width,
        rows: held.map(({ hook, steps, values }) => ({ hook, steps, norm: normOfRow(values) })),
        hash: hashOf(data),
        flags,
        documents: [],
      },
      numbers: { data, shuffled: null },
    })
  }

  /** Of a vector without a model: hook points that no model of the workspace has at this width. */
  private foreignRows(rows: readonly { hook: string }[], width: number): string[] {
    const models = this.models.list()
    const isKnown = (hook: string): boolean => models.some(({ shape }) => widthOf(hook, shape) === width)
    const foreign = [...new Set(rows.map(({ hook }) => hook))].filter((hook) => !isKnown(hook))
    if (models.length === 0 || foreign.length === 0) return []
    return [`No model of this workspace has ${width} values at ${foreign.join(', ')}.`]
  }

  /** @throws not_found, vector_format */
  export(id: string, format: VectorFormat): VectorExport {
    return vectorFile(this.get(id), this.workspace.vectors.numbers(id).data, format)
  }

  rename(id: string, name: string): VectorSummary {
    const summary = this.workspace.vectors.rename(id, name)
    this.hub.emit({ kind: 'vectors' })
    return summary
  }

  /** @throws not_found; vector_in_use while a run that could go on names it */
  remove(id: string): void {
    this.workspace.vectors.summary(id)
    const runs = this.workspace.runs
      .list()
      .filter(({ status, settings }) => status !== 'done' && namesVector(settings.interventions, id))
    if (runs.length > 0) throw errors.vectorInUse({ id, runs: runs.map((run) => run.id) })
    this.workspace.vectors.remove(id)
    this.hub.emit({ kind: 'vectors' })
  }

  /** A search is long, and always ends with the same. */
  private learnedAlready(recipe: LearnedRecipe): VectorSummary | undefined {
    const { hash } = this.workspace.dataSets.get(recipe.dataSetId)
    return this.list().find(
      ({ origin }) =>
        origin.kind === 'learned' &&
        origin.dataSetHash === hash &&
        JSON.stringify(origin.recipe) === JSON.stringify(recipe),
    )
  }

  private madeOf(recipe: VectorRecipe, tell: Tell, signal: AbortSignal): MadeVector | Promise<MadeVector> {
    switch (recipe.kind) {
      case 'contrast':
        return contrastVector(this.workspace, recipe, signal)
      case 'probe':
        return probeVector(this.workspace, recipe)
      case 'prompts':
        return promptVector(this.models, recipe, tell, signal)
      case 'learned': {
        const { workspace, models, worldOf } = this
        return learnedVector(recipe, { workspace, models, worldOf }, tell, signal)
      }
    }
  }

  private keep({ vector, numbers }: MadeVector): VectorRecord {
    const record = this.workspace.vectors.create(vector, numbers)
    this.hub.emit({ kind: 'vectors' })
    return record
  }
}

/** Null where a model has no such hook point. */
function widthOf(hook: string, shape: ModelRecord['shape']): number | null {
  try {
    return parseHook(hook, shape).width
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** Anywhere among the interventions: as what is added, as a gate, as what another is made orthogonal to. */
const namesVector = (interventions: readonly object[], id: string): boolean =>
  JSON.stringify(interventions).includes(`"vector":"${id}"`) ||
  JSON.stringify(interventions).includes(`"to":"${id}"`)
