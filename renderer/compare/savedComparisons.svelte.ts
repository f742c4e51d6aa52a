// Comparisons that were given a name: runs, and where in them one was.
// Owns: the list, kept by this window for each workspace. Not: the address they lead to (address.ts).
import * as z from 'zod'

const savedComparison = z.object({ name: z.string(), hash: z.string().startsWith('#/compare') })
export type SavedComparison = z.infer<typeof savedComparison>

const list = z.array(savedComparison)
const keyOf = (workspace: string): string => `innerview:comparisons:${workspace}`

export class SavedComparisons {
  all = $state.raw<readonly SavedComparison[]>([])
  #workspace: string | null = null
  #storage: () => Pick<Storage, 'getItem' | 'setItem'>

  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => localStorage) {
    this.#storage = storage
  }

  /** Reads what was kept for a workspace; anything that is no such list counts as none. */
  open(workspace: string): void {
    if (workspace === this.#workspace) return
    this.#workspace = workspace
    this.all = read(this.#storage().getItem(keyOf(workspace)))
  }

  /** Under a name that there is already, the new one takes its place. */
  save(name: string, hash: string): void {
    this.#keep([{ name, hash }, ...this.all.filter((one) => one.name !== name)])
  }

  remove(name: string): void {
    this.#keep(this.all.filter((one) => one.name !== name))
  }

  #keep(all: readonly SavedComparison[]): void {
    this.all = all
    if (this.#workspace !== null) this.#storage().setItem(keyOf(this.#workspace), JSON.stringify(all))
  }
}

function read(text: string | null): SavedComparison[] {
  try {
    return list.safeParse(JSON.parse(text ?? '[]')).data ?? []
  } catch {
    return [] // somebody else wrote there
  }
}

export const savedComparisons = new SavedComparisons()
