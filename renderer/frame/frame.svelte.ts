// What of the frame is open.
import { selection } from '../selection.svelte.ts'

const listKey = 'innerview:list'
/** Below this a list beside the main pane would leave neither enough. */
const roomForList = 701

class Frame {
  isPaletteOpen = $state(false)
  areShortcutsOpen = $state(false)
  /** Of the window, in pixels. */
  width = $state(roomForList)
  #isListOver = $state(false)
  #isListShown = $state(localStorage.getItem(listKey) !== 'hidden')

  /** A list stands beside what is about its rows; elsewhere it would only repeat or distract. */
  get hasList(): boolean {
    return ['episodes', 'new-run', 'probe', 'steer', 'compare'].includes(selection.view)
  }
  get isListShown(): boolean {
    return this.hasList && !this.isNarrow && this.#isListShown
  }
  /** In a narrow window the list lies over the main pane, until a row of it is chosen. */
  get isListOver(): boolean {
    return this.hasList && this.isNarrow && this.#isListOver
  }
  get isNarrow(): boolean {
    return this.width < roomForList
  }
  foldList(): void {
    this.#isListOver = false
  }
  toggleList(): void {
    if (this.isNarrow) {
      this.#isListOver = !this.#isListOver
      return
    }
    this.#isListShown = !this.#isListShown
    localStorage.setItem(listKey, this.#isListShown ? 'shown' : 'hidden')
  }
}

export const frame = new Frame()
