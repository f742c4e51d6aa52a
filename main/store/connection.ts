// One open SQLite database.
// Owns: how it is opened (pragmas), statements, transactions, translation of its errors. Not: any table.
import Database from 'better-sqlite3'
import { requireRuntime } from './runtime.ts'
import { codeOf } from '../contract/faultCode.ts'
import { storeError, translating } from './storeErrors.ts'

/** How long a statement waits for a lock of another process. */
const BUSY_MS = 5000
/** Of new databases: decision points of 576 values take a third less than with SQLite's 4096 (benchmarks/store.ts). */
const PAGE_BYTES = 8192
/** The write-ahead log is cut back to this after a checkpoint. */
const LOG_BYTES = 64 * 2 ** 20

export type Value = string | number | bigint | Uint8Array | null

/** One value for a `?`, or values by name for `:name`. */
export type Parameter = Value | { readonly [name: string]: Value }

/** A prepared statement; P are its parameters, R its rows. */
export class Statement<P extends Parameter[], R> {
  private readonly statement: Database.Statement<P, R>
  private readonly path: string

  constructor(statement: Database.Statement<P, R>, path: string) {
    this.statement = statement
    this.path = path
  }

  run(...parameters: P): Database.RunResult {
    return translating(this.path, () => this.statement.run(...parameters))
  }

  get(...parameters: P): R | undefined {
    return translating(this.path, () => this.statement.get(...parameters))
  }

  all(...parameters: P): R[] {
    return translating(this.path, () => this.statement.all(...parameters))
  }

  /** Row by row; no other statement may run until the loop ends. */
  *iterate(...parameters: P): Generator<R> {
    try {
      yield* this.statement.iterate(...parameters)
    } catch (error) {
      throw storeError(error, this.path)
    }
  }
}

export class Connection {
  readonly path: string
  private readonly database: Database.Database

  private constructor(database: Database.Database, path: string) {
    this.database = database
    this.path = path
  }

  /**
   * Opens for writing, durable at every commit, and creates the file where there is none.
   * @throws workspace_damaged, workspace_unwritable, workspace_locked, disk_full, runtime_too_old
   */
  static openWritable(path: string): Connection {
    return Connection.open(path, { timeout: BUSY_MS }, (database) => {
      database.pragma(`page_size = ${PAGE_BYTES}`)
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = FULL') // in WAL mode the build's default is NORMAL, which may lose the last commits
      database.pragma(`journal_size_limit = ${LOG_BYTES}`)
    })
  }

  /** Opens for reading beside a writer. @throws workspace_damaged, workspace_unwritable, runtime_too_old */
  static openReadOnly(path: string): Connection {
    return Connection.open(path, { timeout: BUSY_MS, readonly: true }, () => undefined)
  }

  private static open(
    path: string,
    options: Database.Options,
    configure: (database: Database.Database) => void,
  ): Connection {
    requireRuntime()
    return translating(path, () => {
      const database = new Database(path, options)
      try {
        configure(database)
        database.pragma('foreign_keys = ON')
        database.prepare('SELECT count(*) FROM sqlite_schema').get() // reads the file's first page: is it a database?
      } catch (error) {
        database.close()
        throw error
      }
      return new Connection(database, path)
    })
  }

  prepare<P extends Parameter[], R = unknown>(sql: string): Statement<P, R> {
    return translating(this.path, () => new Statement(this.database.prepare<P, R>(sql), this.path))
  }

  /** Several statements without parameters. */
  execute(sql: string): void {
    translating(this.path, () => this.database.exec(sql))
  }

  /** All of `work` or nothing of it; `work` is synchronous. */
  transaction<T>(work: () => T): T {
    return translating(this.path, () => this.database.transaction(work).immediate())
  }

  /** Reads that agree with one another, whatever a writer commits meanwhile. */
  snapshot<T>(work: () => T): T {
    return translating(this.path, () => this.database.transaction(work).deferred())
  }

  /** A function that SQL may call by `name`; it must depend on its argument alone. */
  defineFunction(name: string, implementation: (argument: string) => string): void {
    this.database.function(name, { deterministic: true }, implementation)
  }

  /** The value of a pragma that answers with one number. */
  number(pragma: string): number {
    return translating(this.path, () => Number(this.database.pragma(pragma, { simple: true })))
  }

  /**
   * A database that was open for writing is left as one plain file, which can be read from where nothing may be written.
   * Where that cannot be done now (a reader is beside it, the disk is full) its log stays and the next opening goes on
   * with it.
   */
  close(): void {
    try {
      if (!this.database.readonly) this.database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE')
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_')) throw error
    } finally {
      this.database.close()
    }
  }
}
