// Comparisons that are kept in the workspace under a name.
// Owns: keeping and forgetting one, and what is said if that fails. Not: the list (workspace.svelte.ts), the address (address.ts).
import { reportOf } from '../../main/contract/errors.ts'
import type { SavedComparison } from '../../main/contract/comparison.ts'
import { engine, type Engine } from '../client.ts'
import { toasts, type Toasts } from '../shared/toasts.svelte.ts'

type Calls = Pick<Engine, 'comparisons'>

/** @returns whether it is kept; if not, a message has said why */
export async function keepComparison(
  comparison: SavedComparison,
  calls: Calls = engine,
  messages: Toasts = toasts,
): Promise<boolean> {
  try {
    await calls.comparisons.save(comparison)
    return true
  } catch (error) {
    messages.error(reportOf(error))
    return false
  }
}

/** It can be taken back from the message that tells of it. */
export async function forgetComparison(
  comparison: SavedComparison,
  calls: Calls = engine,
  messages: Toasts = toasts,
): Promise<void> {
  try {
    await calls.comparisons.remove({ name: comparison.name })
    const undo = (): void => void keepComparison(comparison, calls, messages)
    messages.say(`“${comparison.name}” forgotten`, { action: { label: 'Undo', run: undo } })
  } catch (error) {
    messages.error(reportOf(error))
  }
}
