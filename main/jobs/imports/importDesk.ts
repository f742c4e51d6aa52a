// Bringing other tools' episodes into the workspace.
// Owns: the order of files, one run for each condition, going on where an import was cut off. Not: formats (importSource.ts) or rows (importedRun.ts).
import { basename } from 'node:path'
import type { WorkProgress } from '../../contract/api.ts'
import { errors } from '../../contract/errors.ts'
import type { ImportInput } from '../../contract/imports.ts'
import type { ImportOrigin, RunRecord, RunStatus } from '../../contract/runs.ts'
import type { ImportedStep, SteeringResults } from '../../imports/aresFolder.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import { runOf, stepOf, type ImportedRun } from './importedRun.ts'
import { importSource, type ImportSource } from './importSource.ts'
import { ImportReader, type ImportTask, type ReadFile } from './importTasks.ts'

type FolderSource = Extract<ImportSource, { files: string[] }>
interface Work {
  tell: (progress: WorkProgress) => void
  signal: AbortSignal
}

const withoutText = ['the prompts’ and the answers’ text', 'tokens and their probabilities', 'the objects']

export class ImportDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub

  constructor(workspace: Workspace, hub: EventHub) {
    this.workspace = workspace
    this.hub = hub
  }

  /**
   * Reads a folder or a file into runs: one, or of steering results one for each condition. What was read of it before stays and is
   * not read again: an import that was cut off goes on.
   * @throws import_unreadable, import_refused, import_worker_lost, disk_full; the signal's reason, after which it can go on
   */
  async import(input: ImportInput, work: Work): Promise<RunRecord[]> {
    const source = await importSource(input.path)
    if (source.format === 'ares-steering') return this.conditions(source, source.results, input)
    return [await this.folder(source, input, work)]
  }

  private async folder(source: FolderSource, input: ImportInput, { tell, signal }: Work): Promise<RunRecord> {
    const reader = new ImportReader()
    try {
      const isTrajectory = source.format === 'ares-trajectory'
      const read = (path: string): Promise<ReadFile> => reader.read(taskOf(source, path), signal)
      const first = await read(source.files[0]) // before there is a run: what cannot be read leaves none
      const run = this.runFor({
        ...{ name: input.name, positions: input.positions, modelName: source.metadata.model_name },
        origin: originOf(source, [...withoutText, ...first.leftOut]),
        episodes: isTrajectory ? 1 : source.files.length,
        maxSteps:
          source.format === 'ares-collection'
            ? source.metadata.max_steps_per_episode
            : Math.max(1, source.files.length),
        hooks: first.steps
          .flatMap(({ hooks }) => hooks.map(({ hook }) => hook))
          .filter((hook, i, all) => all.indexOf(hook) === i),
      })
      return await this.filling(run, async () => {
        const steps: ImportedStep[] = []
        for (const [index, path] of source.files.entries()) {
          signal.throwIfAborted()
          tell({ label: `Reading ${basename(path)}`, fraction: index / source.files.length })
          if (!isTrajectory && this.isStored(run.id, index)) continue
          const file = index === 0 ? first : await read(path)
          if (isTrajectory) steps.push(...file.steps)
          else this.store(run, { episode: index, task: `episode ${file.episode ?? index}` }, file.steps)
        }
        if (isTrajectory) this.store(run, { episode: 0, task: 'trajectory' }, steps)
      })
    } finally {
      await reader.close()
    }
  }

  /** Text is there, activations are not. */
  private async conditions(
    source: ImportSource,
    results: SteeringResults,
    input: ImportInput,
  ): Promise<RunRecord[]> {
    const names = [...new Set(results.episodes.map(conditionName))]
    const runs: RunRecord[] = []
    for (const name of names) {
      const played = results.episodes.filter((each) => conditionName(each) === name)
      const run = this.runFor({
        name: `${input.name || results.model_name}, ${name}`.slice(0, 200),
        modelName: results.model_name,
        origin: originOf(source, ['activations', 'the prompts', 'tokens and their probabilities'], name),
        episodes: played.length,
        maxSteps: Math.max(...played.map(({ steps }) => steps.length)),
        hooks: [],
        positions: 'decision',
      })
      runs.push(
        await this.filling(run, () => {
          played.forEach(({ episode_idx: number, steps }, episode) => {
            const words = results.secret_words
            const task = (Array.isArray(words) ? words[number] : words[String(number)]) ?? `episode ${number}`
            const said = steps.map(({ oracle_answer, is_invalid }) => spoken(oracle_answer, is_invalid))
            const completions = steps.map(({ model_question }) => model_question)
            this.store(run, { episode, task }, said, completions)
          })
        }),
      )
    }
    return runs
  }

  /** The run that an import was cut off in, else a new one. */
  private runFor(imported: ImportedRun): RunRecord {
    const { runs } = this.workspace
    const isSame = ({ manifest, settings, status }: RunRecord): boolean =>
      manifest.imported?.hash === imported.origin.hash &&
      manifest.imported.part === imported.origin.part &&
      settings.capture.positions === imported.positions &&
      status !== 'done'
    const run = runs.list().find(isSame) ?? runs.create(runOf(imported))
    return this.standing(run.id, 'running')
  }

  /** Whatever ends it, the run says how it stands. */
  private async filling(run: RunRecord, fill: () => void | Promise<void>): Promise<RunRecord> {
    try {
      await fill()
    } catch (error) {
      this.standing(run.id, 'interrupted')
      throw error
    }
    return this.standing(run.id, 'done')
  }

  private standing(id: string, status: RunStatus): RunRecord {
    const run = this.workspace.runs.setStatus(id, status)
    this.hub.emit({ kind: 'run', run })
    return run
  }

  private isStored(runId: string, episode: number): boolean {
    const { episodes } = this.workspace
    return !episodes.notBegun(runId).includes(episode) && episodes.get(runId, episode).outcome !== 'running'
  }

  /** Steps that an import stored before it was cut off are passed over. */
  private store(
    run: RunRecord,
    { episode, task }: { episode: number; task: string },
    steps: readonly ImportedStep[],
    completions: readonly string[] = [],
  ): void {
    const { episodes, steps: rows } = this.workspace
    if (steps.length === 0) throw errors.importUnreadable({ path: task, reason: 'it has no steps' })
    if (episodes.notBegun(run.id).includes(episode)) episodes.begin(run.id, { episode, task, state: {} })
    const stored = episodes.get(run.id, episode).steps
    steps.forEach((said, step) => {
      if (step < stored) return
      const isLast = step === steps.length - 1
      const outcome = said.isWin ? 'win' : isLast ? 'limit' : 'running'
      const { positions } = run.settings.capture
      rows.append(
        stepOf({ run: run.id, episode, step }, said, { outcome, completion: completions[step], positions }),
      )
    })
  }
}

function taskOf(source: FolderSource, path: string): ImportTask {
  return source.format === 'ares-collection'
    ? { kind: 'episode', path, metadata: source.metadata }
    : { kind: 'trajectoryStep', path }
}

const originOf = ({ format, path, hash }: ImportSource, missing: string[], part = ''): ImportOrigin => ({
  format,
  path,
  hash,
  part,
  missing,
})

const conditionName = ({ alpha }: SteeringResults['episodes'][number]): string =>
  alpha === null ? 'baseline' : `α = ${alpha}`

function spoken(oracleAnswer: string, isInvalid: boolean): ImportedStep {
  const answer = oracleAnswer.replace(/^A:\s*/, '')
  const isWin = answer.includes('You guessed correctly')
  return { isInvalid, isWin, answer, prompt: 0, generated: 0, hooks: [] }
}
