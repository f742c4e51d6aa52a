// The recipe on top of the probe view: what to learn from, how to train and judge; its faults, its preview, its start.
import type { DataSetRecipe, DataSetRecord, Pooling } from '../../main/contract/dataSets.ts'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import { perceptronSeconds } from '../../main/contract/probeEstimates.ts'
import type { ProbeSettings } from '../../main/contract/probes.ts'
import type { ProbeSummary } from '../../main/contract/storedProbes.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import { engine, type Engine } from '../client.ts'
import { dataSetActions, type DataSetActions } from '../dataSets/dataSetActions.svelte.ts'
import {
  checkRecipe,
  draftOfRecipe,
  newRecipe,
  type RecipeDraft,
  type RecipeFaults,
} from '../dataSets/recipeDraft.ts'
import { poolingNames } from '../dataSets/recipeText.ts'
import { RecipePreview } from '../dataSets/recipePreview.svelte.ts'
import { layersOf } from '../runs/runText.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { probeActions, type ProbeActions } from './probeActions.svelte.ts'
import { checkProbe, draftOfSettings, newProbe, type ProbeDraft, type ProbeFaults } from './probeDraft.ts'
import { cellText } from './probeText.ts'

/** A run that has something to learn from. */
export const hasSteps = (run: RunRecord): boolean => run.progress.steps > 0

interface Parts {
  calls?: Pick<Engine['dataSets'], 'choices' | 'preview'>
  where?: Workspace
  dataSets?: DataSetActions
  probes?: ProbeActions
}

export class ProbeForm {
  recipeDraft = $state<RecipeDraft>(newRecipe())
  probeDraft = $state<ProbeDraft>(newProbe())
  /** Why it did not start. */
  error = $state.raw<ErrorReport | null>(null)
  isStarting = $state(false)
  readonly preview: RecipePreview
  #workspace: Workspace
  #dataSets: DataSetActions
  #probes: ProbeActions

  constructor({
    calls = engine.dataSets,
    where = workspace,
    dataSets = dataSetActions,
    probes = probeActions,
  }: Parts = {}) {
    this.preview = new RecipePreview(calls)
    this.#workspace = where
    this.#dataSets = dataSets
    this.#probes = probes
  }

  /** Runs that are judged on and not learnt from; none unless the split asks for other runs. */
  testRunIds: string[] = $derived.by(() => {
    const { split, testRunIds } = this.probeDraft
    return split === 'transfer' ? testRunIds.filter((id) => !this.recipeDraft.runIds.includes(id)) : []
  })
  /** What the data set is gathered from: it holds the rows to judge on too. */
  runIds: string[] = $derived([...this.recipeDraft.runIds, ...this.testRunIds])
  #recipe = $derived.by(() => {
    const { runIds } = this
    const isAny = this.recipeDraft.runIds.length > 0
    return checkRecipe({ ...this.recipeDraft, runIds: isAny ? runIds : [] }, this.preview.choices)
  })
  #settings = $derived.by(() => checkProbe({ ...this.probeDraft, testRunIds: this.testRunIds }, 'to be made'))
  recipeFaults: RecipeFaults = $derived(this.#recipe.faults)
  probeFaults: ProbeFaults = $derived(this.#settings.faults)
  recipe: DataSetRecipe | null = $derived(this.#recipe.recipe)
  settings: ProbeSettings | null = $derived(this.#settings.settings)

  /** Why nothing can be trained on what the preview shows; null where it can, or is not known yet. */
  obstacle: string | null = $derived.by(() => {
    const preview = this.preview.preview
    if (this.recipe === null || preview === null) return null
    if (preview.rows === 0) return 'No step passes. Widen the filter or choose another label.'
    const present = preview.counts.filter((count) => count > 0).length
    if (present < 2) return `All ${preview.rows} rows are of one class. Choose another label, or more runs.`
    const { layers, poolings } = this.probeDraft
    const isGiven =
      (layers ?? []).every((layer) => preview.layers.includes(layer)) &&
      (poolings ?? []).every((pooling) => this.recipeDraft.poolings.includes(pooling))
    if (!isGiven)
      return `The recipe does not gather ${cellText({ layers, poolings })}. Let go of “of the recipe only”.`
    if (preview.missing > 0 && !this.recipe.replayMissing)
      return preview.replayRefused ?? 'Some activations were not stored. Allow filling them in by replay.'
    return null
  })
  /** Of a training that is slow, roughly; null for the others, and before there is a preview. */
  slowSeconds: number | null = $derived.by(() => {
    const preview = this.preview.preview
    if (preview === null || this.settings === null || preview.rows === 0) return null
    const { estimator, split, permutations } = this.settings
    const vectors = preview.rows * preview.layers.length * this.recipeDraft.poolings.length
    return perceptronSeconds(estimator, {
      ...{ rows: preview.rows, width: preview.bytes / 4 / Math.max(1, vectors), permutations },
      folds: 'folds' in split ? split.folds : 1,
    })
  })
  canStart: boolean = $derived(
    this.recipe !== null && this.settings !== null && this.obstacle === null && !this.isStarting,
  )

  /** The newest run that stored activations, where none is chosen. */
  chooseRun(preferred: string | null): void {
    if (this.recipeDraft.runIds.length > 0) return
    const runs = (this.#workspace.runs ?? []).filter(hasSteps)
    const run =
      runs.find(({ id }) => id === preferred) ??
      runs.find(({ settings }) => layersOf(settings.capture.hooks).length > 0) ??
      runs[0]
    if (run) this.recipeDraft.runIds = [run.id]
  }

  /** Begins again with these runs. */
  startOver(runIds: readonly string[] = []): void {
    this.recipeDraft = { ...newRecipe(), runIds: [...runIds] }
    this.probeDraft = newProbe()
    this.error = null
  }

  /** Takes over what a probe or a data set was made with. */
  fill(dataSet: DataSetRecord | null, probe: ProbeSummary | null): void {
    if (dataSet) this.recipeDraft = draftOfRecipe(dataSet.recipe)
    if (probe) this.probeDraft = draftOfSettings(probe.settings)
    if (dataSet && probe?.settings.split.kind === 'transfer') {
      const { testRunIds } = probe.settings.split
      this.recipeDraft.runIds = dataSet.recipe.runIds.filter((id) => !testRunIds.includes(id))
    }
    this.error = null
  }

  /**
   * Makes the data set where there is none like it, and trains.
   * @returns the probe; null where it did not start (then `error` says why) or was cancelled
   */
  async start(): Promise<ProbeSummary | null> {
    const { recipe, settings } = this
    if (!recipe || !settings || this.isStarting) return null
    this.isStarting = true
    this.error = null
    try {
      const dataSet = await this.#dataSets.make(recipe, this.preview.preview?.rows ?? -1)
      return dataSet && (await this.#probes.train({ ...settings, dataSetId: dataSet.id }))
    } catch (fault) {
      this.error = reportOf(fault)
      return null
    } finally {
      this.isStarting = false
    }
  }
}

/** A cell of a sweep as a probe of its own, with all that is said of one. */
export const cellSettings = (sweep: ProbeSummary, layer: number, pooling: Pooling): ProbeSettings => ({
  ...sweep.settings,
  name: `layer ${layer}, ${poolingNames[pooling]} of ${sweep.name}`.slice(0, 200),
  layers: [layer],
  poolings: [pooling],
})

export const probeForm = new ProbeForm()
