import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { WorkProgress } from '../contract/api.ts'
import { modelCheck } from '../contract/models.ts'
import { checkModel } from './checkModel.ts'

let folder: string
const never = new AbortController().signal
const decoders = join(import.meta.dirname, '../../tests/parity/golden/decoders')

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'innerview-check-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

async function check(path: string, signal = never) {
  const told: WorkProgress[] = []
  const found = await checkModel(
    path,
    { cacheFolder: join(folder, 'cache') },
    (one) => void told.push(one),
    signal,
  )
  return {
    ...found,
    labels: [...new Set(told.map(({ label }) => label))],
    fractions: told.map(({ fraction }) => fraction),
  }
}

/** A decoder with transformers' values beside it, and a tokeniser that gives one of its 97 ids to each ASCII character. */
async function decoderWithReference(name: string): Promise<string> {
  const path = join(folder, name)
  await cp(join(decoders, name), path, { recursive: true })
  const characters = ['<unk>', '\n', ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))]
  const tokenizer = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(characters.map((text, id) => [text, id])),
      merges: [],
    },
  }
  await writeFile(join(path, 'tokenizer.json'), JSON.stringify(tokenizer))
  return path
}

test('a model without another program’s values is compared with itself alone, and says on what ground', async () => {
  const { labels, fractions, ...found } = await check(await writeTinyModel(join(folder, 'tiny')))
  expect(modelCheck.parse(found)).toEqual(found)
  expect(found.reference).toBeNull()
  expect(found.results.filter(({ passed }) => !passed)).toEqual([])
  expect(found).toMatchObject({ dtype: 'float32', hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(found.device).toMatch(/^cpu: ./)
  expect(labels).toContain('Checking the numbers')
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect(fractions.at(-1)).toBe(1)
})

test('transformers’ values beside a model are compared, and the largest error is named with its place', async () => {
  const found = await check(await decoderWithReference('llama-untied-fp32'))
  expect(found.reference?.program).toMatch(/^transformers \d/)
  expect(found.reference?.largestError).toBeLessThan(1e-4)
  const compared = found.results.filter(({ name }) => name.startsWith('reference '))
  expect(compared.length).toBeGreaterThan(20)
  expect(compared.filter(({ passed }) => !passed)).toEqual([])
  const largest = Math.max(...compared.map(({ largestError }) => largestError ?? 0))
  expect(found.reference?.largestError).toBe(largest)
  expect(found.labels).toContain(`Comparing with ${found.reference?.program}`)
})

test('a configuration that another program did not compute with fails, at the values it changes', async () => {
  const path = await decoderWithReference('llama-untied-fp32')
  const config = join(path, 'config.json')
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace(/"rope_theta": \d+/, '"rope_theta": 10'))
  const found = await check(path)
  expect(found.reference?.largestError).toBeGreaterThan(0.1)
  const failed = found.results.filter(({ passed }) => !passed).map(({ name }) => name)
  expect(failed).toContain('reference blocks.*.attn.hook_rot_q')
  expect(failed).not.toContain('reference hook_embed')
})

test('a check in another dtype says what stayed floats, and passes by itself', async () => {
  const wide = await writeTinyModel(join(folder, 'wide'), { scale: 4 })
  const narrow = await writeTinyModel(join(folder, 'narrow'))
  const options = { cacheFolder: join(folder, 'cache'), dtype: 'int4' as const }
  const [ofWide, ofNarrow] = [
    await checkModel(wide, options, () => {}, never),
    await checkModel(narrow, options, () => {}, never),
  ]
  for (const { results, dtype } of [ofWide, ofNarrow]) {
    expect(dtype).toBe('int4')
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  }
  expect(ofWide.results[0].detail).not.toContain('floats')
  expect(ofNarrow.results[0].detail).toContain('Computed with as floats, not int4')
})

test('a check that was cancelled finds nothing', async () => {
  const path = await writeTinyModel(join(folder, 'tiny'))
  await expect(check(path, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled')
})
