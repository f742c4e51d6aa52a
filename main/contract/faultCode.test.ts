import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeOf, unwritableCodes } from './faultCode.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    work()
  } catch (fault) {
    return fault
  }
  throw new Error('it did not fail')
}

describe('the code of a fault', () => {
  it('is the system’s for a file that is not there, or has too long a name', () => {
    expect(codeOf(thrownBy(() => statSync('/no/such/file')))).toBe('ENOENT')
    const long = codeOf(thrownBy(() => statSync(`/${'x'.repeat(5000)}`)))
    expect(long).toBe('ENAMETOOLONG')
    expect(unwritableCodes).toContain(long)
  })

  it('is empty where there is none', () => {
    const numbered = Object.assign(new Error('numbered'), { code: 20 })
    for (const fault of [new Error('plain'), numbered, { code: 'ENOENT' }, 'ENOENT', null, undefined])
      expect(codeOf(fault)).toBe('')
  })
})
