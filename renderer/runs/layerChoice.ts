// Which layers to capture, as people write it: `0,8,15`, `0-5`, `all`, `middle`, or nothing.
import { layersOf } from './runText.ts'

export const middleLayer = (layers: number): number => Math.floor(layers / 2)

export type LayerChoice = { layers: number[]; problem: null } | { layers: null; problem: string }

/** @param count  how many layers the model has; null when no model is chosen */
export function readLayers(text: string, count: number | null): LayerChoice {
  const chosen = new Set<number>()
  for (const part of text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean)) {
    if (part === 'none') continue
    if ((part === 'all' || part === 'middle') && count !== null) {
      const found = part === 'all' ? Array.from({ length: count }, (_, i) => i) : [middleLayer(count)]
      for (const layer of found) chosen.add(layer)
      continue
    }
    const range = /^(\d{1,4})(?:[-–](\d{1,4}))?$/.exec(part)
    if (!range) return { layers: null, problem: `“${part}” is no layer. Write for instance 0,8,15 or 0-5.` }
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])]
    if (from > to) return { layers: null, problem: `“${part}” runs backwards.` }
    if (count !== null && to >= count)
      return { layers: null, problem: `Layer ${to} was asked for; the model has layers 0 to ${count - 1}.` }
    for (let layer = from; layer <= to; layer++) chosen.add(layer)
  }
  return { layers: [...chosen].sort((a, b) => a - b), problem: null }
}

export const hooksOf = (layers: readonly number[]): string[] =>
  layers.map((layer) => `blocks.${layer}.hook_resid_post`)

/** The hooks that a choice of layers cannot express. */
export const otherHooks = (hooks: readonly string[]): string[] =>
  hooks.filter((hook) => layersOf([hook]).length === 0)
