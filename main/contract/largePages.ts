// Memory in pages of 2 MiB for the engine's process, where the C library has to be asked for it.
// Owns: the environment variable that asks. Not: starting a process with it (electron/, cli/).
// A pass reads all weights: with pages of 4 KiB a sixth of its time goes into finding them (docs/decisions/0011-kernels.md).

const tunables = 'GLIBC_TUNABLES'
const setting = 'glibc.malloc.hugetlb'

type Environment = Record<string, string | undefined>

/**
 * The same environment with large pages asked for; glibc reads it once, when a process starts. Elsewhere than on Linux, and
 * where the setting is there already, nothing is changed; other C libraries do not look at it.
 */
export function withLargePages<T extends Environment>(environment: T, platform: string): T {
  const given = environment[tunables]
  if (platform !== 'linux' || given?.includes(setting)) return environment
  return { ...environment, [tunables]: [...(given ? [given] : []), `${setting}=1`].join(':') }
}
