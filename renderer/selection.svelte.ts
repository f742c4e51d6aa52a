// The one selection {view, run, episode, step, token, layer, head, probe, vector, sweep, runs, tab}. It lives in the address, so back,
// forward and a copied link work. Reading a field inside a component or an effect follows it.
import { hashOf, move, nowhere, placeOf, type Place } from './address.ts'

class Selection {
  #place = $state.raw<Place>({ ...nowhere })

  constructor() {
    if (typeof window === 'undefined') return
    this.#place = placeOf(location.hash)
    window.addEventListener('hashchange', () => (this.#place = placeOf(location.hash)))
  }

  get place(): Place {
    return this.#place
  }
  get view() {
    return this.#place.view
  }
  get run() {
    return this.#place.run
  }
  get episode() {
    return this.#place.episode
  }
  get step() {
    return this.#place.step
  }
  get token() {
    return this.#place.token
  }
  get layer() {
    return this.#place.layer
  }
  get head() {
    return this.#place.head
  }
  get probe() {
    return this.#place.probe
  }
  get vector() {
    return this.#place.vector
  }
  get sweep() {
    return this.#place.sweep
  }
  get tab() {
    return this.#place.tab
  }
  get runs() {
    return this.#place.runs
  }

  /** Goes somewhere; back returns. `replace` is for steps nobody wants to go back through (j, k, hovering). */
  go(change: Partial<Place>, how: 'push' | 'replace' = 'push'): void {
    const to = move(this.#place, change)
    const hash = hashOf(to)
    this.#place = to
    if (hash === location.hash) return
    if (how === 'push') history.pushState(null, '', hash)
    else history.replaceState(null, '', hash)
  }

  /** For an `<a href>` that goes somewhere. */
  href(change: Partial<Place>): string {
    return hashOf(move(this.#place, change))
  }
}

export const selection = new Selection()
