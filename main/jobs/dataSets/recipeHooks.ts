// Hook points and poolings that a recipe names.
// Owns: writing them out for a layer, and those that rivals read. Not: what is stored of them (survey.ts).
import type { PoolingChoice } from '../../analysis/poolings.ts'
import type { DataSetRecipe } from '../../contract/dataSets.ts'

/** Judged as rivals wherever they are stored; a replay stores them in passing. */
export const rivalHooks = { embedding: 'hook_embed', firstLayer: 'blocks.0.hook_resid_post' } as const

export const hookOf = (template: string, layer: number): string => template.replace('{layer}', String(layer))

export const choicesOf = ({ poolings, lastK, leaveOutSink }: DataSetRecipe): PoolingChoice[] =>
  poolings.map((pooling) => ({ pooling, lastK, leaveOutSink }))
