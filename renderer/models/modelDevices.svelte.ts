// What each model can be computed on.
// Owns: asking the engine, having a device checked, why that failed. Not: showing it (ModelDevices.svelte) or choosing one for a run (runs/).
import { SvelteMap } from 'svelte/reactivity'
import type { ComputeDevice, DeviceChoice } from '../../main/contract/devices.ts'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ComputeDtype, ModelRecord } from '../../main/contract/models.ts'
import { engine, type Engine } from '../client.ts'
import { tasks, type Tasks } from '../jobs/tasks.svelte.ts'

export const trialTitle = ({ name }: ModelRecord, device: ComputeDevice, dtype: ComputeDtype): string =>
  `Checking ${device} with ${name}${dtype === 'float32' ? '' : ` in ${dtype}`}`

type Calls = Pick<Engine['models'], 'devices' | 'checkDevice'>

export class ModelDevices {
  failure = $state.raw<{ modelId: string; error: ErrorReport } | null>(null)
  /** By model and dtype. */
  readonly #choices = new SvelteMap<string, DeviceChoice[]>()
  readonly #models: Calls
  readonly #tasks: Tasks

  constructor(models: Calls = engine.models, work: Tasks = tasks) {
    this.#models = models
    this.#tasks = work
  }

  /** Empty before the engine has told. */
  of({ id }: Pick<ModelRecord, 'id'>, dtype: ComputeDtype): DeviceChoice[] {
    return this.#choices.get(`${id} ${dtype}`) ?? []
  }

  /** Asked once. */
  async want(model: Pick<ModelRecord, 'id'>, dtype: ComputeDtype): Promise<void> {
    if (!this.#choices.has(`${model.id} ${dtype}`)) await this.#ask(model, dtype)
  }

  async #ask({ id }: Pick<ModelRecord, 'id'>, dtype: ComputeDtype): Promise<void> {
    const key = `${id} ${dtype}`
    if (!this.#choices.has(key)) this.#choices.set(key, [])
    try {
      this.#choices.set(key, await this.#models.devices({ id, dtype }))
    } catch {
      this.#choices.delete(key) // the model may be gone; it is asked again when it is shown again
    }
  }

  async check(model: ModelRecord, dtype: ComputeDtype, device: ComputeDevice): Promise<void> {
    const title = trialTitle(model, device, dtype)
    if (device === 'cpu' || this.#tasks.list.some((task) => task.title === title)) return
    this.failure = null
    try {
      await this.#tasks.follow(title, (signal) =>
        this.#models.checkDevice({ path: model.id, dtype, device }, { signal }),
      )
    } catch (error) {
      this.failure = { modelId: model.id, error: reportOf(error) }
    }
    await this.#ask(model, dtype)
  }
}

export const modelDevices = new ModelDevices()
