// The sweep that is shown: its verdict once there is one, and upstream's tables where they are asked for.
// Owns: when each is read. Not: the list of sweeps (workspace.svelte.ts), drawing (SweepPage.svelte).
import type { AppError } from '../../main/contract/errors.ts'
import type { VerdictDocument } from '../../main/contract/steering.ts'
import type { SweepRecord, SweepSummary } from '../../main/contract/sweeps.ts'
import type { SweepTables } from '../../main/contract/sweepTables.ts'

type GetSweep = (id: string, signal: AbortSignal) => Promise<SweepRecord>
type GetTables = (id: string, cell: string | null, signal: AbortSignal) => Promise<SweepTables>

/** One answer at a time: what is asked for again drops what was asked for before. */
class Latest<T> {
  value = $state.raw<T | null>(null)
  problem = $state.raw<AppError | null>(null)
  #key = ''
  #asked: AbortController | null = null

  /** @param key  of what is asked; the same again is not asked twice. Empty for nothing. */
  ask(key: string, get: (signal: AbortSignal) => Promise<T>, isKept = false): void {
    if (key === this.#key && this.problem === null) return
    this.#asked?.abort()
    this.#key = key
    this.problem = null
    if (!isKept || key === '') this.value = null
    if (key !== '') void this.#load(get)
  }

  async #load(get: (signal: AbortSignal) => Promise<T>): Promise<void> {
    const controller = new AbortController()
    this.#asked = controller
    try {
      const value = await get(controller.signal)
      if (!controller.signal.aborted) this.value = value
    } catch (error) {
      // The call is client.ts's, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    }
  }
}

const versions = new WeakMap<object, string>()
let told = 0

/**
 * Changes with the verdict. Its sentence is rounded, so that another verdict may read the same; but whenever the engine tells
 * of a sweep, that is a new object.
 */
export function versionOf(overall: SweepSummary['overall']): string {
  if (overall === null) return ''
  const known = versions.get(overall) ?? String(++told)
  versions.set(overall, known)
  return known
}

export class ShownSweep {
  #verdict = new Latest<VerdictDocument | null>()
  #tables = new Latest<SweepTables>()
  #get: GetSweep
  #getTables: GetTables
  #id: string | null = null

  constructor(get: GetSweep, getTables: GetTables) {
    this.#get = get
    this.#getTables = getTables
  }

  get verdict(): VerdictDocument | null {
    return this.#verdict.value
  }
  get tables(): SweepTables | null {
    return this.#tables.value
  }
  get problem(): AppError | null {
    return this.#verdict.problem
  }
  get tablesProblem(): AppError | null {
    return this.#tables.problem
  }

  /**
   * Reads the verdict of a sweep that has one.
   * @param version  changes with the verdict: it is read anew, and the old one stays until then
   */
  open(id: string | null, version: string): void {
    const isSame = id === this.#id
    this.#id = id
    const key = id === null || version === '' ? '' : `${id} ${version}`
    this.#verdict.ask(key, async (signal) => (await this.#get(id ?? '', signal)).verdict, isSame)
  }

  openTables(id: string | null, version: string, cell: string | null): void {
    const key = id === null || version === '' ? '' : `${id} ${version} ${cell ?? ''}`
    this.#tables.ask(key, (signal) => this.#getTables(id ?? '', cell, signal))
  }

  close(): void {
    this.open(null, '')
    this.openTables(null, '', null)
  }
}
