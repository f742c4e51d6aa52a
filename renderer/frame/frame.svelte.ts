// What of the frame is open.
const listKey = 'innerview:list'

class Frame {
  isPaletteOpen = $state(false)
  areShortcutsOpen = $state(false)
  #isListShown = $state(localStorage.getItem(listKey) !== 'hidden')

  get isListShown(): boolean {
    return this.#isListShown
  }
  toggleList(): void {
    this.#isListShown = !this.#isListShown
    localStorage.setItem(listKey, this.#isListShown ? 'shown' : 'hidden')
  }
}

export const frame = new Frame()
