// Text onto the clipboard, with a word about it.
import { toasts } from './toasts.svelte.ts'

/** @param what  what was copied, as the message names it: `Prompt ids` */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toasts.say(`${what} copied`, { tone: 'done' })
  } catch (error) {
    // A browser may keep its clipboard from a page that has not the focus.
    toasts.say(`${what} not copied`, { text: error instanceof Error ? error.message : String(error) })
  }
}
