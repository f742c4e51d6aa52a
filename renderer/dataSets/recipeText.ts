// A data set's recipe in words, and the colours of its classes.
import type { DataSetRecipe, LabelRule, Pooling } from '../../main/contract/dataSets.ts'
import type { ChartTheme } from '../charts/theme.ts'
import { writeNumbers } from '../shared/numberWords.ts'

export const poolingNames: Record<Pooling, string> = {
  lastPrompt: 'last prompt token',
  meanPrompt: 'mean of prompt',
  firstGenerated: 'first generated',
  meanGenerated: 'mean of answer',
  mean: 'mean of all',
  last: 'last generated',
  lastK: 'last k of prompt',
}

/** What class 1 is, as it stands in a sentence: `invalid`, `won`, `completion contains “?”`. */
export function labelText(rule: LabelRule): string {
  switch (rule.kind) {
    case 'invalid':
      return 'invalid answer'
    case 'won':
      return 'episode won'
    case 'environment':
      return rule.equals === true ? rule.label : `${rule.label} = ${String(rule.equals)}`
    case 'text':
      return `${rule.of} contains “${rule.contains}”`
    case 'hand':
      return `by hand: ${rule.name}`
    case 'classes':
      return `classes of ${rule.label}`
  }
}

/** Class 0 first. Fixed where a class has a meaning of its own; else enough to tell five apart. */
export function classColours(rule: LabelRule): (keyof ChartTheme)[] {
  if (rule.kind === 'invalid') return ['valid', 'invalid']
  if (rule.kind === 'won') return ['baseline', 'win']
  return ['baseline', 'accent', 'win', 'invalid', 'valid']
}

const hookNames: Record<string, string> = {
  hook_resid_pre: 'residual before block',
  hook_resid_mid: 'residual after attention',
  hook_resid_post: 'residual after block',
  hook_attn_out: 'attention output',
  hook_mlp_out: 'MLP output',
  hook_embed: 'embedding',
}

/** `blocks.{layer}.hook_resid_post` → `residual after block`; others by their name. */
export const hookText = (hook: string): string =>
  hookNames[hook.replace('blocks.{layer}.', '')] ?? hook.replace('blocks.{layer}.', '')

const layersText = (layers: DataSetRecipe['layers']): string =>
  layers === 'captured'
    ? 'all stored layers'
    : layers === 'all'
      ? 'all layers'
      : `${layers.length === 1 ? 'layer' : 'layers'} ${writeNumbers(layers)}`

/** In one line, as a bar or a list shows it. */
export function recipeText(recipe: DataSetRecipe): string {
  const { filter } = recipe
  const steps =
    filter.firstStep === 0 && filter.lastStep === null
      ? []
      : [`steps ${filter.firstStep}–${filter.lastStep ?? 'end'}`]
  return [
    labelText(recipe.label),
    hookText(recipe.hook),
    layersText(recipe.layers),
    recipe.poolings.map((pooling) => poolingNames[pooling]).join(', '),
    ...steps,
    ...(filter.tasks.length > 0 ? [`${filter.tasks.length} objects`] : []),
    ...(filter.truncated === 'keep' ? [] : [filter.truncated === 'only' ? 'only truncated' : 'no truncated']),
  ].join(' · ')
}
