// Adds to package-lock.json what `npm install` left out: optional packages of other platforms that its registry did not
// serve. `npm ci` refuses a lock file without them on every platform, though it would install none of them on this one.
// To be run after a change of dependencies. An entry made here has no integrity, since its archive was not seen.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectFolder } from './project.ts'

interface Entry {
  version?: string
  cpu?: string[]
  dev?: boolean
  libc?: string[]
  optional?: boolean
  optionalDependencies?: Record<string, string>
  os?: string[]
}
export interface Lockfile {
  packages: Record<string, Entry>
}

export const lockfilePath = join(projectFolder, 'package-lock.json')
export const readLockfile = (): Lockfile => JSON.parse(readFileSync(lockfilePath, 'utf8')) as Lockfile // npm's own format

/** Optional packages that some package names and the file has not, as entry path → entry. */
export function missingEntries(lockfile: Lockfile): Record<string, Entry> {
  const missing: Record<string, Entry> = {}
  for (const [parent, entry] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      if (path in lockfile.packages || `${parent}/${path}` in lockfile.packages) continue
      missing[path] = {
        version,
        ...platformOf(name),
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
      }
    }
  }
  return missing
}

/** What a platform package's name says of where it runs; throws where it says nothing. */
function platformOf(name: string): Pick<Entry, 'cpu' | 'os' | 'libc'> {
  const words = name.split(/[-/]/)
  const os = words.find((word) => /^(darwin|linux|win32|android|freebsd|openharmony)$/.test(word))
  const cpu = words.find((word) => /^(arm|arm64|x64|ia32|ppc64|riscv64|s390x)$/.test(word))
  if (!os || !cpu)
    throw new Error(`${name} does not say for which platform it is; add it to package-lock.json by hand.`)
  const abi = words.at(-1) ?? ''
  const libc = /^gnu/.test(abi) ? ['glibc'] : /^musl/.test(abi) ? ['musl'] : undefined
  return { cpu: [cpu], os: [os], ...(libc ? { libc } : {}) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lockfile = readLockfile()
  const missing = missingEntries(lockfile)
  const entries = Object.entries({ ...lockfile.packages, ...missing })
  // npm's order: by path, the project itself first.
  lockfile.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(lockfilePath, `${JSON.stringify(lockfile, null, 2)}\n`)
  console.log(`Added ${Object.keys(missing).length}.`)
}
