// Light, dark, or as the system has it. Kept in this browser or window, and told to the shell so that its own parts match.
import { MediaQuery } from 'svelte/reactivity'
import type { ThemeSource } from '../../main/contract/desktop.ts'

const key = 'innerview:theme'

class Theme {
  #source = $state<ThemeSource>('system')
  #systemDark = new MediaQuery('(prefers-color-scheme: dark)')

  get source(): ThemeSource {
    return this.#source
  }
  /** What is shown now; follow it where a canvas must be drawn anew. */
  get current(): 'light' | 'dark' {
    if (this.#source !== 'system') return this.#source
    return this.#systemDark.current ? 'dark' : 'light'
  }

  /** Reads what was chosen earlier; call once, before anything is drawn. */
  restore(): void {
    const stored = localStorage.getItem(key)
    this.choose(stored === 'light' || stored === 'dark' ? stored : 'system')
  }

  choose(source: ThemeSource): void {
    this.#source = source
    localStorage.setItem(key, source)
    if (source === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = source
    window.desktop?.setTheme(source)
  }

  toggle(): void {
    this.choose(this.current === 'dark' ? 'light' : 'dark')
  }
}

export const theme = new Theme()
