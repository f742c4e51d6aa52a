import { cp, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tinyGguf } from '../../tests/support/tinyGguf.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { writeGguf } from '../../tests/support/writeGguf.ts'
import { openModelFiles } from './openModelFiles.ts'
import { asWeight, readSafetensorsHeader, readWeight, writeSafetensors } from './safetensors.ts'
import type { SafetensorsDtype, TensorToWrite } from './safetensors.ts'

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'open-'))
  folder = await writeTinyModel(join(root, 'tiny'))
})
afterEach(() => rm(root, { recursive: true }))

const inFolder = (name: string) => join(folder, name)
const weightsFile = () => inFolder('model.safetensors')
const json = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(inFolder(name), 'utf8'))
const write = (name: string, value: unknown) => writeFile(inFolder(name), JSON.stringify(value))
const change = async (name: string, changes: object) => write(name, { ...(await json(name)), ...changes })

async function tensors(): Promise<TensorToWrite[]> {
  const header = await readSafetensorsHeader(weightsFile())
  return Promise.all(
    [...header.tensors].map(async ([name, entry]) => {
      const data = await readWeight(asWeight(weightsFile(), entry)!)
      return { name, dtype: 'F32' as const, shape: entry.shape, data }
    }),
  )
}

describe('a Hugging Face folder', () => {
  it('opens by its path or by any of its files', async () => {
    const files = await openModelFiles(folder)
    expect(files).toMatchObject({
      path: folder,
      format: 'safetensors',
      name: 'tiny',
      dtype: 'float32',
      stopIds: [258],
    })
    expect(files.config.shape).toMatchObject({ layers: 2, residualWidth: 16, vocabulary: 259 })
    expect(files.chatTemplate).toMatchObject({ bosToken: '<|endoftext|>', eosToken: '<|im_end|>' })
    expect(files.notes).toEqual([])
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
      expect(await openModelFiles(inFolder(name))).toEqual(files)
    }
  })

  it('is named after the model where it lies in Hugging Face’s cache', async () => {
    const snapshot = join(root, 'models--Someone--Small-Llama', 'snapshots', '0123abc')
    await cp(folder, snapshot, { recursive: true })
    expect((await openModelFiles(snapshot)).name).toBe('Small-Llama')
  })

  it('opens shards, and hashes them in the order of their names', async () => {
    const [first, ...others] = await tensors()
    await writeSafetensors(inFolder('model-00001-of-00002.safetensors'), others)
    await writeSafetensors(inFolder('model-00002-of-00002.safetensors'), [first])
    const map = Object.fromEntries(others.map(({ name }) => [name, 'model-00001-of-00002.safetensors']))
    await write('model.safetensors.index.json', {
      metadata: { total_size: 1 },
      weight_map: { [first.name]: 'model-00002-of-00002.safetensors', ...map },
    })
    const whole = await openModelFiles(folder)
    await rm(weightsFile())
    const sharded = await openModelFiles(folder)
    expect(sharded.weightFiles).toEqual([
      inFolder('model-00001-of-00002.safetensors'),
      inFolder('model-00002-of-00002.safetensors'),
    ])
    expect(sharded.parameters).toBe(whole.parameters)

    await rm(inFolder('model-00002-of-00002.safetensors'))
    await expect(openModelFiles(folder)).rejects.toMatchObject({
      code: 'model_file_missing',
      details: { file: 'model-00002-of-00002.safetensors' },
    })
  })

  it.each(['../../etc/passwd.safetensors', '/abs.safetensors', 'a/b.safetensors', 'weights.bin'])(
    'does not follow an index to %s',
    async (shard) => {
      await rename(weightsFile(), inFolder('other.safetensors'))
      await write('model.safetensors.index.json', { weight_map: { x: shard } })
      await expect(openModelFiles(folder)).rejects.toMatchObject({ code: 'model_malformed' })
    },
  )

  it('prefers generation_config.json’s stop tokens, one or several', async () => {
    await write('generation_config.json', { eos_token_id: [3, 4] })
    expect((await openModelFiles(folder)).stopIds).toEqual([3, 4])
    await write('generation_config.json', { eos_token_id: 9 })
    expect((await openModelFiles(folder)).stopIds).toEqual([9])
    await write('generation_config.json', {})
    expect((await openModelFiles(folder)).stopIds).toEqual([258])
    await write('generation_config.json', { eos_token_id: 'end' })
    await expect(openModelFiles(folder)).rejects.toMatchObject({ code: 'model_malformed' })
  })

  it('finds the chat template in its file, as text, among named ones, or not at all', async () => {
    const text = async () => (await openModelFiles(folder)).chatTemplate?.text ?? null
    await change('tokenizer_config.json', {
      bos_token: { content: '<b>', lstrip: false },
      chat_template: [
        { name: 'tools', template: 'T' },
        { name: 'default', template: 'D' },
      ],
    })
    expect(await text()).toBe('D')
    expect((await openModelFiles(folder)).chatTemplate!.bosToken).toBe('<b>')
    await writeFile(inFolder('chat_template.jinja'), 'J')
    expect(await text()).toBe('J')
    await rm(inFolder('chat_template.jinja'))
    await rm(inFolder('tokenizer_config.json'))
    expect(await text()).toBeNull()
    expect((await openModelFiles(folder)).notes[0]).toMatch(/no chat template/)
  })

  it.each<[SafetensorsDtype, string]>([
    ['F16', 'float16'],
    ['BF16', 'bfloat16'],
  ])('takes weights stored as %s', async (dtype, name) => {
    const narrow = (await tensors()).map(({ data, ...rest }) => {
      const { length } = data as Float32Array // made by tensors() above
      return { ...rest, dtype, data: new Uint16Array(length) }
    })
    await writeSafetensors(weightsFile(), narrow)
    expect((await openModelFiles(folder)).dtype).toBe(name)
  })

  it('refuses weights stored as integers', async () => {
    const list = await tensors()
    const { length } = list[0].data as Float32Array // made by tensors() above
    await writeSafetensors(weightsFile(), [
      { ...list[0], dtype: 'I32', data: new Int32Array(length) },
      ...list.slice(1),
    ])
    await expect(openModelFiles(folder)).rejects.toMatchObject({ code: 'model_unsupported' })
  })

  it('says which file is missing, cut short or wrong', async () => {
    const fault = async (spoil: (copy: string) => Promise<unknown>) => {
      const copy = join(root, 'copy')
      await cp(folder, copy, { recursive: true })
      await spoil(copy)
      const error: unknown = await openModelFiles(copy).then(
        () => null,
        (reason: unknown) => reason,
      )
      await rm(copy, { recursive: true })
      return error
    }
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
      expect(await fault((copy) => rm(join(copy, file)))).toMatchObject({
        code: 'model_file_missing',
        details: { file },
      })
    }
    expect(await fault((copy) => truncate(join(copy, 'model.safetensors'), 5000))).toMatchObject({
      code: 'model_truncated',
      details: { actualBytes: 5000, path: expect.stringContaining('model.safetensors') },
    })
    expect(await fault((copy) => writeFile(join(copy, 'config.json'), '{'))).toMatchObject({
      code: 'model_malformed',
    })
    expect(
      await fault(async (copy) => {
        await rm(join(copy, 'model.safetensors'))
        await writeFile(join(copy, 'pytorch_model.bin'), '')
      }),
    ).toMatchObject({ code: 'model_unsupported', message: expect.stringContaining('run code') })
  })

  it('misses a tensor, and one of another shape', async () => {
    const list = await tensors()
    await writeSafetensors(weightsFile(), list.slice(0, -1))
    await expect(openModelFiles(folder)).rejects.toThrow(`${list.at(-1)!.name} is missing`)
    const flat = list.map((tensor) => ({ ...tensor, shape: [tensor.shape.reduce((a, b) => a * b)] }))
    await writeSafetensors(weightsFile(), flat)
    await expect(openModelFiles(folder)).rejects.toThrow('config.json asks for [259,16]')
  })
})

