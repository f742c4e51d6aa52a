// Every action that has a name: the palette lists them, the keyboard runs them, the shortcut page shows them.
// Owns: the list and the key bindings. Not: what they do; whoever mounts a view adds its commands and takes them away again.

import { untrack } from 'svelte'

export interface Command {
  id: string
  title: string
  group: string
  /**
   * `mod+k` (⌘ on a Mac, Ctrl elsewhere), a key as the browser names it (`j`, `J`, `[`, `?`, ` `), or two keys one after
   * the other (`g m`). Without `mod` it only works where no text is being typed.
   */
  keys?: string
  run: () => void
  /** Wins a key over all others while it is enabled, whoever was added last. */
  isUrgent?: boolean
  /** Not listed in the palette: moving about in a list, for instance. */
  hidden?: boolean
  isEnabled?: () => boolean
}

const sequenceMs = 1200

export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** Keys as they are printed: `⌘K`, `Ctrl K`, `G then M`. */
export function printKeys(keys: string, mac = isMac): string {
  const names: Record<string, string> = { ' ': 'Space', enter: '↵', arrowdown: '↓', arrowup: '↑' }
  const one = (key: string): string => {
    const parts = key.split('+').filter(Boolean)
    const last = parts.at(-1) ?? key
    const named = names[last.toLowerCase()] ?? last
    const isShifted = /^[A-Z]$/.test(named)
    if (!parts.includes('mod'))
      return isShifted ? `⇧${named}` : named.length === 1 ? named.toUpperCase() : named
    return mac ? `⌘${named.toUpperCase()}` : `Ctrl ${named.toUpperCase()}`
  }
  return keys === ' ' ? 'Space' : keys.split(' ').map(one).join(' then ')
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button|range)$/.test(target.type))

const inDialog = (): boolean =>
  document.querySelector('[role="dialog"],[role="alertdialog"],[role="menu"]') !== null

export class Commands {
  #all = $state.raw<Command[]>([])
  #pending: { key: string; at: number } | null = null

  get all(): readonly Command[] {
    return this.#all
  }

  /** Later additions win where two share a key. Returns the function that takes them away. */
  add(commands: Command[]): () => void {
    // Called from effects, which must not depend on the list that they change.
    untrack(() => (this.#all = [...this.#all, ...commands]))
    return () => untrack(() => (this.#all = this.#all.filter((command) => !commands.includes(command))))
  }

  run(id: string): void {
    const command = this.#all.findLast((one) => one.id === id)
    if (command && command.isEnabled?.() !== false) command.run()
  }

  /** For the window's keydown. */
  handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return
    const mod = isMac ? event.metaKey : event.ctrlKey
    if (!mod && (event.ctrlKey || event.metaKey)) return
    if (!mod && (isTyping(event.target) || inDialog())) return
    const key = mod ? `mod+${event.key.toLowerCase()}` : event.key
    const first = this.#pending && event.timeStamp - this.#pending.at < sequenceMs ? this.#pending.key : null
    this.#pending = null
    const command = (first !== null && this.#bound(`${first} ${key}`)) || this.#bound(key)
    if (command) {
      event.preventDefault()
      command.run()
    } else if (this.#all.some((one) => one.keys?.startsWith(`${key} `) && one.keys !== ' ')) {
      this.#pending = { key, at: event.timeStamp }
    }
  }

  #bound(keys: string): Command | undefined {
    const bound = this.#all.filter((one) => one.keys === keys && one.isEnabled?.() !== false)
    return bound.findLast((one) => one.isUrgent) ?? bound.at(-1)
  }
}

export const commands = new Commands()
