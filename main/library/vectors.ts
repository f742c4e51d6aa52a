// Vectors of a workspace's library from a program: made from stored steps, probes, prompts, or learned from what they do.
// Owns: joining a recipe with the data set it wants. Not: making vectors (jobs/steering/) or contrasts of a program's own arrays (steering.ts).
import type * as z from 'zod'
import { dataSetRecipe } from '../contract/dataSets.ts'
import { vectorRecipe, type VectorRecipeInput, type VectorRecord } from '../contract/vectors.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { checkSettings } from './settings.ts'
import { inWorkspace } from './workspaceEngine.ts'
import { workspaceOptions, type WorkspaceOptions } from './workspaceOptions.ts'

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never
type OfSteps = Extract<VectorRecipeInput, { dataSetId: string }>

/**
 * As `vector` in the terminal has it (docs/terminal.md). What is made from stored steps, a contrast or a learned direction, names a data set, or as
 * `steps` the runs and labels that one is made from.
 */
export type MakeVectorRecipe =
  VectorRecipeInput | (Without<OfSteps, 'dataSetId'> & { steps: z.input<typeof dataSetRecipe> })

export interface MakeVectorOptions extends WorkspaceOptions {
  /** Ends the work at once; a search for a direction goes on from its last generation when it is asked for again. */
  signal?: AbortSignal
  onProgress?: (progress: { label: string; fraction: number }) => void
}

const makeVectorOptions: OptionKinds<MakeVectorOptions> = { ...workspaceOptions, onProgress: 'function' }

export interface MadeVector {
  /** With what speaks for and against it: documents, flags, where it comes from. */
  record: VectorRecord
  /** [N, D], rows as in the record. */
  data: Float32Array
}

/**
 * Makes a vector and keeps it in the workspace's library; the same recipe over the same rows gives the one that is there.
 * @throws invalid_input, not_found, vector_refused where no direction holds, data_set_…, replay_…, workspace_…; the signal's reason
 */
export async function makeVector(recipe: MakeVectorRecipe, options: MakeVectorOptions): Promise<MadeVector> {
  const { onProgress = () => {}, ...place } = checkOptions('makeVector', options, makeVectorOptions)
  return inWorkspace(place, async (engine, signal) => {
    let asked: object = recipe
    if ('steps' in recipe) {
      const { steps, ...rest } = recipe
      const dataSet = await engine.dataSets.create(checkSettings(dataSetRecipe, steps), onProgress, signal)
      asked = { ...rest, dataSetId: dataSet.id }
    }
    const record = await engine.vectors.make(checkSettings(vectorRecipe, asked), onProgress, signal)
    return { record, data: engine.vectors.values(record.id).data }
  })
}
