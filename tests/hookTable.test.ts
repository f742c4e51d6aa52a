import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { knownArchitectures } from '../main/model/architectures/knownArchitectures.ts'
import { hookTable } from '../scripts/hookTable.ts'

const page = new URL('../docs/hook-table.md', import.meta.url)

test('docs/hook-table.md tells what the reference files hold, of every architecture', async () => {
  const table = await hookTable()
  if (process.env.UPDATE_GOLDEN) await writeFile(page, table)
  expect(await readFile(page, 'utf8')).toBe(table)
  const rows = table.split('\n').filter((line) => line.startsWith('|'))
  for (const row of rows.slice(2)) expect(row.split('|')).toHaveLength(knownArchitectures.length + 3)
  // A column without a single mark would be an architecture that nothing was compared with.
  for (const column of knownArchitectures.keys())
    expect(rows.slice(2).some((row) => row.split('|')[column + 2].trim() === '✓')).toBe(true)
})
