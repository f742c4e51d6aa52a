// Activations of an episode, step by step.
// Owns: looking them up, and the folder they are saved in: one safetensors file a step and trajectory.json. Not: catching them (trajectoryCapture.ts).
// Nothing in such a folder is ever run: numbers and JSON, both checked.
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { AxedTensor } from '../analysis/axedTensor.ts'
import { AppError, errors } from '../contract/errors.ts'
import { computeDtype, type ComputeDtype } from '../contract/models.ts'
import { parseJson, readText, writeFault } from '../model/fileReading.ts'
import { asWeight, readSafetensorsHeader, readWeight, writeSafetensors } from '../model/safetensors.ts'
import { rememberOrigin } from './tensorOrigins.ts'

/** What JSON can say; numbers are finite. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type StepMetadata = Record<string, Json>
export const stepMetadata: z.ZodType<StepMetadata> = z.record(z.string(), z.json())

export interface TrajectoryStep {
  promptIds: Int32Array
  /** Empty where the model was asked for no answer. */
  completionIds: Int32Array
  metadata: StepMetadata
  /** By hook point; S counts every position of prompt and answer. */
  tensors: ReadonlyMap<string, AxedTensor>
}

export interface TrajectoryModel {
  name: string
  /** SHA-256, hex: activations serve as sources of interventions on this model and no other. */
  modelHash: string
  tokenizerHash: string
  /** What computed them; left out in folders that were saved before it was kept. */
  computeDtype?: ComputeDtype
}

const ids = z.array(z.number().int().min(0))
const trajectoryFile = z.object({
  format: z.literal(1),
  modelName: z.string(),
  modelHash: z.string(),
  tokenizerHash: z.string(),
  computeDtype: computeDtype.optional(),
  steps: z.array(z.object({ promptIds: ids, completionIds: ids, metadata: stepMetadata })),
})

const jsonName = 'trajectory.json'
const stepName = (step: number): string => `step-${String(step).padStart(4, '0')}.safetensors`

export class Trajectory {
  readonly model: TrajectoryModel
  readonly steps: readonly TrajectoryStep[]

  constructor(model: TrajectoryModel, steps: readonly TrajectoryStep[]) {
    this.model = model
    this.steps = steps
    const origin = {
      modelHash: () => Promise.resolve(model.modelHash),
      tokenizerHash: () => Promise.resolve(model.tokenizerHash),
      ...(model.computeDtype && { dtype: model.computeDtype }),
    }
    for (const { tensors } of steps) for (const { data } of tensors.values()) rememberOrigin(data, origin)
  }

  /** How many steps it has. */
  get length(): number {
    return this.steps.length
  }

  /** @throws step_not_in_trajectory */
  step(step: number): TrajectoryStep {
    const found = this.steps[step]
    if (!found) throw errors.stepNotInTrajectory({ step, steps: this.length })
    return found
  }

  /**
   * A hook point's values in one step, for prompt and answer, B = 1.
   * @throws step_not_in_trajectory, hook_not_cached
   */
  activation(step: number, hook: string): AxedTensor {
    const { tensors } = this.step(step)
    const tensor = tensors.get(hook)
    if (!tensor) throw errors.hookNotCached({ hook, cached: tensors.size })
    return tensor
  }

  /** The same of every step; steps differ in S. @throws hook_not_cached */
  acrossTrajectory(hook: string): AxedTensor[] {
    return this.steps.map((_, step) => this.activation(step, hook))
  }

  /**
   * Writes the trajectory into a folder, which is made; it must hold nothing yet. trajectory.json comes last: a folder without it is
   * an unfinished one.
   * @throws file_unwritable, disk_full
   */
  async save(folder: string): Promise<void> {
    await prepareFolder(folder)
    const { name, modelHash, tokenizerHash, computeDtype: dtype } = this.model
    for (const [step, { tensors }] of this.steps.entries()) {
      const axes = JSON.stringify(
        Object.fromEntries([...tensors].map(([hook, tensor]) => [hook, tensor.axes])),
      )
      await writeSafetensors(
        join(folder, stepName(step)),
        [...tensors].map(([hook, { data, shape }]) => ({ name: hook, dtype: 'F32', shape, data })),
        {
          model: name,
          model_hash: modelHash,
          tokenizer_hash: tokenizerHash,
          ...(dtype && { compute_dtype: dtype }),
          axes,
        },
      )
    }
    const steps = this.steps.map(({ promptIds, completionIds, metadata }) => ({
      promptIds: [...promptIds],
      completionIds: [...completionIds],
      metadata,
    }))
    const content: z.infer<typeof trajectoryFile> = {
      format: 1,
      modelName: name,
      modelHash,
      tokenizerHash,
      ...(dtype && { computeDtype: dtype }),
      steps,
    }
    const path = join(folder, jsonName)
    try {
      await writeFile(`${path}.partial`, JSON.stringify(content, null, 1))
      await rename(`${path}.partial`, path)
    } catch (error) {
      throw writeFault(path, error)
    }
  }

  /**
   * Reads a folder that `save` wrote.
   * @throws trajectory_malformed
   */
  static async load(folder: string): Promise<Trajectory> {
    try {
      const path = join(folder, jsonName)
      const parsed = trajectoryFile.safeParse(parseJson(path, await readText(path)))
      if (!parsed.success) throw malformed(path, z.prettifyError(parsed.error).split('\n')[0])
      const { format: _, modelName: name, steps, ...made } = parsed.data
      const read = steps.map(async ({ promptIds, completionIds, metadata }, step) => ({
        promptIds: Int32Array.from(promptIds),
        completionIds: Int32Array.from(completionIds),
        metadata,
        tensors: await readTensors(join(folder, stepName(step))),
      }))
      return new Trajectory({ name, ...made }, await Promise.all(read))
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'trajectory_malformed') throw error
      throw malformed(folder, error.message, error)
    }
  }
}

const malformed = (path: string, reason: string, cause?: unknown): AppError =>
  errors.trajectoryMalformed({ path, reason }, cause)

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    if ((await readdir(folder)).length === 0) return
  } catch (error) {
    throw writeFault(folder, error)
  }
  throw errors.fileUnwritable({ path: folder, reason: 'the folder holds something already' })
}

const axesByHook = z.record(z.string(), z.string())

async function readTensors(path: string): Promise<Map<string, AxedTensor>> {
  const { tensors, metadata } = await readSafetensorsHeader(path)
  const axes = axesByHook.safeParse(metadata.axes ? parseJson(path, metadata.axes) : null)
  if (!axes.success) throw malformed(path, 'its metadata have no axes')
  const read = new Map<string, AxedTensor>()
  for (const [hook, entry] of tensors) {
    const weight = asWeight(path, entry)
    const letters = axes.data[hook]
    if (!weight || letters?.split(' ').length !== entry.shape.length)
      throw malformed(path, `“${hook.slice(0, 200)}” is no activation`)
    read.set(hook, { data: await readWeight(weight), shape: entry.shape, axes: letters })
  }
  return read
}
