// The key of an oracle's endpoint, and one request to see whether it answers.
// Owns: whether a key is stored, storing it, the last test. Not: the key itself, which only passes through.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import { isAddress } from '../shared/isAddress.ts'
import { engine, type Engine } from '../client.ts'

export interface EndpointTest {
  answer: string
  latencyMs: number
}

export class EndpointCheckController {
  hasKey = $state<boolean | null>(null)
  test = $state.raw<EndpointTest | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  isBusy = $state(false)
  #oracle: Engine['oracle']
  #asked = ''

  constructor(oracle: Engine['oracle'] = engine.oracle) {
    this.#oracle = oracle
  }

  /** Looks whether there is a key for this address; what is no address yet is left alone. */
  async look(baseUrl: string): Promise<void> {
    this.#asked = baseUrl
    this.test = null
    this.error = null
    this.hasKey = null
    if (!isAddress(baseUrl)) return
    try {
      const { stored } = await this.#oracle.hasKey({ baseUrl })
      if (this.#asked === baseUrl) this.hasKey = stored
    } catch (error) {
      if (this.#asked === baseUrl) this.error = reportOf(error)
    }
  }

  /** @param key  empty deletes it */
  store = (baseUrl: string, key: string): Promise<void> =>
    this.#do(async () => {
      await this.#oracle.setKey({ baseUrl, key: key.trim() })
      this.hasKey = key.trim() !== ''
    })

  run = (baseUrl: string, model: string, timeoutMs: number): Promise<void> =>
    this.#do(async () => {
      this.test = await this.#oracle.test({ baseUrl, model, timeoutMs })
    })

  async #do(call: () => Promise<void>): Promise<void> {
    this.isBusy = true
    this.error = null
    this.test = null
    try {
      await call()
    } catch (error) {
      this.error = reportOf(error)
    } finally {
      this.isBusy = false
    }
  }
}
