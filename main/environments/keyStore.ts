// Keys of oracle endpoints, in the system's key store.
// Owns: reading, storing and deleting one key for each address. Not: using it (openAiOracle.ts).
// The native module is loaded at first use: a machine without a key store runs everything else.
import { errors } from '../contract/errors.ts'

const service = 'Innerview oracle'
const keyVariable = 'INNERVIEW_ORACLE_KEY'

/** What we use of @napi-rs/keyring's AsyncEntry. */
interface Entry {
  getPassword(): Promise<string | null | undefined>
  setPassword(password: string): Promise<void>
  deleteCredential(): Promise<boolean>
}
/** Opens the store's entry for an address; a test hands in its own. */
export type OpenEntry = (service: string, account: string) => Promise<Entry>

const openSystemEntry: OpenEntry = async (name, account) => {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  // Without a session's secret service the library would fall back to the kernel's keyring, which forgets at the next restart.
  return new AsyncEntry(name, account, { linux: { store: 'secret-service' } })
}

/**
 * The key for an endpoint: the environment variable INNERVIEW_ORACLE_KEY, else the one stored for this address.
 * The variable is for one command: it knows no address and is sent to any that a run names (docs/oracle.md).
 * @returns null where there is neither, and also where the machine has no key store: an endpoint such as Ollama needs none.
 */
export async function readKey(
  baseUrl: string,
  open: OpenEntry = openSystemEntry,
  variable: string | undefined = process.env[keyVariable],
): Promise<string | null> {
  if (variable !== undefined && variable !== '') return variable
  try {
    return (await (await open(service, account(baseUrl))).getPassword()) ?? null
  } catch {
    return null
  }
}

/** @throws key_store_unavailable where the system has none, or it is locked. */
export function storeKey(baseUrl: string, key: string, open: OpenEntry = openSystemEntry): Promise<void> {
  if (key === '') throw new TypeError('an empty key cannot be stored; use deleteKey')
  return withStore(async () => (await open(service, account(baseUrl))).setPassword(key))
}

/** Does nothing where no key is stored. @throws key_store_unavailable */
export function deleteKey(baseUrl: string, open: OpenEntry = openSystemEntry): Promise<void> {
  return withStore(async () => {
    await (await open(service, account(baseUrl))).deleteCredential()
  })
}

async function withStore(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.keyStoreUnavailable({ reason }, error)
  }
}

/** One key for an endpoint, however its address was typed: user, query and trailing slashes do not count. */
function account(baseUrl: string): string {
  const { protocol, host, pathname } = new URL(baseUrl)
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`
}
