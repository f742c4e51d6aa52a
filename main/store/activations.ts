// What was captured at a step: the decision points in the database, all positions in shards.
// Owns: writing them with a step, reading one, reading one over all steps of a run. Not: what is done with them.
import type { StepPoint } from '../analysis/poolings.ts'
import { errors } from '../contract/errors.ts'
import type { ActivationShards, Segment, StagedSegments } from './activationShards.ts'
import { bytesPerValue, decodeActivation, encodeActivation, type ActivationDtype } from './blobs.ts'
import { activationDtype, readValue, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import type { StepKey } from './stepKey.ts'

/** The four decision points of a step. Means leave out position 0, the attention sink. A replay may add further points. */
export const decisionPoints = ['lastPrompt', 'firstGenerated', 'meanPrompt', 'meanGenerated'] as const
export type DecisionPoint = (typeof decisionPoints)[number]

/** One hook point's activations in one step, as inference hands them over. D is the hook point's width. */
export interface CapturedActivations {
  hook: string
  width: number
  lastPrompt: Float32Array
  /** null for an answer of which no token was run through the model. */
  firstGenerated: Float32Array | null
  /** null for a prompt of one token. */
  meanPrompt: Float32Array | null
  /** null where firstGenerated is. */
  meanGenerated: Float32Array | null
  /** Positions from `firstPosition` on, [prompt + generated − firstPosition, D]; those before are the step before's. */
  all?: { firstPosition: number; data: Float32Array }
}

/** Which activations of which step. */
export interface ActivationAddress {
  runId: string
  episode: number
  step: number
  hook: string
}

/** D values: [D] */
export interface ActivationVector {
  data: Float32Array
  shape: [number]
  axes: 'D'
}

/** [S, D], row-major */
export interface ActivationPositions {
  data: Float32Array
  shape: [number, number]
  axes: 'S D'
}

/** One row for each step that has it, ordered by episode, then step. */
export interface ActivationMatrix {
  data: Float32Array
  shape: [number, number]
  axes: 'N D'
  /** N */
  keys: { episode: number; step: number }[]
}

/** Steps that have a hook point at a decision point, ordered by episode, then step; N each. */
export interface CapturedSteps {
  episode: Int32Array
  step: Int32Array
  /** 1 where the step was invalid. */
  isInvalid: Int32Array
  /** D; 0 where N is 0. */
  width: number
}

interface KeyRow {
  episode: number
  step: number
  isInvalid: number
  dtype: string
  bytes: number
}

/** One vector that was not captured when its step was played. */
export interface ReplayedVector {
  hook: string
  point: StepPoint
  /** D values */
  data: Float32Array
}

interface DataRow {
  dtype: string
  data: Uint8Array
}

export class Activations {
  private readonly connection: Connection
  private readonly shards: ActivationShards
  private readonly insertPoint: Statement<Value[], unknown>
  private readonly insertMissing: Statement<Value[], unknown>
  private readonly selectDtype: Statement<[number, number, number], { dtype: string }>
  private readonly selectHooks: Statement<number[], { hook: string }>
  private readonly selectPoint: Statement<[number, number, number, string, string], DataRow>
  private readonly selectPointNames: Statement<[number, number, number, string], { point: string }>
  private readonly countPoints: Statement<[string, string, number], { n: number; bytes: number | null }>
  private readonly selectKeys: Statement<[string, string, number], KeyRow>
  private readonly selectPoints: Statement<
    [string, string, number],
    DataRow & { episode: number; step: number }
  >

  constructor(connection: Connection, shards: ActivationShards) {
    this.connection = connection
    this.shards = shards
    const columns = '(run, episode, step, hook, point, dtype, data) VALUES (?, ?, ?, ?, ?, ?, ?)'
    this.insertPoint = connection.prepare(`INSERT INTO activations ${columns}`)
    this.insertMissing = connection.prepare(`INSERT OR IGNORE INTO activations ${columns}`)
    this.selectDtype = connection.prepare(
      `SELECT settings ->> '$.capture.dtype' AS dtype FROM steps JOIN runs USING (run)
       WHERE run = ? AND episode = ? AND step = ?`,
    )
    this.selectHooks = connection.prepare(
      `SELECT DISTINCT hook FROM activations WHERE (run, episode, step) = (?, ?, ?)
       UNION SELECT hook FROM segments WHERE (run, episode, step) = (?, ?, ?) ORDER BY hook`,
    )
    this.selectPoint = connection.prepare(
      `SELECT dtype, data FROM activations
       WHERE run = ? AND episode = ? AND step = ? AND hook = ? AND point = ?`,
    )
    this.selectPointNames = connection.prepare(
      'SELECT point FROM activations WHERE run = ? AND episode = ? AND step = ? AND hook = ?',
    )
    // From the steps, so that each row is one look-up in the index and other hook points are not passed over.
    const points = `FROM steps JOIN activations AS a
      ON a.run = steps.run AND a.episode = steps.episode AND a.step = steps.step AND a.hook = ? AND a.point = ?
      WHERE steps.run = ?`
    this.countPoints = connection.prepare(
      `SELECT count(*) AS n, max(length(a.data) * iif(a.dtype = 'float16', 2, 1)) AS bytes ${points}`,
    )
    this.selectKeys = connection.prepare(
      `SELECT a.episode, a.step, steps.is_invalid AS isInvalid, a.dtype, length(a.data) AS bytes ${points}
       ORDER BY steps.episode, steps.step`,
    )
    this.selectPoints = connection.prepare(
      `SELECT a.episode, a.step, a.dtype, a.data ${points} ORDER BY steps.episode, steps.step`,
    )
  }

  /** Activations at one point. @throws not_captured */
  get(address: ActivationAddress & { at: StepPoint }): ActivationVector {
    const { run, episode, step } = keyOf(address)
    const row = this.selectPoint.get(run, episode, step, address.hook, address.at)
    if (!row) throw missing(address, address.at)
    const dtype = this.dtypeOf(row)
    const width = row.data.byteLength / bytesPerValue(dtype)
    const data = new Float32Array(width)
    decodeActivation(row.data, dtype, data, 0)
    return { data, shape: [width], axes: 'D' }
  }

  /**
   * Every prompt and generated position of a step, S = prompt + generated.
   * @throws not_captured when the run captured decision points only, workspace_damaged
   */
  positions(address: ActivationAddress): ActivationPositions {
    const read = this.shards.read(keyOf(address), address.hook)
    if (!read) throw missing(address, 'all positions')
    return { data: read.data, shape: [read.data.length / read.width, read.width], axes: 'S D' }
  }

  /** One point over all steps of a run; N is 0 where nothing was captured. */
  matrix(which: { runId: string; hook: string; at: StepPoint }): ActivationMatrix {
    const parameters: [string, string, number] = [which.hook, which.at, runNumber(which.runId)]
    return this.connection.snapshot(() => {
      const { n, bytes } = this.countPoints.get(...parameters)!
      const width = (bytes ?? 0) / 4
      const data = new Float32Array(n * width)
      const keys: ActivationMatrix['keys'] = []
      for (const row of this.selectPoints.iterate(...parameters)) {
        const dtype = this.dtypeOf(row)
        if (row.data.byteLength !== width * bytesPerValue(dtype))
          throw this.damaged(`activations of ${which.hook} differ in width`)
        decodeActivation(row.data, dtype, data, keys.length * width)
        keys.push({ episode: row.episode, step: row.step })
      }
      return { data, shape: [n, width], axes: 'N D', keys }
    })
  }

  /**
   * Which rows `matrix` would have, without their values: for a run whose matrix is larger than memory. Steps stored
   * later are not among them.
   */
  steps(which: { runId: string; hook: string; at: StepPoint }): CapturedSteps {
    const rows = this.selectKeys.all(which.hook, which.at, runNumber(which.runId))
    const widths = rows.map((row) => row.bytes / bytesPerValue(this.dtypeOf(row)))
    if (widths.some((width) => width !== widths[0]))
      throw this.damaged(`activations of ${which.hook} differ in width`)
    return {
      episode: Int32Array.from(rows, (row) => row.episode),
      step: Int32Array.from(rows, (row) => row.step),
      isInvalid: Int32Array.from(rows, (row) => row.isInvalid),
      width: widths[0] ?? 0,
    }
  }

  /** Steps of which every position is stored, ordered by episode, then step; D is 0 where there are none. */
  wholeSteps(which: { runId: string; hook: string }): { keys: ActivationMatrix['keys']; width: number } {
    const rows = this.shards.steps(runNumber(which.runId), which.hook)
    return { keys: rows.map(({ episode, step }) => ({ episode, step })), width: rows[0]?.width ?? 0 }
  }

  /** Points of a step at which a hook point is stored. */
  pointsOf(address: ActivationAddress): Set<string> {
    const { run, episode, step } = keyOf(address)
    return new Set(this.selectPointNames.all(run, episode, step, address.hook).map(({ point }) => point))
  }

  /** Whether every position of a step is stored. */
  hasPositions(address: ActivationAddress): boolean {
    return this.shards.has(keyOf(address), address.hook)
  }

  /** Hook points of which a step has something, whether it was captured or replayed. */
  hooksOf({ runId, episode, step }: Omit<ActivationAddress, 'hook'>): string[] {
    const key = [runNumber(runId), episode, step] as const
    return this.selectHooks.all(...key, ...key).map(({ hook }) => hook)
  }

  /**
   * Adds what a replay found of one step: all of it or nothing, on the disk when this returns. What is there already stays.
   * @throws not_found for a step that is not stored, disk_full
   */
  addReplayed(of: Omit<ActivationAddress, 'hook'>, found: readonly ReplayedVector[]): void {
    const { run, episode, step } = keyOf({ ...of, hook: '' })
    this.connection.transaction(() => {
      const row = this.selectDtype.get(run, episode, step)
      if (!row) throw errors.notFound({ kind: 'step', id: `${of.runId} ${episode} ${step}` })
      const dtype = this.dtypeOf(row)
      for (const { hook, point, data } of found)
        this.insertMissing.run(run, episode, step, hook, point, dtype, encodeActivation(data, dtype))
    })
  }

  /** Puts positions on the disk, before the step's transaction; null where there are none. */
  stage(
    key: StepKey,
    captures: readonly CapturedActivations[],
    dtype: ActivationDtype,
  ): StagedSegments | null {
    const segments = captures.flatMap(({ hook, width, all }): Segment[] =>
      all ? [{ hook, width, ...all }] : [],
    )
    return segments.length > 0 ? this.shards.stage(key, segments, dtype) : null
  }

  /** Writes the decision points, inside the step's transaction. */
  record(
    { run, episode, step }: StepKey,
    captures: readonly CapturedActivations[],
    dtype: ActivationDtype,
  ): void {
    for (const capture of captures)
      for (const point of decisionPoints) {
        const values = capture[point]
        if (values === null) continue
        const data = encodeActivation(values, dtype)
        this.insertPoint.run(run, episode, step, capture.hook, point, dtype, data)
      }
  }

  private dtypeOf(row: { dtype: string }): ActivationDtype {
    return readValue(activationDtype, row.dtype, { path: this.connection.path, column: 'activations.dtype' })
  }

  private damaged(reason: string): Error {
    return errors.workspaceDamaged({ path: this.connection.path, reason })
  }
}

const keyOf = ({ runId, episode, step }: ActivationAddress): StepKey => ({
  run: runNumber(runId),
  episode,
  step,
})

const missing = ({ runId, episode, step, hook }: ActivationAddress, what: string): Error =>
  errors.notCaptured({ runId, episode, step, hook, what })
