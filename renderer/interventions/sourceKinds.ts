// The places where an intervention's numbers may come from, as a form offers them.
// Owns: telling them apart while they are half written, what each begins with, and which of a workspace's fit. Not: their fields (SourceFields.svelte).
import type { VectorVariant } from '../../main/contract/interventions.ts'

export type SourceKind = 'file' | 'vector' | 'dataSet' | 'run' | 'values'
/** What the numbers are for: one direction, or rows that stand in. */
export type SourceUse = 'vector' | 'source'

const sourceKinds: readonly { value: SourceKind; label: string; uses: readonly SourceUse[] }[] = [
  { value: 'file', label: 'A file', uses: ['vector', 'source'] },
  { value: 'vector', label: 'The vector library', uses: ['vector'] },
  { value: 'dataSet', label: 'A data set', uses: ['source'] },
  { value: 'run', label: 'A stored run', uses: ['vector', 'source'] },
  { value: 'values', label: 'Values', uses: ['vector', 'source'] },
]

/** What a workspace never stores: scores and patterns, a row for every key. */
const isUnstored = (hook: unknown): boolean =>
  typeof hook === 'string' && /hook_(attn_scores|pattern)$/.test(hook)
const isStored = (kind: SourceKind): boolean => kind !== 'file' && kind !== 'values'

/** Those that can hold such numbers for these hook points, and the one that is chosen. */
export const sourceKindsFor = (
  hooks: unknown,
  chosen: SourceKind,
  use: SourceUse,
): { value: SourceKind; label: string }[] =>
  sourceKinds.filter(
    ({ value, uses }) =>
      value === chosen ||
      (uses.includes(use) && !(isStored(value) && [hooks].flat().some((hook) => isUnstored(hook)))),
  )

export const isSourceKind = (text: string): text is SourceKind =>
  sourceKinds.some(({ value }) => value === text)

export function sourceKindOf(source: unknown): SourceKind {
  if (typeof source !== 'object' || source === null) return 'file'
  return sourceKinds.find(({ value }) => value in source)?.value ?? 'file'
}

export function sourceOf(kind: SourceKind): object {
  switch (kind) {
    case 'vector':
      return { vector: '' }
    case 'dataSet':
      return { dataSet: '' }
    case 'run':
      return { run: '', at: 'lastPrompt' }
    case 'values':
      return { values: [] }
    default:
      return { file: '', tensor: '' }
  }
}

export type VariantKind = VectorVariant['kind'] | 'itself'

export const variantNames: Record<VariantKind, string> = {
  itself: 'as it is',
  random: 'random direction',
  shuffled: 'shuffled labels',
  orthogonal: 'without another',
}

/** What each begins with; nothing for the vector itself. */
export function variantOf(kind: string): object | undefined {
  if (kind === 'random') return { kind, index: 0 }
  if (kind === 'orthogonal') return { kind, to: '' }
  return kind === 'shuffled' ? { kind } : undefined
}

/** Numbers of a model that nobody knows may be this one's: the engine will say. */
export const fitsModel = (models: readonly { hash: string }[] | null, hash: string | null): boolean =>
  models === null || hash === null || models.some((model) => model.hash === hash)
