// The new-run form as it was left, for a reload of this tab.
// Owns: storing and reading it. Not: when (NewRunView.svelte, runForm.svelte.ts).
import { newDraft, type RunDraft } from './runDraft.ts'

const key = 'innerview:new-run'

export const keepDraft = (draft: RunDraft): void => sessionStorage.setItem(key, JSON.stringify(draft))
export const forgetDraft = (): void => sessionStorage.removeItem(key)

/** Null where none was kept; a field that was kept by another version and is of another kind now keeps its default. */
export function keptDraft(): RunDraft | null {
  const text = typeof sessionStorage === 'undefined' ? null : sessionStorage.getItem(key)
  if (text === null) return null
  try {
    const kept = JSON.parse(text) as unknown
    if (typeof kept !== 'object' || kept === null) return null
    const known = Object.entries(newDraft()).flatMap(([field, plain]) => {
      const value = (kept as Record<string, unknown>)[field]
      const isSameKind = Array.isArray(plain)
        ? Array.isArray(value) && value.every((one) => typeof one === 'string')
        : typeof value === typeof plain || (value === null && typeof plain === 'number')
      return isSameKind ? [[field, value] as const] : []
    })
    return { ...newDraft(), ...(Object.fromEntries(known) as Partial<RunDraft>) } // kinds were compared above
  } catch {
    return null // somebody else wrote there
  }
}
