// Whether this Node can load better-sqlite3 at all.
// Owns: the check that must come before the first database is opened. Not: anything about databases.
import { errors } from '../contract/errors.ts'

const NEEDED_NODE_API = 10

/**
 * better-sqlite3 is built for Node-API 10; an older Node does not refuse it but aborts, so ask first.
 * @throws runtime_too_old
 */
export function requireRuntime(versions: { node?: string; napi?: string } = process.versions): void {
  if (Number(versions.napi ?? 0) >= NEEDED_NODE_API) return
  throw errors.runtimeTooOld({ node: versions.node ?? 'unknown', nodeApi: versions.napi ?? 'none' })
}
