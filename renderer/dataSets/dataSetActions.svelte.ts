// What can be done with data sets: make, rename, remove.
import type { DataSetRecipe, DataSetRecord } from '../../main/contract/dataSets.ts'
import { reportOf } from '../../main/contract/errors.ts'
import { engine, type Engine } from '../client.ts'
import { tasks, type Tasks } from '../jobs/tasks.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { isSameRecipe } from './recipeDraft.ts'
import { labelText } from './recipeText.ts'

export class DataSetActions {
  readonly removal = new LaterRemoval()
  #calls: Engine['dataSets']
  #workspace: Workspace
  #tasks: Tasks

  constructor(
    calls: Engine['dataSets'] = engine.dataSets,
    where: Workspace = workspace,
    work: Tasks = tasks,
  ) {
    this.#calls = calls
    this.#workspace = where
    this.#tasks = work
  }

  /** All that are to be shown; null until the engine has told. */
  get shown(): DataSetRecord[] | null {
    return this.#workspace.dataSets?.filter(({ id }) => !this.removal.hidden.has(id)) ?? null
  }

  /**
   * Gathers what the recipe names, replaying what is missing where it says so. An older data set serves again only where
   * nothing can have changed: as many rows as now, and no labels that a person may have given another step since.
   * @param rows  that the recipe gives now
   * @returns the data set; an older one where it is the same; null where the work was cancelled
   * @throws AppError of the engine
   */
  async make(recipe: DataSetRecipe, rows: number): Promise<DataSetRecord | null> {
    const serves = (one: DataSetRecord): boolean =>
      one.rows === rows && one.missingRuns.length === 0 && isSameRecipe(one.recipe, recipe)
    const known = recipe.label.kind === 'hand' ? undefined : this.shown?.find(serves)
    if (known) return known
    const title = `Data set “${labelText(recipe.label)}”`
    const made = await this.#tasks.follow(title, (signal) => this.#calls.create(recipe, { signal }))
    if (made) await this.#workspace.refreshDataSets()
    return made
  }

  rename = async (dataSet: DataSetRecord, name: string): Promise<void> => {
    const trimmed = name.trim()
    if (!trimmed || trimmed === dataSet.name) return
    try {
      await this.#calls.rename({ id: dataSet.id, name: trimmed.slice(0, 200) })
      await this.#workspace.refreshDataSets()
    } catch (error) {
      toasts.error(reportOf(error))
    }
  }

  remove = (dataSet: DataSetRecord): void => {
    this.removal.remove(dataSet.id, `Removed “${dataSet.name}”`, () => this.#calls.remove({ id: dataSet.id }))
  }
}

export const dataSetActions = new DataSetActions()
