// Processes that begin anew: they have to be real ones.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'))
  const source = new URL('largePages.ts', import.meta.url).href
  writeFileSync(
    join(folder, 'command.ts'),
    `import { goOnInLargePages } from '${source}'
    process.stdout.write('begun ')
    goOnInLargePages(process.argv[2])
    console.log(JSON.stringify([process.argv.slice(2), process.env.GLIBC_TUNABLES ?? '']))`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const { GLIBC_TUNABLES: _, ...env } = process.env
  const options = { encoding: 'utf8', env: { ...env, ...environment } } as const
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'command.ts'), ...args], options)
  expect(stderr).toBe('')
  return stdout.trim()
}

const isAsked = process.platform === 'linux'

describe('a command in large pages', () => {
  it('begins once more with its arguments where it runs a model and the machine has to be asked', () => {
    const [times, tunables] = isAsked ? ['begun begun', 'glibc.malloc.hugetlb=1'] : ['begun', '']
    expect(run(['collect', '--json', 'a b'])).toBe(
      `${times} ${JSON.stringify([['collect', '--json', 'a b'], tunables])}`,
    )
  })

  it('just goes on where it runs none, or the user has decided', () => {
    expect(run(['list'])).toBe(`begun ${JSON.stringify([['list'], ''])}`)
    const decided = 'glibc.malloc.hugetlb=0'
    expect(run(['collect'], { GLIBC_TUNABLES: decided })).toBe(
      `begun ${JSON.stringify([['collect'], decided])}`,
    )
  })
})
