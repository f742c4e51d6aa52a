// A vector in words.
import type { ContrastSettings } from '../../main/contract/contrasts.ts'
import type { VectorOrigin, VectorRow, VectorSummary } from '../../main/contract/vectors.ts'
import { labelText, poolingNames } from '../dataSets/recipeText.ts'
import { plural } from '../shared/format.ts'
import { writeNumbers } from '../shared/numberWords.ts'

export const methodNames: Record<ContrastSettings['kind'], string> = {
  meanDifference: 'Difference of means (CAA)',
  whitened: 'Whitened difference (LDA)',
  pairedComponent: 'PCA of paired differences',
}

/** As a choice: what a person may ask for beside a contrast's own methods. */
export const methodChoices = { ...methodNames, learned: 'Learned by trying it (CMA-ES)' } as const
export type MethodChoice = keyof typeof methodChoices

export const scopeNames: Record<ContrastSettings['scope']['kind'], string> = {
  pooled: 'One for all steps',
  perStep: 'One for each step',
  windows: 'One for each window of steps',
}

/** As a tag in a list. */
export const kindWords: Record<VectorOrigin['kind'], string> = {
  contrast: 'contrast',
  probe: 'probe',
  prompts: 'prompts',
  learned: 'learned',
  file: 'file',
}

export function scopeText(scope: ContrastSettings['scope']): string {
  if (scope.kind === 'windows') return `windows of ${plural(scope.size, 'step')}`
  return scope.kind === 'perStep' ? 'each step' : 'all steps together'
}

/** How it was made, in one line. */
export function originText(origin: VectorOrigin): string {
  switch (origin.kind) {
    case 'contrast': {
      const { recipe, dataSetRecipe, away, towards } = origin
      const pooling = recipe.pooling ?? dataSetRecipe.poolings[0] ?? 'lastPrompt'
      return [
        `${methodNames[recipe.settings.kind]} from “${away}” to “${towards}”`,
        `label ${labelText(dataSetRecipe.label)}`,
        poolingNames[pooling],
        scopeText(recipe.settings.scope),
      ].join(' · ')
    }
    case 'probe':
      return `Direction of probe ${origin.recipe.probeId}, towards “${origin.towards}”`
    case 'prompts':
      return `${methodNames[origin.recipe.settings.kind]} of ${plural(origin.recipe.pairs.length, 'pair')} of prompts`
    case 'learned':
      return `Learned over ${plural(origin.recipe.components, 'component')} in ${plural(origin.generations, 'generation')}, ${plural(origin.episodesPlayed, 'episode')}`
    case 'file':
      return `Read from ${origin.fileName} (${origin.format})`
  }
}

/** Upstream's rule for a target step knows invalid answers, step by step. */
export const hasTargetStep = ({ origin }: Pick<VectorSummary, 'origin'>): boolean =>
  origin.kind === 'contrast' &&
  origin.recipe.settings.scope.kind === 'perStep' &&
  origin.dataSetRecipe.label.kind === 'invalid'

const layerOf = (hook: string): number | null => {
  const layer = /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1]
  return layer === undefined ? null : Number(layer)
}

/** `layer 8`, `layers 8,9`, or the hook point where it is none of the residual after a block. */
export function placeText(rows: readonly VectorRow[]): string {
  const hooks = [...new Set(rows.map(({ hook }) => hook))]
  const layers = hooks.flatMap((hook) => layerOf(hook) ?? [])
  if (layers.length < hooks.length)
    return hooks.length === 1 ? (hooks[0] ?? '') : plural(hooks.length, 'hook point')
  return `${layers.length === 1 ? 'layer' : 'layers'} ${writeNumbers(layers)}`
}

/** `layer 8`, or the hook point's name. */
export const hookPlace = (hook: string): string => {
  const layer = layerOf(hook)
  return layer === null ? hook : `layer ${layer}`
}

export const stepsText = (steps: VectorRow['steps']): string =>
  steps === null ? 'all' : steps[0] === steps[1] ? String(steps[0]) : `${steps[0]}–${steps[1] ?? 'end'}`

/** Over the episodes that a steady vector needs: of a step's own vector only those count that get to that step. */
export const neededTitle = ({ kind }: ContrastSettings['scope']): string =>
  kind === 'pooled' ? 'for .9' : 'reaching it, for .9'

/** Over what is said against it. Where nothing was examined, nothing could speak against it. */
export function flagsTitle(flags: readonly string[], isExamined: boolean): string {
  if (flags.length > 0) return 'Before you steer with it'
  return isExamined ? 'Nothing speaks against it' : 'Not examined'
}

/** In one line, as a list shows it on hovering. */
export const vectorFacts = (vector: VectorSummary): string =>
  `${vector.name}
${originText(vector.origin)}
${placeText(vector.rows)}, ${plural(vector.rows.length, 'direction')} of ${vector.width} values, ${vector.model?.name ?? 'model not known'}${
    vector.flags.length > 0 ? `\n${vector.flags.join('\n')}` : ''
  }`
