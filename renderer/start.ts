// Puts the frame on the page and connects it.
import { mount } from 'svelte'
import App from './App.svelte'
import type { Doors } from './doors.ts'
import { theme } from './shared/theme.svelte.ts'
import { workspace } from './workspace.svelte.ts'

/** @param doors  another way to the engine than the window's own; for tests */
export function start(doors?: Doors): void {
  const target = document.getElementById('app')
  if (!target) throw new TypeError('The page has no element #app.')
  theme.restore()
  mount(App, { target })
  workspace.open(doors)
}
