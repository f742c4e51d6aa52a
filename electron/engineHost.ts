// Keeps an engine running for the page. Owns: starting it again after a crash or for another workspace, and giving the page
// a new port each time. Not: the process itself (engineProcess.ts).
import type { WebContents } from 'electron'
import { channels, type EngineStatus } from '../main/contract/desktop.ts'
import { startEngine, type EngineProcess } from './engineProcess.ts'

/** After this many deaths within a minute it stays down until the page asks again. */
const mostDeaths = 5
const deathWindowMs = 60_000
const firstWaitMs = 250

export interface EngineHostOptions {
  entry: string
  nodePath: string | undefined
  environment(): Record<string, string | undefined>
}

export class EngineHost {
  #options: EngineHostOptions
  #engine: EngineProcess | null = null
  #page: WebContents | null = null
  #deaths: number[] = []
  #timer: NodeJS.Timeout | undefined
  #isStopping = false

  constructor(options: EngineHostOptions) {
    this.#options = options
  }

  start(): void {
    this.#isStopping = false
    this.#tell('starting')
    const engine = startEngine({
      entry: this.#options.entry,
      nodePath: this.#options.nodePath,
      environment: this.#options.environment(),
      onExit: (code) => this.#ended(engine, code),
    })
    this.#engine = engine
    this.#givePort()
  }

  /** From now on this page gets a port, and another whenever the engine was started again. */
  connect(page: WebContents): void {
    if (this.#page !== page) {
      this.#page = page
      page.once('destroyed', () => {
        if (this.#page === page) this.#page = null
      })
    }
    if (this.#engine) this.#givePort()
    else if (!this.#timer && !this.#isStopping) {
      this.#deaths = []
      this.start()
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#engine?.stop()
  }

  async restart(): Promise<void> {
    this.#tell('restarting')
    await this.stop()
    this.start()
  }

  #givePort(): void {
    const page = this.#page
    if (!page || page.isDestroyed() || !this.#engine) return
    page.postMessage(channels.enginePort, null, [this.#engine.connect()])
    this.#tell('running')
  }

  #ended(engine: EngineProcess, code: number | null): void {
    if (this.#engine === engine) this.#engine = null
    if (this.#isStopping) return
    const now = Date.now()
    this.#deaths = [...this.#deaths.filter((time) => now - time < deathWindowMs), now]
    console.error(`[shell] The engine ended with code ${code}.`)
    if (this.#deaths.length > mostDeaths) return this.#tell('failed')
    this.#tell('restarting')
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.start()
    }, firstWaitMs * this.#deaths.length)
  }

  #tell(status: EngineStatus): void {
    if (this.#page && !this.#page.isDestroyed()) this.#page.send(channels.engineStatus, status)
  }
}
