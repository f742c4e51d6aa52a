// Results on disk: a list of records in a JSON file, of which the last one counts.
import { readFile, writeFile } from 'node:fs/promises'
import { deviceName } from './measuring.ts'

export interface RecordHead {
  at: string
  device: string
}

/** The records of a file, none where it is not there. */
export async function readRecords<T>(file: string): Promise<(RecordHead & T)[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'
    throw error
  })
  return JSON.parse(text) as (RecordHead & T)[] // written below
}

/** Adds a record; those of other settings, which `isSame` tells, stay. Without a file nothing is written. */
export async function addRecord<T extends object>(
  file: string | undefined,
  record: T,
  isSame: (earlier: T) => boolean,
): Promise<void> {
  if (file === undefined) return
  const earlier = (await readRecords<T>(file)).filter((each) => !isSame(each))
  const head: RecordHead = { at: new Date().toISOString(), device: deviceName() }
  await writeFile(file, `${JSON.stringify([...earlier, { ...head, ...record }], null, 2)}\n`)
}
