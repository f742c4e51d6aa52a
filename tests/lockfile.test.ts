// npm ci is the first command of the README: it must find in package-lock.json all that it asks for, on any platform.
import { expect, test } from 'vitest'
import { missingEntries, readLockfile } from '../scripts/completeLockfile.ts'

test('package-lock.json has every optional package of every platform (else: node scripts/completeLockfile.ts)', () => {
  expect(Object.keys(missingEntries(readLockfile()))).toEqual([])
})

test('an optional package that a registry did not serve is found, with its platform', () => {
  const lockfile = {
    packages: {
      'node_modules/parser': {
        dev: true,
        optionalDependencies: { '@parser/linux-arm-gnueabihf': '1.2.3', '@parser/win32-x64-msvc': '1.2.3' },
      },
      'node_modules/@parser/win32-x64-msvc': { version: '1.2.3' },
    },
  }
  expect(missingEntries(lockfile)).toEqual({
    'node_modules/@parser/linux-arm-gnueabihf': {
      version: '1.2.3',
      cpu: ['arm'],
      os: ['linux'],
      libc: ['glibc'],
      dev: true,
      optional: true,
    },
  })
})
