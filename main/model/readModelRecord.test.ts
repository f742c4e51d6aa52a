import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tinyGguf } from '../../tests/support/tinyGguf.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { writeGguf } from '../../tests/support/writeGguf.ts'
import { AppError } from '../contract/errors.ts'
import { modelRecord } from '../contract/models.ts'
import { hashConfig, hashModel } from './hashModel.ts'
import { openModelFiles } from './openModelFiles.ts'
import { readModelRecord } from './readModelRecord.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'record-'))
})
afterEach(() => rm(root, { recursive: true }))

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('readModelRecord', () => {
  it('says of a folder all that the contract asks for', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'))
    const record = await readModelRecord(folder)
    expect(() =>
      modelRecord.parse({
        id: 'tiny',
        addedAt: new Date().toISOString(),
        check: null,
        otherChecks: [],
        ...record,
      }),
    ).not.toThrow()
    expect(record).toMatchObject({
      name: 'tiny',
      path: folder,
      format: 'safetensors',
      hasChatTemplate: true,
      notes: [],
    })
    expect(record.hash).toBe(sha256(await readFile(join(folder, 'model.safetensors'))))
    expect(record.tokenizerHash).toBe(sha256(await readFile(join(folder, 'tokenizer.json'))))
    expect(record.memoryBytes).toBeGreaterThan(record.parameters * 4)
  })

  it('says the same of a GGUF file, and another hash for another tokeniser', async () => {
    const { input } = tinyGguf({ quantised: true })
    const path = writeGguf(join(root, 'a.gguf'), input)
    const record = await readModelRecord(path)
    expect(() =>
      modelRecord.parse({
        id: 'a',
        addedAt: new Date().toISOString(),
        check: null,
        otherChecks: [],
        ...record,
      }),
    ).not.toThrow()
    expect(record).toMatchObject({
      name: 'a',
      dtype: 'Q8_0',
      hash: sha256(await readFile(path)),
    })
    const merges = { type: 'strings', value: ['h e'] } as const
    const metadata = { ...input.metadata, 'tokenizer.ggml.merges': merges }
    const other = await readModelRecord(writeGguf(join(root, 'b.gguf'), { ...input, metadata }))
    expect(other.tokenizerHash).not.toBe(record.tokenizerHash)
  })

  it('refuses a template that raises, and takes one without system prompts with a note', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'), {
      chatTemplate: "{{ raise_exception('not today') }}",
    })
    await expect(readModelRecord(folder)).rejects.toMatchObject({
      code: 'chat_template_failed',
      message: expect.stringContaining('not today'),
    })
    const chatTemplate =
      "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}"
    const record = await readModelRecord(await writeTinyModel(join(root, 'b'), { chatTemplate }))
    expect(record.notes).toEqual(['Its chat template takes no system prompt.'])
  })

  it('refuses a corrupt tokenizer.json and one that is too large for the weights', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'))
    const file = join(folder, 'tokenizer.json')
    const whole = await readFile(file, 'utf8')
    await writeFile(file, whole.slice(0, whole.length / 2))
    await expect(readModelRecord(folder)).rejects.toMatchObject({ code: 'tokenizer_invalid' })
    await writeFile(file, whole.replaceAll('"id":257', '"id":9999'))
    await expect(readModelRecord(folder)).rejects.toThrow('gives the id 9999, the weights have 259 tokens')
  })

  it('answers damage of any kind with an error of the catalogue', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'))
    const gguf = writeGguf(join(root, 'a.gguf'), tinyGguf({ quantised: true }).input)
    const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']
    const targets = [[gguf, gguf], ...files.map((name) => [folder, join(folder, name)])]
    let state = 1
    const draw = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const seen = new Set<string>()
    for (const [path, file] of targets) {
      const whole = await readFile(file)
      for (let i = 0; i < 30; i++) {
        const damaged = Buffer.from(whole)
        const digits = Buffer.from('0123456789{}[],:"-')
        for (let j = draw(4); j >= 0; j--) {
          damaged[draw(Math.min(2500, whole.length))] = draw(2) ? draw(256) : digits[draw(digits.length)]
        }
        await writeFile(file, damaged)
        const code = await readModelRecord(path).then(
          () => 'sound',
          (error: unknown) => (error instanceof AppError ? error.code : String(error)),
        )
        expect(code).toMatch(/^(sound|(model|tokenizer|architecture|chat_template)_[a-z]+)$/)
        seen.add(code)
      }
      await writeFile(file, whole)
    }
    expect([...seen]).toEqual(expect.arrayContaining(['sound', 'model_malformed', 'tokenizer_invalid']))
  })

  it('stops hashing when it is told to', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'))
    const reason = new Error('enough')
    await expect(readModelRecord(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

it('hashModel tells how far it is', async () => {
  const files = await openModelFiles(await writeTinyModel(join(root, 'tiny')))
  const seen: number[] = []
  await hashModel(files, { onProgress: (fraction) => seen.push(fraction) })
  expect(seen.at(-1)).toBe(1)
})

describe('hashConfig', () => {
  it('notices another rope_theta beside the same weights', async () => {
    const folder = await writeTinyModel(join(root, 'tiny'))
    const before = await readModelRecord(folder)
    const file = join(folder, 'config.json')
    const config = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...config, rope_theta: 12_345 }))
    const after = await readModelRecord(folder)
    expect(after.hash).toBe(before.hash)
    expect(after.configHash).not.toBe(before.configHash)
  })

  it('does not mind the order in which config.json is written', async () => {
    const { config } = await openModelFiles(await writeTinyModel(join(root, 'tiny')))
    const turned = Object.fromEntries(Object.entries(config).reverse()) as unknown as typeof config
    turned.shape = Object.fromEntries(Object.entries(config.shape).reverse()) as typeof config.shape
    expect(hashConfig(turned)).toBe(hashConfig(config))
    const factors = (list: number[]) => ({
      ...config,
      rotary: { width: 4, theta: 10000, scaling: { type: 'factors' as const, factors: list } },
    })
    expect(hashConfig(factors([1, 2]))).not.toBe(hashConfig(factors([2, 1])))
  })
})
