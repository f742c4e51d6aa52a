// The three places where an intervention's numbers may come from, as a form offers them.
// Owns: telling them apart while they are half written, and what each begins with. Not: their fields (SourceFields.svelte).

type SourceKind = 'file' | 'run' | 'values'

const sourceKinds: readonly { value: SourceKind; label: string }[] = [
  { value: 'file', label: 'A file' },
  { value: 'run', label: 'A stored run' },
  { value: 'values', label: 'Values' },
]

/** What a run never stores: scores and patterns, a row for every key. */
const isUnstored = (hook: unknown): boolean =>
  typeof hook === 'string' && /hook_(attn_scores|pattern)$/.test(hook)

/** Those that can hold numbers for these hook points, and the one that is chosen. */
export const sourceKindsFor = (hooks: unknown, chosen: SourceKind): typeof sourceKinds =>
  sourceKinds.filter(
    ({ value }) => value !== 'run' || chosen === 'run' || ![hooks].flat().some((hook) => isUnstored(hook)),
  )

export const isSourceKind = (text: string): text is SourceKind =>
  sourceKinds.some(({ value }) => value === text)

export function sourceKindOf(source: unknown): SourceKind {
  if (typeof source !== 'object' || source === null) return 'file'
  if ('values' in source) return 'values'
  return 'run' in source ? 'run' : 'file'
}

export function sourceOf(kind: SourceKind): object {
  if (kind === 'run') return { run: '', at: 'lastPrompt' }
  return kind === 'values' ? { values: [] } : { file: '', tensor: '' }
}
