import { Command } from 'commander'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CollectSettings } from '../contract/runs.ts'
import { collectSettings } from '../contract/runs.ts'
import {
  addCollectOptions,
  collectOptionNames,
  collectSettingsOf,
  type CollectOptions,
} from './collectOptions.ts'
import { namingOptions } from './options.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-options-'))
  writeFileSync(join(folder, 'two.txt'), 'Cat\r\n\n  Dog  \n')
  writeFileSync(join(folder, 'none.txt'), '\n\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Settings for a model of four layers. */
function read(line: string): Promise<CollectSettings> {
  const command = addCollectOptions(new Command('collect'))
    .exitOverride()
    .configureOutput({ writeErr() {} })
  const words = line === '' ? [] : line.replaceAll('FOLDER', folder).split(' ')
  command.parse(['--model', 'm', ...words], { from: 'user' })
  return namingOptions(collectOptionNames, () => collectSettingsOf(command.opts<CollectOptions>(), 'm', 4))
}

test('without options the settings are the contract’s defaults, with the middle layer captured', async () => {
  const defaults = collectSettings.parse({
    modelId: 'm',
    environment: { name: 'twenty_questions' },
    oracle: { kind: 'kb' },
    sampling: {},
    capture: { hooks: ['blocks.2.hook_resid_post'] },
  })
  expect(await read('')).toEqual(defaults)
})

test('options become settings', async () => {
  const game = await read(
    '--objects FOLDER/two.txt --max-steps 7 --layers 3,0,3 --hooks ln_final.hook_normalized',
  )
  expect(game.environment).toMatchObject({ objects: ['Cat', 'Dog'], maxSteps: 7 })
  expect(game.capture.hooks).toEqual([
    'blocks.0.hook_resid_post',
    'blocks.3.hook_resid_post',
    'ln_final.hook_normalized',
  ])
  const hunt = await read('--environment number_hunt --up-to 50 --stop <a>,<b> --layers none')
  expect(hunt.environment).toMatchObject({ name: 'number_hunt', upTo: 50, maxSteps: 10 })
  expect(hunt.sampling.stopTokens).toEqual(['<a>', '<b>'])
  expect(hunt.capture.hooks).toEqual([])
  const endpoint = await read('--oracle openai --oracle-url http://127.0.0.1/v1 --oracle-timeout 500')
  expect(endpoint.oracle).toMatchObject({ baseUrl: 'http://127.0.0.1/v1', timeoutMs: 500, retries: 4 })
  expect((await read('--oracle human')).oracle).toEqual({ kind: 'human' })
})

test.each([
  ['--episodes 0', '--episodes'],
  ['--temperature -1', '--temperature'],
  ['--top-k -1', '--top-k'],
  ['--top-p 0', '--top-p'],
  ['--max-new-tokens 0', '--max-new-tokens'],
  ['--max-steps 0', '--max-steps'],
  ['--batch 257', '--batch'],
  ['--seed -1', '--seed'],
  ['--objects FOLDER/none.txt', '--objects'],
  ['--objects FOLDER/absent.txt', '--objects'],
  ['--environment number_hunt --up-to 1', '--up-to'],
  ['--oracle openai --oracle-url nonsense', '--oracle-url'],
  ['--oracle openai --oracle-timeout 1', '--oracle-timeout'],
  ['--oracle openai --oracle-retries 21', '--oracle-retries'],
])('“%s” is refused by the name of the option', async (line, option) => {
  await expect(read(line)).rejects.toMatchObject({ code: 'invalid_input', details: { field: option } })
})

test.each(['--episodes 1.5', '--temperature warm', '--layers 0,x', '--oracle delphi', '--shiny'])(
  '“%s” is not understood',
  async (line) => {
    await expect(async () => read(line)).rejects.toThrow(/invalid|unknown/)
  },
)

test('a layer that the model has not is named', async () => {
  await expect(read('--layers 4')).rejects.toMatchObject({ code: 'layer_out_of_range' })
})
