// A name for a run that was given none.
// Owns: what tells runs apart in a list: model, length, temperature, seed, dtype and device that are not the usual ones. Not: names that people give.
import type { CollectSettings } from '../contract/runs.ts'

const worlds = { twenty_questions: '', number_hunt: 'number hunt, ' }

/** For instance `SmolLM2-135M-Instruct, 30 × 20, T 1, seed 0, int8`: episodes × steps at most. */
export function defaultRunName(settings: CollectSettings, modelName: string): string {
  const { environment, sampling, episodes, seed, computeDtype, device } = settings
  const size = `${episodes} × ${environment.maxSteps}`
  const dtype = computeDtype === 'float32' ? '' : `, ${computeDtype}`
  const on = device === 'cpu' ? '' : `, ${device}`
  return `${modelName}, ${worlds[environment.name]}${size}, T ${sampling.temperature}, seed ${seed}${dtype}${on}`
}
