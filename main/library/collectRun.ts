// A run of many episodes from a program, stored step by step like any other, with a rule of the program's own for what acts in each step.
// Owns: opening a workspace for it, following it, going on with it. Not: the run itself (jobs/runs.ts) or one episode unstored (episodes.ts).
import { AppError, errors } from '../contract/errors.ts'
import { collectSettings, type CollectInput, type RunRecord } from '../contract/runs.ts'
import type { EngineService } from '../jobs/engineService.ts'
import type { StepSituation } from '../jobs/playEpisode.ts'
import type { InterventionChooser } from '../jobs/runInterventions.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { checkSettings } from './settings.ts'
import { inWorkspace } from './workspaceEngine.ts'

/**
 * Names the interventions of one step: those of the run's list, by name or by place from 0. It knows all that is known before the step: the
 * environment's state, step number, messages, prompt, earlier prompts. What it says is stored with the step.
 */
export type ChooseStep = (situation: StepSituation, signal: AbortSignal) => Chosen | Promise<Chosen>

/** Undefined and null choose nothing. */
type Chosen = readonly (string | number)[] | void | undefined | null

export interface CollectRunOptions {
  /** A workspace's folder, made where there is none. Nobody else may write to it meanwhile. */
  workspace: string
  /** Which interventions act; those that name the step in `applyAtSteps` where left out. */
  chooser?: { name: string; choose: ChooseStep }
  /** For what is made of GGUF files, once; the usual one where left out. */
  cacheFolder?: string
  /** Pauses the run: `resumeRun` goes on with it. */
  signal?: AbortSignal
  /** Told how far it is, at most 20 times a second. */
  onProgress?: (run: RunRecord) => void
}

const collectRunOptions: OptionKinds<CollectRunOptions> = {
  workspace: 'text',
  chooser: 'any',
  cacheFolder: 'text',
  signal: 'signal',
  onProgress: 'function',
}
const chooserKinds: OptionKinds<NonNullable<CollectRunOptions['chooser']>> = {
  name: 'text',
  choose: 'function',
}

/** Settings of a run as docs/terminal.md and the form have them; `model` is an id of the workspace, a path, or `embedded`. */
export type CollectRunSettings = Omit<CollectInput, 'modelId'> & { model: string }

/**
 * Plays a run and stores it.
 * @returns the run as it is at its end, or paused where the signal was aborted
 * @throws invalid_input, the intervention_… errors, hook_unknown, workspace_…, model_…; and what made the run fail
 */
export async function collectRun(
  { model, ...settings }: CollectRunSettings,
  options: CollectRunOptions,
): Promise<RunRecord> {
  checkOptions('collectRun', options, collectRunOptions)
  return withEngine(options, async (engine, signal) => {
    const { id: modelId } = await engine.models.findOrAdd(model, () => {}, signal)
    const parsed = checkSettings(collectSettings, { ...settings, modelId })
    const names = parsed.interventions.map(({ name }) => name)
    return engine.runs.start(parsed, chooserOf(options, names))
  })
}

/**
 * Goes on with a run that was stopped, by whatever; it ends with the rows of one that was not. A run that began with a chooser wants one of the
 * same name, which must say the same in the same situation; of the steps that are stored it is not asked again.
 * @throws run_not_resumable, run_model_gone, run_differs, not_found, and as `collectRun`
 */
export async function resumeRun(id: string, options: CollectRunOptions): Promise<RunRecord> {
  checkOptions('resumeRun', options, collectRunOptions)
  return withEngine(options, async (engine) => {
    const names = engine.runs.get(id).settings.interventions.map(({ name }) => name)
    return engine.runs.resume(id, chooserOf(options, names))
  })
}

function chooserOf(
  { chooser }: CollectRunOptions,
  names: readonly (string | undefined)[],
): InterventionChooser | undefined {
  if (!chooser) return undefined
  const { name, choose } = checkOptions('a chooser', chooser, chooserKinds)
  const place = (chosen: string | number): number => {
    const index = typeof chosen === 'number' ? chosen : names.indexOf(chosen)
    if (Number.isInteger(index) && index >= 0 && index < names.length) return index
    throw errors.invalidInput({ field: `chooser ${name}`, reason: `the run has no intervention “${chosen}”` })
  }
  return {
    name,
    choose: async (situation, signal) => {
      const chosen = (await choose(situation, signal)) ?? []
      if (!Array.isArray(chosen))
        throw new TypeError(`chooser ${name} gives a list of names or places, not ${typeof chosen}`)
      return [...new Set(chosen.map(place))]
    },
  }
}

async function withEngine(
  { workspace, cacheFolder, signal, onProgress }: CollectRunOptions,
  begin: (engine: EngineService, signal: AbortSignal) => Promise<RunRecord>,
): Promise<RunRecord> {
  return inWorkspace({ workspace, cacheFolder, signal }, async (engine, stop) => {
    const watching = new AbortController()
    const { id } = await begin(engine, stop)
    const following = follow(engine, id, watching.signal, onProgress)
    const pause = (): void => {
      try {
        engine.runs.pause(id)
      } catch (error) {
        if (!(error instanceof AppError)) throw error // it had ended by itself
      }
    }
    stop.addEventListener('abort', pause, { once: true })
    if (stop.aborted) pause()
    const run = await engine.runs.ended(id).finally(() => {
      stop.removeEventListener('abort', pause)
      watching.abort()
    })
    await following
    if (run.error) throw new AppError(run.error)
    return run
  })
}

async function follow(
  engine: EngineService,
  id: string,
  signal: AbortSignal,
  onProgress: CollectRunOptions['onProgress'],
): Promise<void> {
  if (!onProgress) return
  for await (const event of engine.events(signal))
    if (event.kind === 'run' && event.run.id === id) onProgress(event.run)
}
