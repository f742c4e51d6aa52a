// A workspace: one folder with one database, one writer.
// Owns: opening, locking, bringing up to date, tidying after a crash, closing. Not: any table (one file each beside this one).
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AppError, errors } from '../contract/errors.ts'
import { Activations } from './activations.ts'
import { ActivationShards } from './activationShards.ts'
import { Comparisons } from './comparisons.ts'
import { Connection } from './connection.ts'
import { DataSets } from './dataSets.ts'
import { Episodes } from './episodes.ts'
import { makeFolder } from './folder.ts'
import { Forks } from './forks.ts'
import { HandLabels } from './handLabels.ts'
import { InterventionTotals } from './interventionTotals.ts'
import { migrate, requireNewest } from './migrate.ts'
import { Models } from './models.ts'
import { Probes } from './probes.ts'
import { Runs } from './runs.ts'
import { StepFactsReader } from './stepFacts.ts'
import { translating } from './storeErrors.ts'
import { Searches } from './searches.ts'
import { Steps } from './steps.ts'
import { StepTotals } from './stepTotals.ts'
import { Studies } from './studies.ts'
import { Sweeps } from './sweeps.ts'
import { Vectors } from './vectors.ts'
import { WriterLock } from './writerLock.ts'

export interface WorkspaceOptions {
  /** Beside a writer, or where nothing may be written. */
  readOnly?: boolean
  /** The clock behind a run's times. */
  now?: () => Date
  /** Activation files are closed before they hold more than this, a single step's excepted. */
  shardBytes?: number
}

const SHARD_BYTES = 256 * 2 ** 20

export class Workspace {
  readonly folder: string
  readonly models: Models
  readonly runs: Runs
  readonly episodes: Episodes
  readonly steps: Steps
  readonly activations: Activations
  readonly stepFacts: StepFactsReader
  readonly handLabels: HandLabels
  readonly dataSets: DataSets
  readonly probes: Probes
  readonly vectors: Vectors
  readonly sweeps: Sweeps
  readonly studies: Studies
  readonly forks: Forks
  readonly searches: Searches
  readonly comparisons: Comparisons
  /** For this room's tests and benchmarks: no other room speaks SQL. */
  readonly connection: Connection
  private readonly shards: ActivationShards
  private readonly lock: WriterLock | null
  private isOpen = true

  private constructor(
    folder: string,
    connection: Connection,
    lock: WriterLock | null,
    { now = () => new Date(), shardBytes = SHARD_BYTES }: WorkspaceOptions,
  ) {
    this.folder = folder
    this.connection = connection
    this.lock = lock
    this.models = new Models(connection)
    this.shards = new ActivationShards(connection, folder, shardBytes)
    this.activations = new Activations(connection, this.shards)
    const totals = new StepTotals(connection)
    const interventions = new InterventionTotals(connection)
    this.episodes = new Episodes(connection, totals)
    const { shards, activations, episodes } = this
    this.steps = new Steps(connection, { episodes, totals, interventions, activations, shards })
    const isOrphaned = lock === null && !WriterLock.isHeld(folder)
    this.runs = new Runs(connection, { totals, interventions, shards, now, isOrphaned })
    this.stepFacts = new StepFactsReader(connection)
    this.handLabels = new HandLabels(connection)
    this.dataSets = new DataSets(connection, now)
    this.probes = new Probes(connection, { now, isOrphaned })
    this.vectors = new Vectors(connection, now)
    this.sweeps = new Sweeps(connection, now)
    this.studies = new Studies(connection, { now, isOrphaned })
    this.searches = new Searches(connection)
    this.comparisons = new Comparisons(connection, now)
    this.forks = new Forks(connection, { runs: this.runs, episodes, steps: this.steps, activations })
  }

  /**
   * Opens a workspace; for writing it is created where there is none, brought to the newest schema and tidied: runs that
   * a dead process left running become `interrupted`, half-written activations are cut off.
   * @throws workspace_locked, workspace_newer, workspace_older, workspace_missing, workspace_unwritable,
   * workspace_damaged, disk_full, runtime_too_old
   */
  static open(path: string, options: WorkspaceOptions = {}): Workspace {
    const folder = resolve(path)
    return options.readOnly
      ? Workspace.openReadOnly(folder, options)
      : Workspace.openWritable(folder, options)
  }

  private static openWritable(folder: string, options: WorkspaceOptions): Workspace {
    translating(folder, () => makeFolder(folder))
    const lock = WriterLock.take(folder)
    let connection: Connection | undefined
    try {
      connection = Connection.openWritable(databaseOf(folder))
      migrate(connection)
      const workspace = new Workspace(folder, connection, lock, options)
      workspace.runs.interruptRunning()
      workspace.probes.interruptRunning()
      workspace.studies.interruptRunning()
      workspace.shards.recover()
      return workspace
    } catch (error) {
      connection?.close()
      lock.release()
      throw error
    }
  }

  private static openReadOnly(folder: string, options: WorkspaceOptions): Workspace {
    const path = databaseOf(folder)
    if (!existsSync(path)) throw errors.workspaceMissing({ path: folder })
    const connection = Connection.openReadOnly(path)
    try {
      requireNewest(connection)
      return new Workspace(folder, connection, null, options)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Seals activation files, folds the log into the database and lets another process write. Safe to call twice. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    try {
      this.shards.sealAll()
    } catch (error) {
      if (!(error instanceof AppError)) throw error // what cannot be sealed now is sealed at the next opening
    } finally {
      this.connection.close()
      this.lock?.release()
    }
  }
}

const databaseOf = (folder: string): string => join(folder, 'innerview.db')
