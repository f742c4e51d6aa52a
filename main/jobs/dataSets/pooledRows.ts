// Vectors of chosen steps, from whatever is stored of them.
// Owns: what is there, what is missing, and putting points together to rows. Not: the formulae (analysis/poolings.ts) or replaying (replay.ts).
import {
  pointOfPositions,
  pointsOfPooling,
  poolingWeights,
  type PoolingChoice,
  type StepPoint,
} from '../../analysis/poolings.ts'
import type { StepKey } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type { Workspace } from '../../store/workspace.ts'

/** A step with the sizes that poolings need. */
export interface SizedStep {
  key: StepKey
  /** Tokens */
  prompt: number
  generated: number
}

/** One number for a step of a run. */
const placeOf = ({ episode, step }: { episode: number; step: number }): number => episode * 2 ** 20 + step

/** Which vectors of which steps a workspace has now. */
export class StoredVectors {
  private readonly workspace: Workspace
  private readonly points = new Map<string, { places: Set<number>; width: number }>()

  constructor(workspace: Workspace) {
    this.workspace = workspace
  }

  has(key: StepKey, hook: string, point: StepPoint): boolean {
    const place = placeOf(key)
    return (
      this.of(key.runId, hook, point).places.has(place) || this.of(key.runId, hook, null).places.has(place)
    )
  }

  /** Of the hook point in a run; 0 where nothing is stored. */
  width(runId: string, hook: string, point: StepPoint): number {
    return this.of(runId, hook, point).width || this.of(runId, hook, null).width
  }

  /** @param point  null for all positions */
  private of(runId: string, hook: string, point: StepPoint | null): { places: Set<number>; width: number } {
    const name = `${runId} ${hook} ${point}`
    const known = this.points.get(name)
    if (known) return known
    const { activations } = this.workspace
    const found = { places: new Set<number>(), width: 0 }
    if (point === null) {
      const { keys, width } = activations.wholeSteps({ runId, hook })
      found.width = width
      for (const key of keys) found.places.add(placeOf(key))
    } else {
      const { episode, step, width } = activations.steps({ runId, hook, at: point })
      found.width = width
      episode.forEach((each, i) => found.places.add(placeOf({ episode: each, step: step[i] })))
    }
    this.points.set(name, found)
    return found
  }
}

/** Points that the step's vector of the pooling really needs. */
function neededPoints(step: SizedStep, choice: PoolingChoice): StepPoint[] {
  const weights = poolingWeights(choice, step) ?? []
  return pointsOfPooling(choice).filter((_, index) => weights[index] !== 0)
}

/** True where everything that the step's vector is made of is stored. */
export const isStored = (
  stored: StoredVectors,
  step: SizedStep,
  hook: string,
  choice: PoolingChoice,
): boolean => neededPoints(step, choice).every((point) => stored.has(step.key, hook, point))

/**
 * One vector a step.
 * @returns N×D, row-major
 * @throws not_captured for a step of which something is missing, data_set_widths_differ, workspace_damaged; TypeError for no steps
 */
export function readRows(
  workspace: Workspace,
  steps: readonly SizedStep[],
  hook: string,
  choice: PoolingChoice,
): { data: Float32Array; width: number } {
  let rows: Float32Array | null = null
  let width = 0
  for (const point of pointsOfPooling(choice)) {
    const read = pointReader(workspace, hook, point)
    const place = pointsOfPooling(choice).indexOf(point)
    steps.forEach((step, row) => {
      const weight = poolingWeights(choice, step)![place]
      if (weight === 0) return
      const vector = read(step)
      if (rows === null) {
        width = vector.length
        rows = new Float32Array(steps.length * width)
      }
      if (vector.length !== width) throw errors.dataSetWidthsDiffer({ hook, widths: [width, vector.length] })
      const at = row * width
      if (weight === 1) rows.set(vector, at)
      else for (let column = 0; column < width; column++) rows[at + column] += weight * vector[column]
    })
  }
  if (rows === null) throw new TypeError('there are no steps to read')
  return { data: rows, width }
}

/** Reads a point of any step; a run's points are read at once, when the first of its steps is asked for. */
function pointReader(
  workspace: Workspace,
  hook: string,
  point: StepPoint,
): (step: SizedStep) => Float32Array {
  const { activations } = workspace
  const runs = new Map<string, { data: Float32Array; width: number; rows: Map<number, number> }>()
  const runOf = (runId: string) => {
    const known = runs.get(runId)
    if (known) return known
    const { data, shape, keys } = activations.matrix({ runId, hook, at: point })
    const run = { data, width: shape[1], rows: new Map(keys.map((key, row) => [placeOf(key), row])) }
    runs.set(runId, run)
    return run
  }
  return ({ key, prompt }) => {
    const { data, width, rows } = runOf(key.runId)
    const row = rows.get(placeOf(key))
    if (row !== undefined) return data.subarray(row * width, (row + 1) * width)
    const whole = activations.positions({ ...key, hook })
    const found = pointOfPositions(point, whole.data, { prompt, width: whole.shape[1] })
    if (!found) throw errors.notCaptured({ ...key, hook, what: point })
    return found
  }
}
