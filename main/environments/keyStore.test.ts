import { describe, expect, it } from 'vitest'
import { deleteKey, readKey, storeKey, type OpenEntry } from './keyStore.ts'

/** A store that keeps to the library's contract, in memory. */
function memoryStore(): { open: OpenEntry; kept: Map<string, string> } {
  const kept = new Map<string, string>()
  const open: OpenEntry = async (service, account) => {
    const name = `${service}|${account}`
    return {
      getPassword: async () => kept.get(name) ?? null,
      setPassword: async (password) => void kept.set(name, password),
      deleteCredential: async () => kept.delete(name),
    }
  }
  return { open, kept }
}

const missing: OpenEntry = () => Promise.reject(new Error('no secret service on the bus'))
const ollama = 'http://localhost:11434/v1'

describe('the key store', () => {
  it('keeps one key for each address, however it is typed', async () => {
    const { open, kept } = memoryStore()
    await storeKey('https://api.example.org/v1/', 'first', open)
    await storeKey('https://API.example.org/v1', 'second', open)
    await storeKey(ollama, 'other', open)
    expect(kept.size).toBe(2)
    expect(await readKey('https://api.example.org/v1', open, '')).toBe('second')
    expect(await readKey('https://api.example.org/v2', open, '')).toBeNull()
  })

  it('deletes, also what is not there', async () => {
    const { open } = memoryStore()
    await storeKey(ollama, 'key', open)
    await deleteKey(ollama, open)
    await deleteKey(ollama, open)
    expect(await readKey(ollama, open, '')).toBeNull()
  })

  it('prefers the environment variable, without touching the store', async () => {
    expect(await readKey(ollama, missing, 'from the environment')).toBe('from the environment')
  })

  it('reads no key where the machine has no store: an endpoint may need none', async () => {
    expect(await readKey(ollama, missing, undefined)).toBeNull()
  })

  it('says what to do where a key cannot be stored or deleted', async () => {
    for (const work of [() => storeKey(ollama, 'key', missing), () => deleteKey(ollama, missing)]) {
      await expect(work()).rejects.toMatchObject({
        code: 'key_store_unavailable',
        message: 'no secret service on the bus',
        cure: expect.stringContaining('INNERVIEW_ORACLE_KEY') as unknown,
      })
    }
  })

  it('refuses to store nothing', () => {
    expect(() => storeKey(ollama, '', memoryStore().open)).toThrow(TypeError)
  })

  it('reaches the system’s own store, or says that there is none', async () => {
    // Which of the two depends on the machine; both go through the native library.
    const address = 'http://innerview.invalid/key-store-test'
    try {
      await storeKey(address, 'a test key')
    } catch (error) {
      expect(error).toMatchObject({ code: 'key_store_unavailable' })
      expect(await readKey(address, undefined, '')).toBeNull()
      return
    }
    expect(await readKey(address, undefined, '')).toBe('a test key')
    await deleteKey(address)
    expect(await readKey(address, undefined, '')).toBeNull()
  })
})
