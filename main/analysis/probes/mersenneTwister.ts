// NumPy's RandomState: its integers and its order of things, bit for bit.
// Owns: the generator behind splits and resamples, so that anyone can repeat them in Python. Not: other draws (seededGenerator.ts).
// Source: Matsumoto & Nishimura 1998 (MT19937, init_genrand); masked rejection as in NumPy's legacy `random_interval`.

const SIZE = 624
const SHIFT = 397

export class RandomState {
  readonly #state = new Uint32Array(SIZE)
  #next = SIZE

  /** @param seed  0 … 2³² − 1, as `numpy.random.RandomState(seed)` */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
      throw new TypeError(`${seed} is no seed between 0 and 2³² − 1`)
    const state = this.#state
    state[0] = seed
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i
  }

  /** An integer of 0 … highest, both included. */
  interval(highest: number): number {
    if (highest === 0) return 0
    const mask = 0xffffffff >>> Math.clz32(highest)
    for (;;) {
      const value = (this.#word() & mask) >>> 0
      if (value <= highest) return value
    }
  }

  /** A new array in the order of `RandomState.shuffle`. */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.interval(last)
      const held = result[last]
      result[last] = result[other]
      result[other] = held
    }
    return result
  }

  #word(): number {
    if (this.#next === SIZE) this.#refill()
    let word = this.#state[this.#next++]
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    return (word ^ (word >>> 18)) >>> 0
  }

  #refill(): void {
    const state = this.#state
    for (let i = 0; i < SIZE; i++) {
      const joined = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff)
      state[i] = state[(i + SHIFT) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0)
    }
    this.#next = 0
  }
}
