// A new vector: what it is to be made from, its faults, its start.
import type { DataSetRecipe } from '../../main/contract/dataSets.ts'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import type { VectorRecord } from '../../main/contract/vectors.ts'
import { engine, type Engine } from '../client.ts'
import { dataSetActions, type DataSetActions } from '../dataSets/dataSetActions.svelte.ts'
import { checkRecipe, newRecipe, type RecipeDraft, type RecipeFaults } from '../dataSets/recipeDraft.ts'
import { RecipePreview } from '../dataSets/recipePreview.svelte.ts'
import { layersOf } from '../runs/runText.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { vectorActions, type VectorActions } from './vectorActions.svelte.ts'
import {
  checkVector,
  newVectorDraft,
  type Ground,
  type VectorDraft,
  type VectorFaults,
} from './vectorDraft.ts'

interface Parts {
  calls?: Pick<Engine['dataSets'], 'choices' | 'preview'>
  where?: Workspace
  dataSets?: DataSetActions
  vectors?: VectorActions
}

export const hasSteps = (run: RunRecord): boolean => run.progress.steps > 0

export class VectorForm {
  draft = $state<VectorDraft>(newVectorDraft())
  /** Of the data set that is made on the way, where the vector comes straight from runs. */
  recipeDraft = $state<RecipeDraft>(newRecipe())
  /** Why it was not made. */
  error = $state.raw<ErrorReport | null>(null)
  isStarting = $state(false)
  /** It was asked for while something was wrong: only then faults of fields that were never touched are shown. */
  wasTried = $state(false)
  readonly preview: RecipePreview
  #workspace: Workspace
  #dataSets: DataSetActions
  #vectors: VectorActions

  constructor({
    calls = engine.dataSets,
    where = workspace,
    dataSets = dataSetActions,
    vectors = vectorActions,
  }: Parts = {}) {
    this.preview = new RecipePreview(calls)
    this.#workspace = where
    this.#dataSets = dataSets
    this.#vectors = vectors
  }

