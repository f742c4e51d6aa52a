// Peers: Python scripts of peers/ that do the same work as ours, in a process of their own.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Hands a job to a peer's script and reads the document that it prints last.
 * @returns null, and says so, where a package that the script imports is not installed
 */
export function askPeer<T>(python: string, script: string, job: object): T | null {
  const scratch = mkdtempSync(join(tmpdir(), 'innerview-peer-'))
  try {
    const file = join(scratch, 'job.json')
    writeFileSync(file, JSON.stringify(job))
    const path = fileURLToPath(new URL(`../peers/${script}.py`, import.meta.url))
    const { status, stdout, stderr } = spawnSync(python, [path, file], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    const missing = /ModuleNotFoundError: No module named '([^']+)'/.exec(stderr)?.[1]
    if (status !== 0 && missing !== undefined) {
      console.log(`${script} is left out: ${python} has no ${missing}`)
      return null
    }
    if (status !== 0) throw new Error(`The peer ${script} failed:\n${stderr}`)
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as T // the scripts are ours
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
