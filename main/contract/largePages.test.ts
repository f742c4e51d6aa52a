import { describe, expect, it } from 'vitest'
import { withLargePages } from './largePages.ts'

describe('an environment with large pages', () => {
  it('asks glibc for them and keeps all else', () => {
    expect(withLargePages({ HOME: 'anywhere' }, 'linux')).toEqual({
      HOME: 'anywhere',
      GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    })
    expect(withLargePages({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=2' }, 'linux')).toEqual({
      GLIBC_TUNABLES: 'glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1',
    })
  })

  it('is the same object where nobody has to be asked, or the user has decided', () => {
    const plain = { HOME: 'anywhere' }
    expect(withLargePages(plain, 'darwin')).toBe(plain)
    const decided = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0' }
    expect(withLargePages(decided, 'linux')).toBe(decided)
    const asked = withLargePages(plain, 'linux')
    expect(withLargePages(asked, 'linux')).toBe(asked)
  })
})