describe('a path', () => {
  const openPath = (path: string) => openModelFiles(path)

  it('may be a GGUF file, whatever its name, or a folder with one', async () => {
    const { input } = tinyGguf({ quantised: true })
    await mkdir(join(root, 'gguf'))
    const files = await openPath(writeGguf(join(root, 'gguf', 'weights.bin'), input))
    expect(files).toMatchObject({ format: 'gguf', dtype: 'Q8_0' })
    expect(files.notes[0]).toMatch(/dequantised/)
    await rename(join(root, 'gguf', 'weights.bin'), join(root, 'gguf', 'weights.gguf'))
    expect((await openPath(join(root, 'gguf'))).path).toBe(join(root, 'gguf', 'weights.gguf'))
    writeGguf(join(root, 'gguf', 'second.gguf'), input)
    await expect(openPath(join(root, 'gguf'))).rejects.toThrow('2 GGUF files')
  })

  it('may be wrong in several ways', async () => {
    await expect(openPath(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'model_path_missing' })
    await mkdir(join(root, 'empty'))
    await expect(openPath(join(root, 'empty'))).rejects.toMatchObject({ code: 'model_file_missing' })
    await writeFile(join(root, 'a.gguf'), 'GG')
    await expect(openPath(join(root, 'a.gguf'))).rejects.toMatchObject({ code: 'model_malformed' })
    await writeFile(join(root, 'b.gguf'), 'GGUF')
    await expect(openPath(join(root, 'b.gguf'))).rejects.toMatchObject({ code: 'model_truncated' })
    await writeFile(join(root, 'notes.txt'), 'hello')
    await expect(openPath(join(root, 'notes.txt'))).rejects.toMatchObject({ code: 'model_malformed' })
  })
})
