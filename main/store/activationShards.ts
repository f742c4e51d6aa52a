// Activations of all positions of a step, in files beside the database.
// Owns: which tensors lie in which shard, their order with commits, recovery after a crash, joining a shared prefix.
// Not: the files' layout (shardFile.ts) or the decision points (activations.ts).
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, errors } from '../contract/errors.ts'
import { bytesPerValue, decodeActivation, encodeActivation, type ActivationDtype } from './blobs.ts'
import { activationDtype, readValue, runId, runNumber } from './columns.ts'
import type { Connection, Value } from './connection.ts'
import { readShard, ShardWriter, type ShardTensor } from './shardFile.ts'
import { stepName, type StepKey } from './stepKey.ts'
import { translating } from './storeErrors.ts'

/** Positions of one hook point in one step, from `firstPosition` on. */
export interface Segment {
  hook: string
  width: number
  firstPosition: number
  /** [positions, D], row-major */
  data: Float32Array
}

/** Tensors that the disk has and the database does not yet name. */
export interface StagedSegments {
  /** Names them; inside the step's transaction. */
  record(): void
  /** After the transaction: they count. */
  confirm(): void
  /** After a transaction that failed. */
  discard(): void
}

/** A segment as the database knows it. */
interface SegmentRow {
  episode: number
  step: number
  hook: string
  shard: number
  offset: number
  firstPosition: number
  positions: number
  width: number
  dtype: string
}

const SEGMENT = `SELECT episode, step, hook, shard, byte_offset AS offset, first_position AS firstPosition,
  positions, width, dtype FROM segments`

export class ActivationShards {
  /** Of this process: one for each run that is being written. */
  private readonly writers = new Map<number, { shard: number; writer: ShardWriter }>()
  private readonly connection: Connection
  private readonly folder: string
  private readonly shardBytes: number
  private readonly statements

