// From a choice of layers to the hook points that a run captures.
// Owns: which `hook_resid_post` a choice means. Not: whether a model has them (model/hookNames.ts checks).
import { errors } from '../contract/errors.ts'

export type LayerChoice = 'all' | 'none' | 'middle' | readonly number[]

/**
 * Names of the residual streams after the chosen layers. `middle` is layer ⌊L / 2⌋, the case study's.
 * @throws layer_out_of_range
 */
export function residualHooks(choice: LayerChoice, layers: number): string[] {
  const name = (layer: number): string => {
    if (!Number.isInteger(layer) || layer < 0 || layer >= layers)
      throw errors.layerOutOfRange({ layer, layers })
    return `blocks.${layer}.hook_resid_post`
  }
  if (choice === 'none') return []
  if (choice === 'middle') return [name(Math.floor(layers / 2))]
  if (choice === 'all') return Array.from({ length: layers }, (_, layer) => name(layer))
  return [...new Set(choice)].sort((a, b) => a - b).map(name)
}
