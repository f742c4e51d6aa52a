// Steering sweeps from a program: all conditions played together, stored and judged as in the window.
// Owns: following a sweep, pausing it, going on with it. Not: the sweep (jobs/steering/) or verdicts on a program's own episodes (steering.ts).
import * as z from 'zod'
import { AppError, errors } from '../contract/errors.ts'
import {
  sweepChanges,
  sweepSettings,
  usualInstruction,
  type SweepInput,
  type SweepRecord,
  type SweepSummary,
} from '../contract/sweeps.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { checkSettings } from './settings.ts'
import { inWorkspace } from './workspaceEngine.ts'
import { workspaceOptions, type WorkspaceOptions } from './workspaceOptions.ts'

/**
 * Settings of a sweep as docs/terminal.md has them; `model` is an id of the workspace, a path, or `embedded`. `controls.prompt: true` takes the
 * usual words.
 */
export type RunSweepSettings = Omit<SweepInput, 'modelId' | 'controls'> & {
  model: string
  controls?: Omit<NonNullable<SweepInput['controls']>, 'prompt'> & { prompt?: string | true }
}

export interface RunSweepOptions extends WorkspaceOptions {
  /** Pauses the sweep: `resumeSweep` goes on with it. */
  signal?: AbortSignal
  /** Told how far it is, at most 20 times a second. */
  onProgress?: (sweep: SweepSummary) => void
  /** Told, before anything is played, what should be known of the settings: a vector that steers what it was made from, say. `console.warn` where left out. */
  onWarning?: (warning: string) => void
}

const runSweepOptions: OptionKinds<RunSweepOptions> = {
  ...workspaceOptions,
  onProgress: 'function',
  onWarning: 'function',
}

/**
 * Plays a sweep, stores its conditions as runs and judges it.
 * @returns the sweep with its verdict; without one where the signal was aborted
 * @throws invalid_input, not_found, vector_lacks, the intervention_… errors, workspace_…, model_…; and what kept it from being judged
 */
export async function runSweep(
  { model, ...settings }: RunSweepSettings,
  options: RunSweepOptions,
): Promise<SweepRecord> {
  const { controls, ...rest } = settings
  const told = controls?.prompt === true ? { ...controls, prompt: instructionOf(settings) } : controls
  const warn = options.onWarning ?? ((warning: string) => console.warn(warning))
  return followed('runSweep', options, async (engine, signal) => {
    const { id: modelId } = await engine.models.findOrAdd(model, () => {}, signal)
    const asked = checkSettings(sweepSettings, { ...rest, ...(told && { controls: told }), modelId })
    for (const warning of engine.sweeps.warnings(asked)) warn(warning)
    return engine.sweeps.start(asked)
  })
}

/** @throws invalid_input where no words are usual */
function instructionOf({ outcome, verdict }: Omit<RunSweepSettings, 'model'>): string {
  const { outcome: rule } = checkSettings(z.object({ outcome: sweepSettings.shape.outcome }), { outcome })
  const usual = usualInstruction(rule, verdict?.wanted ?? 'down')
  if (usual !== null) return usual
  throw errors.invalidInput({
    field: 'controls.prompt',
    reason: 'there are usual words for fewer invalid questions only; give your own',
  })
}

/**
 * Goes on with a sweep that was stopped, by whatever, to the verdict of one that was not; one that is done is judged anew.
 * @throws not_found, run_model_gone, run_differs, and as `runSweep`
 */
export async function resumeSweep(id: string, options: RunSweepOptions): Promise<SweepRecord> {
  return followed('resumeSweep', options, (engine) => engine.sweeps.resume(id))
}

/**
 * Adds vectors, doses, layers, places, a gate or controls to a sweep that rests; what it has is not played again.
 * @throws not_found, run_busy, and as `runSweep`
 */
export async function extendSweep(
  id: string,
  changes: z.input<typeof sweepChanges>,
  options: RunSweepOptions,
): Promise<SweepRecord> {
  const asked = checkSettings(sweepChanges, changes)
  return followed('extendSweep', options, (engine) => engine.sweeps.extend(id, asked))
}

async function followed(
  where: string,
  options: RunSweepOptions,
  begin: (engine: EngineService, signal: AbortSignal) => Promise<SweepSummary>,
): Promise<SweepRecord> {
  const { onProgress, onWarning: _, ...place } = checkOptions(where, options, runSweepOptions)
  return inWorkspace(place, async (engine, signal) => {
    const { id } = await begin(engine, signal)
    const watching = new AbortController()
    const following = follow(engine, id, onProgress, watching.signal)
    const pause = (): void => {
      // It may have ended a moment ago.
      if (engine.sweeps.active().some((sweep) => sweep.id === id)) engine.sweeps.pause(id)
    }
    signal.addEventListener('abort', pause, { once: true })
    if (signal.aborted) pause()
    const sweep = await engine.sweeps.ended(id).finally(() => {
      signal.removeEventListener('abort', pause)
      watching.abort()
    })
    await following
    if (sweep.error) throw new AppError(sweep.error)
    const failed = sweep.conditions
      .map(({ runId }) => engine.runs.get(runId).error)
      .find((error) => error !== null)
    if (sweep.status === 'failed' && failed) throw new AppError(failed)
    return sweep
  })
}

async function follow(
  engine: EngineService,
  id: string,
  onProgress: RunSweepOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  if (!onProgress) return
  for await (const event of engine.events(signal)) {
    const isOwn =
      (event.kind === 'sweep' && event.sweep.id === id) ||
      (event.kind === 'run' && event.run.sweep?.id === id)
    if (isOwn) onProgress(engine.sweeps.get(id))
  }
}
