import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { catalogue } from '../main/contract/errors.ts'
import { errorsPage } from '../scripts/errorsPage.ts'

const page = new URL('../docs/errors.md', import.meta.url)

test('docs/errors.md lists every error as the catalogue words it', async () => {
  if (process.env.UPDATE_GOLDEN) await writeFile(page, errorsPage())
  expect(await readFile(page, 'utf8')).toBe(errorsPage())
  expect(errorsPage().match(/^## /gm)).toHaveLength(Object.keys(catalogue).length)
})
