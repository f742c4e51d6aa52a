// What this computer has for tests that need more than Node. Owns: finding it, and the words for what is missing.
import { existsSync } from 'node:fs'
import { hasRig, rigBinary, softwareVulkan } from '../../scripts/fetchElectronRig.ts'

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const named = process.env.INNERVIEW_CHROMIUM

/** A Chromium for the headless workbench: the one that INNERVIEW_CHROMIUM names, or else the system's. */
export const chromiumBinary: string | null =
  (named ? [named] : browsers).find((path) => existsSync(path)) ?? null

const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY)

/** An Electron for the desktop workbench; null without a display. */
export const electronBinary: string | null = hasDisplay && hasRig() ? rigBinary : null

/** Environment variables of a program that is to compute on WebGPU without a graphics card; null where there is no such driver. */
export const vulkanVariables: NodeJS.ProcessEnv | null = hasRig() ? softwareVulkan : null

/** One sentence for each thing that is missing and what is left out without it. */
export function missing(): string[] {
  const sentences: string[] = []
  if (!chromiumBinary)
    sentences.push('browser tests: no Chromium (apt-get install chromium, or set INNERVIEW_CHROMIUM)')
  if (!electronBinary) {
    const cure = hasDisplay ? 'node scripts/fetchElectronRig.ts, Linux x64' : 'no display; xvfb-run gives one'
    sentences.push(`Electron tests: no Electron to drive (${cure})`)
  }
  if (!vulkanVariables)
    sentences.push('WebGPU tests: no software driver (node scripts/fetchElectronRig.ts, Linux x64)')
  return sentences
}
