import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { EndpointCheckController } from './endpointCheck.svelte.ts'

const url = 'http://127.0.0.1:11434/v1'
const checkOn = (oracle: Record<string, unknown>) =>
  new EndpointCheckController(oracle as unknown as Engine['oracle'])

describe('EndpointCheckController', () => {
  it('asks for a key only where the address is whole', async () => {
    const hasKey = vi.fn(() => Promise.resolve({ stored: true }))
    const check = checkOn({ hasKey })
    for (const text of ['', 'http', 'not an address']) await check.look(text)
    expect(hasKey).not.toHaveBeenCalled()
    await check.look(url)
    expect(check.hasKey).toBe(true)
  })
  it('drops the answer about an address that is no longer shown', async () => {
    const answers: ((value: { stored: boolean }) => void)[] = []
    const check = checkOn({ hasKey: () => new Promise((resolve) => answers.push(resolve)) })
    const [first, second] = [check.look(url), check.look(`${url}/other`)]
    answers[1]?.({ stored: false })
    answers[0]?.({ stored: true })
    await Promise.all([first, second])
    expect(check.hasKey).toBe(false)
  })
  it('stores a trimmed key, and deletes it with an empty one', async () => {
    const setKey = vi.fn(() => Promise.resolve())
    const check = checkOn({ setKey })
    await check.store(url, ' sk-1 ')
    expect(setKey).toHaveBeenCalledWith({ baseUrl: url, key: 'sk-1' })
    expect(check.hasKey).toBe(true)
    await check.store(url, '')
    expect(check.hasKey).toBe(false)
  })
  it('shows why a test failed, and forgets it with the next', async () => {
    const test = vi
      .fn()
      .mockRejectedValueOnce(errors.oracleRefused({ baseUrl: url, status: 401, reason: 'wrong key' }))
      .mockResolvedValueOnce({ answer: 'Yes.', latencyMs: 12 })
    const check = checkOn({ test })
    await check.run(url, 'm', 1000)
    expect(check.error?.code).toBe('oracle_refused')
    await check.run(url, 'm', 1000)
    expect(check.error).toBeNull()
    expect(check.test).toEqual({ answer: 'Yes.', latencyMs: 12 })
    expect(check.isBusy).toBe(false)
  })
})