  dataSet = $derived.by(() => this.#workspace.dataSet(this.draft.dataSetId))
  model = $derived.by(() => this.#workspace.model(this.draft.modelId))
  #recipe = $derived.by(() => checkRecipe(this.recipeDraft, this.preview.choices))
  recipeFaults: RecipeFaults = $derived(this.#recipe.faults)
  recipe: DataSetRecipe | null = $derived(this.draft.source === 'run' ? this.#recipe.recipe : null)
  #ground: Ground = $derived({
    dataSetId: this.draft.source === 'run' ? 'to be made' : this.draft.dataSetId,
    dataSetLayers: this.dataSet?.layers ?? null,
    modelLayers: this.model?.shape.layers ?? null,
    label:
      this.draft.source === 'run'
        ? (this.#recipe.recipe?.label ?? null)
        : (this.dataSet?.recipe.label ?? null),
  })
  label = $derived(this.#ground.label)
  #checked = $derived.by(() => checkVector(this.draft, this.#ground))
  faults: VectorFaults = $derived(this.#checked.faults)

  /** Names of the classes that the rows have, as far as they are known. */
  classes: readonly string[] = $derived.by(() => {
    const { source } = this.draft
    if (source === 'dataSet') return this.dataSet?.classes ?? []
    return source === 'run' ? (this.preview.preview?.classes ?? []) : []
  })
  #counts: readonly number[] = $derived.by(() =>
    this.draft.source === 'dataSet' ? (this.dataSet?.counts ?? []) : (this.preview.preview?.counts ?? []),
  )

  /** Which classes the vector leads between: those that were named, else away from `invalid` or towards what the label names. */
  ends: { away: string; towards: string } | null = $derived.by(() => {
    const { classes, draft } = this
    if (classes.length < 2) return null
    const label = draft.source === 'dataSet' ? this.dataSet?.recipe.label.kind : this.recipeDraft.label
    const named = classes[label === 'invalid' ? 0 : 1] ?? ''
    const other = (name: string): string => classes.find((one) => one !== name) ?? ''
    const towards = draft.towards || (draft.away ? other(draft.away) : named)
    return { towards, away: draft.away || other(towards) }
  })

  /** Why no vector can be made of what is there; null where one can, or nobody knows yet. */
  obstacle: string | null = $derived.by(() => {
    const { source, leastPerClass } = this.draft
    if (source !== 'run' && source !== 'dataSet') return null
    if (source === 'dataSet' && this.dataSet?.missingRuns.length)
      return 'A run of this data set was removed, so its rows are gone.'
    if (source === 'run') {
      const preview = this.preview.preview
      if (this.recipe === null || preview === null) return null
      if (preview.rows === 0) return 'No step passes. Widen the filter or choose another label.'
      if (preview.missing > 0 && !this.recipe.replayMissing)
        return preview.replayRefused ?? 'Some activations were not stored. Allow filling them in by replay.'
    }
    // What is learned tells no classes apart.
    const { classes, ends } = this
    if (ends === null || this.draft.method === 'learned') return null
    for (const name of [ends.away, ends.towards]) {
      const rows = this.#counts[classes.indexOf(name)] ?? 0
      if (rows < (leastPerClass ?? 0))
        return `Class “${name}” has ${rows === 1 ? 'one row' : `${rows} rows`}; at least ${leastPerClass} are needed. Play more episodes or choose another label.`
    }
    return null
  })

  /** All is there but for what a file needs. */
  isRight: boolean = $derived.by(() => {
    if (this.#checked.recipe === null || this.obstacle !== null) return false
    return this.draft.source !== 'run' || this.recipe !== null
  })

  /** The newest run that stored activations, where none is chosen. */
  chooseRun(preferred: string | null): void {
    if (this.recipeDraft.runIds.length > 0) return
    const runs = (this.#workspace.runs ?? []).filter(hasSteps)
    const own = runs.filter(({ sweep }) => sweep === undefined)
    const run =
      runs.find(({ id }) => id === preferred) ??
      own.find(({ settings }) => layersOf(settings.capture.hooks).length > 0) ??
      own[0] ??
      runs[0]
    if (run) this.recipeDraft.runIds = [run.id]
  }

  /** Begins again, from these runs where some are given. */
  startOver(runIds: readonly string[] = []): void {
    this.recipeDraft = { ...newRecipe(), runIds: [...runIds] }
    this.draft = newVectorDraft()
    this.error = null
    this.wasTried = false
  }

  /**
   * Makes the vector, and on the way the data set where it comes from runs.
   * @returns null where it was not made (then `error` or `faults` say why) or was cancelled
   */
  async start(): Promise<VectorRecord | null> {
    this.wasTried = !this.isRight
    if (!this.isRight || this.isStarting) return null
    this.isStarting = true
    this.error = null
    try {
      const dataSet =
        this.recipe && (await this.#dataSets.make(this.recipe, this.preview.preview?.rows ?? -1))
      if (this.recipe && !dataSet) return null
      const ground = { ...this.#ground, ...(dataSet ? { dataSetId: dataSet.id } : {}) }
      const { recipe } = checkVector(this.draft, ground)
      return recipe && (await this.#vectors.make(recipe))
    } catch (fault) {
      this.error = reportOf(fault)
      return null
    } finally {
      this.isStarting = false
    }
  }

  /** @returns null where the file gives no vector; then `error` says why */
  async takeFile(
    file: Pick<File, 'name' | 'arrayBuffer'>,
    said: { modelId: string; hook: string },
  ): Promise<VectorRecord | null> {
    if (this.isStarting) return null
    this.isStarting = true
    this.error = null
    try {
      return await this.#vectors.import({
        fileName: file.name,
        data: new Uint8Array(await file.arrayBuffer()),
        name: this.draft.name.trim(),
        ...(said.modelId === '' ? {} : { modelId: said.modelId }),
        ...(said.hook.trim() === '' ? {} : { hook: said.hook.trim() }),
      })
    } catch (fault) {
      this.error = reportOf(fault)
      return null
    } finally {
      this.isStarting = false
    }
  }
}

export const vectorForm = new VectorForm()
