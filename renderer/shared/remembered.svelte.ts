// A choice about the window that this browser or window keeps: whether a pane is open, for instance.

export class Remembered {
  #value = $state(false)
  #key: string

  constructor(key: string, otherwise: boolean) {
    this.#key = key
    const stored = typeof localStorage === 'undefined' ? null : localStorage.getItem(key)
    this.#value = stored === null ? otherwise : stored === 'yes'
  }

  get value(): boolean {
    return this.#value
  }
  toggle(): void {
    this.#value = !this.#value
    localStorage.setItem(this.#key, this.#value ? 'yes' : 'no')
  }
}
