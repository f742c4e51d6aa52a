// The commands as a person types them, for tests: real processes in a folder of their own.
// Owns: starting them and reading what they print. Not: what they should print.
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { Workspace } from '../../main/store/workspace.ts'

export interface Ended {
  code: number | null
  out: string
  log: string
}

/** One that is still going on. */
export interface Going {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  ended: Promise<Ended>
}

const source = fileURLToPath(new URL('../../main/cli.ts', import.meta.url))

export class CommandLine {
  readonly folder: string
  private readonly program: string
  private readonly variables: NodeJS.ProcessEnv

  /** @param folder  where commands are typed; cache and default workspace lie in it   @param program  a built one */
  constructor(folder: string, program = source, variables: NodeJS.ProcessEnv = {}) {
    this.folder = folder
    this.program = program
    this.variables = variables
  }

  /** Runs a command to its end. */
  run(...words: string[]): Ended {
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.program, ...words], {
      encoding: 'utf8',
      ...this.place(),
    })
    return { code: status, out: stdout, log: stderr }
  }

  /** As `run`, with --json: its one document. */
  json(...words: string[]) {
    const ran = this.run(...words, '--json')
    expect(ran.log).not.toMatch(/\n\s+at /) // a stack trace is no message
    expect(ran.out.trimEnd().split('\n')).toHaveLength(1)
    return { ...ran, document: JSON.parse(ran.out) }
  }

  /** Starts a command that is not waited for; its standard input stays open. */
  start(...words: string[]): Going {
    const child = spawn(process.execPath, [this.program, ...words], { stdio: 'pipe', ...this.place() })
    let [out, log] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    child.stdin.on('error', () => undefined) // it may end before it has read everything
    const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, out, log }))
    return { child, ended }
  }

  private place(): { cwd: string; env: NodeJS.ProcessEnv } {
    const { folder } = this
    const env = {
      ...process.env,
      INNERVIEW_CACHE: join(folder, 'cache'),
      INNERVIEW_WORKSPACE: join(folder, 'default'),
      ...this.variables,
    }
    return { cwd: folder, env }
  }
}

/** Resolves when a run of a workspace has so many steps. */
export async function stepsStored(
  { child }: Going,
  workspaceFolder: string,
  wanted: number,
  run = 'r1',
): Promise<void> {
  const stepsOf = ({ runs }: Workspace): number =>
    runs.list().find(({ id }) => id === run)?.progress.steps ?? 0
  await stored(child, workspaceFolder, (workspace) => stepsOf(workspace) >= wanted)
}

/** Resolves when so many answers of a workspace's sweeps have been scored. */
export async function scoresStored({ child }: Going, workspaceFolder: string, wanted: number): Promise<void> {
  const scoresOf = ({ runs, sweeps }: Workspace): number =>
    runs.list().reduce((sum, { id }) => sum + sweeps.scores(id).length, 0)
  await stored(child, workspaceFolder, (workspace) => scoresOf(workspace) >= wanted)
}

async function stored(
  child: Going['child'],
  workspaceFolder: string,
  isThere: (workspace: Workspace) => boolean,
): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('The command ended before it came so far.')
    if (holds(workspaceFolder, isThere)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function holds(workspaceFolder: string, isThere: (workspace: Workspace) => boolean): boolean {
  if (!existsSync(join(workspaceFolder, 'innerview.db'))) return false
  try {
    const workspace = Workspace.open(workspaceFolder, { readOnly: true })
    try {
      return isThere(workspace)
    } finally {
      workspace.close()
    }
  } catch {
    return false // it is just being made
  }
}
