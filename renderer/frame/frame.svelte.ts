// What of the frame is open.
import { selection } from '../selection.svelte.ts'

const listKey = 'innerview:list'

class Frame {
  isPaletteOpen = $state(false)
  areShortcutsOpen = $state(false)
  #isListShown = $state(localStorage.getItem(listKey) !== 'hidden')

  /** The run list stands beside what is about runs; elsewhere it would only repeat or distract. */
  get hasList(): boolean {
    return selection.view === 'episodes' || selection.view === 'new-run'
  }
  get isListShown(): boolean {
    return this.hasList && this.#isListShown
  }
  toggleList(): void {
    this.#isListShown = !this.#isListShown
    localStorage.setItem(listKey, this.#isListShown ? 'shown' : 'hidden')
  }
}

export const frame = new Frame()