  constructor(connection: Connection, workspaceFolder: string, shardBytes: number) {
    this.connection = connection
    this.shardBytes = shardBytes
    this.folder = join(workspaceFolder, 'activations')
    this.statements = {
      insertSegment: connection.prepare<Value[]>(
        `INSERT INTO segments (run, episode, step, hook, shard, byte_offset, first_position, positions, width, dtype)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      growShard: connection.prepare<[number, number, number]>(
        `INSERT INTO shards (run, shard, data_bytes) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET data_bytes = excluded.data_bytes`,
      ),
      nextShard: connection.prepare<[number], { shard: number }>(
        'SELECT coalesce(max(shard) + 1, 0) AS shard FROM shards WHERE run = ?',
      ),
      seal: connection.prepare<[string, number, number]>(
        'UPDATE shards SET sha256 = ? WHERE run = ? AND shard = ?',
      ),
      unsealed: connection.prepare<[], { run: number; shard: number }>(
        'SELECT run, shard FROM shards WHERE sha256 IS NULL',
      ),
      known: connection.prepare<[], { run: number; shard: number }>('SELECT run, shard FROM shards'),
      ofShard: connection.prepare<[number, number], SegmentRow>(
        `${SEGMENT} WHERE run = ? AND shard = ? ORDER BY byte_offset`,
      ),
      backFrom: connection.prepare<[number, number, string, number], SegmentRow>(
        `${SEGMENT} WHERE run = ? AND episode = ? AND hook = ? AND step <= ? ORDER BY step DESC`,
      ),
      ofHook: connection.prepare<[string, number], { episode: number; step: number; width: number }>(
        `SELECT g.episode, g.step, g.width FROM steps JOIN segments AS g
         ON g.run = steps.run AND g.episode = steps.episode AND g.step = steps.step AND g.hook = ?
         WHERE steps.run = ? ORDER BY steps.episode, steps.step`,
      ),
      hasSegment: connection.prepare<[number, number, number, string], { found: 1 }>(
        'SELECT 1 AS found FROM segments WHERE run = ? AND episode = ? AND step = ? AND hook = ?',
      ),
    }
  }

  /**
   * Writes the segments of a step (at least one) to its run's shard and waits for the disk, so that a commit never
   * names bytes that are not there.
   * @throws disk_full, workspace_unwritable
   */
  stage(key: StepKey, segments: readonly Segment[], dtype: ActivationDtype): StagedSegments {
    const tensors = segments.map((segment) => ({
      ...tensorOf(key, segment, dtype),
      bytes: encodeActivation(segment.data, dtype),
    }))
    const { shard, writer } = this.writerFor(key.run, tensors)
    const offsets = writer.append(tensors)
    const dataBytes = offsets.at(-1)! + tensors.at(-1)!.bytes.byteLength - writer.dataStart
    const { run, episode, step } = key
    return {
      record: () => {
        this.statements.growShard.run(run, shard, dataBytes)
        segments.forEach(({ hook, width, firstPosition }, i) => {
          const [positions] = tensors[i].shape
          const place = [shard, offsets[i], firstPosition, positions, width, dtype]
          this.statements.insertSegment.run(run, episode, step, hook, ...place)
        })
      },
      confirm: () => writer.confirm(),
      discard: () => writer.discard(),
    }
  }

  /** Steps that have a segment of the hook point, in order. */
  steps(run: number, hook: string): { episode: number; step: number; width: number }[] {
    return this.statements.ofHook.all(hook, run)
  }

  has({ run, episode, step }: StepKey, hook: string): boolean {
    return this.statements.hasSegment.get(run, episode, step, hook) !== undefined
  }

  /**
   * All positions of a hook point in one step. Those before the step's own segment are the same tokens as in the step
   * before, and are read from there.
   * @returns [positions, D], row-major; null when the step has no segment   @throws workspace_damaged
   */
  read(key: StepKey, hook: string): { data: Float32Array; width: number } | null {
    const rows = this.statements.backFrom.all(key.run, key.episode, hook, key.step)
    const own = rows[0]
    if (own?.step !== key.step) return null
    const data = new Float32Array((own.firstPosition + own.positions) * own.width)
    let missing = own.firstPosition + own.positions
    for (const row of rows) {
      if (missing === 0) break
      if (row.firstPosition >= missing) continue
      if (row.firstPosition + row.positions < missing || row.width !== own.width) break
      this.copy(key.run, row, missing, data)
      missing = row.firstPosition
    }
    if (missing > 0) {
      const reason = `positions before ${missing} of ${hook} are missing (${stepName(key)})`
      throw errors.workspaceDamaged({ path: this.connection.path, reason })
    }
    return { data, width: own.width }
  }

  /** Copies a segment's positions before `end` to their place in `data`. */
  private copy(run: number, row: SegmentRow, end: number, data: Float32Array): void {
    const { path } = this.connection
    const dtype = readValue(activationDtype, row.dtype, { path, column: 'segments.dtype' })
    const values = (end - row.firstPosition) * row.width
    const bytes = readShard(this.fileOf(run, row.shard), row.offset, values * bytesPerValue(dtype))
    decodeActivation(bytes, dtype, data, row.firstPosition * row.width)
  }

  /** Closes a run's growing shard, names its tensors and records its hash. Later segments begin another. */
  seal(run: number): void {
    const open = this.writers.get(run)
    if (!open) return
    this.writers.delete(run)
    if (open.writer.size === 0) {
      open.writer.close() // nothing was committed to it: the database does not know it
      rmSync(open.writer.path, { force: true })
    } else {
      this.statements.seal.run(open.writer.seal(), run, open.shard)
    }
  }

  sealAll(): void {
    for (const run of [...this.writers.keys()]) this.seal(run)
  }

  /** Deletes a run's files; its rows must be gone. */
  remove(run: number): void {
    this.writers.get(run)?.writer.close()
    this.writers.delete(run)
    const path = join(this.folder, runId(run))
    translating(path, () => rmSync(path, { recursive: true, force: true }))
  }

  /**
   * After another process died: cuts uncommitted tails off, seals what it left open, deletes files that the database
   * does not know. A shard that is missing or too short stays as it is; reading from it says so.
   */
  recover(): void {
    for (const { run, shard } of this.statements.unsealed.all()) {
      try {
        const rows = this.statements.ofShard.all(run, shard)
        const tensors = rows.map((row) => {
          const dtype = row.dtype as ActivationDtype // checked where values are read; here only its size counts
          const { episode, step, positions, width } = row
          return tensorOf({ run, episode, step }, { ...row, data: { length: positions * width } }, dtype)
        })
        const writer = ShardWriter.recover(this.fileOf(run, shard), rows[0].offset, tensors)
        this.statements.seal.run(writer.seal(), run, shard)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'workspace_damaged') throw error
      }
    }
    this.removeUnknown()
  }

  private removeUnknown(): void {
    if (!existsSync(this.folder)) return
    const known = new Set(this.statements.known.all().map(({ run, shard }) => this.fileOf(run, shard)))
    translating(this.folder, () => {
      const entries = readdirSync(this.folder, { withFileTypes: true })
      for (const { name } of entries.filter((each) => each.isDirectory() && /^r[1-9]\d*$/.test(each.name))) {
        const files = readdirSync(join(this.folder, name)).filter((each) => /^\d+\.safetensors$/.test(each))
        const left = files.filter((each) => !known.has(join(this.folder, name, each)))
        if (left.length === files.length) this.remove(runNumber(name))
        else for (const file of left) rmSync(join(this.folder, name, file))
      }
    })
  }

  private writerFor(run: number, tensors: readonly ShardTensor[]): { shard: number; writer: ShardWriter } {
    const open = this.writers.get(run)
    if (open?.writer.hasRoomFor(tensors, this.shardBytes)) return open
    this.seal(run)
    const { shard } = this.statements.nextShard.get(run)!
    const next = { shard, writer: ShardWriter.create(this.fileOf(run, shard), tensors) }
    this.writers.set(run, next)
    return next
  }

  private fileOf(run: number, shard: number): string {
    return join(this.folder, runId(run), `${shard}.safetensors`)
  }
}

/** Named `episode/step/firstPosition/hook`, so that a sealed file can be read without the database. */
function tensorOf(
  { episode, step }: StepKey,
  segment: Omit<Segment, 'data'> & { data: { length: number } },
  dtype: ActivationDtype,
): ShardTensor {
  const { hook, width, firstPosition, data } = segment
  return { name: `${episode}/${step}/${firstPosition}/${hook}`, dtype, shape: [data.length / width, width] }
}
