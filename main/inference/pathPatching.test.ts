// What a path patch is made of; its numbers stand beside PyTorch's in tests/parity/interventions.test.ts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { pathPatch, type Ask, type PathPatch } from './pathPatching.ts'
import type { GenerateRequest } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { DecoderSession } from './session.ts'

let folder: string
let session: DecoderSession
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paths-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model'), { layers: 3 }))
  const weights = await prepareWeights(files, { cacheFolder: folder })
  session = await DecoderSession.create(files.config, weights, { threads: 1 })
})
afterAll(async () => {
  await session.release()
  await rm(folder, { recursive: true })
})

const ids = (seed: number, length = 12): Int32Array =>
  Int32Array.from({ length }, (_, index) => (index * index * 31 + seed) % 259)
const ask: Ask = (request) => new Scheduler(session, { maxRows: 1, cacheBytes: 2 ** 24 }).submit(1, request)
const patch = (further: Partial<PathPatch> = {}): PathPatch => ({
  clean: ids(1),
  corrupted: ids(2),
  sender: { hook: 'blocks.0.attn.hook_z', heads: [1] },
  receivers: [{ hook: 'blocks.2.hook_resid_post' }],
  holdMlps: true,
  ...further,
})
const logits = async (further: Partial<PathPatch> = {}): Promise<Float32Array> =>
  (await pathPatch(ask, patch(further), session.config.shape)).logits!.subarray(0, 12 * 259) // asked for
const furthest = (one: Float32Array, other: Float32Array): number =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index])), 0)

const request = (promptIds: Int32Array): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' },
  capture: { hooks: [], positions: 'all' },
})
const plain = async (promptIds: Int32Array): Promise<Float32Array> =>
  (await ask({ ...request(promptIds), wantLogits: true })).logits!.subarray(0, 12 * 259) // asked for

describe('a path patch', () => {
  it('from a prompt to itself changes nothing', async () => {
    expect(furthest(await logits({ corrupted: ids(1) }), await plain(ids(1)))).toBeLessThan(1e-5)
  })

  it('changes the answer, and less of it where MLPs do not answer to the sender', async () => {
    const clean = await plain(ids(1))
    const held = await logits()
    const answering = await logits({ holdMlps: false })
    expect(furthest(held, clean)).toBeGreaterThan(1e-3)
    expect(furthest(held, answering)).toBeGreaterThan(1e-3)
  })

  it('along the residual stream alone adds the sender’s own output, nothing else', async () => {
    const hooks = ['blocks.0.hook_attn_out', 'blocks.2.hook_resid_post']
    const capture = { hooks, positions: 'all' as const }
    const own = (await ask({ ...request(ids(1)), capture })).captures
    const other = (await ask({ ...request(ids(2)), capture })).captures
    const asked: GenerateRequest[] = []
    await pathPatch(
      (each) => {
        asked.push(each)
        return ask(each)
      },
      patch({ sender: { hook: 'blocks.0.hook_attn_out' } }),
      session.config.shape,
    )
    const received = asked.at(-1)!.interventions![0].change
    const values = received.kind === 'replace' ? received.table.data : new Float32Array(0)
    const expected = values.map(
      (_, index) => own[1].all!.data[index] + other[0].all!.data[index] - own[0].all!.data[index],
    )
    expect(values).toHaveLength(12 * 16)
    expect(furthest(values, expected)).toBeLessThan(1e-5)
  })

  it.each([
    ['hook_z', 'attn.hook_q'],
    ['hook_z', 'mlp.hook_pre'],
    ['hook_z', 'ln2.hook_normalized'],
    ['hook_z', 'hook_mlp_out'],
    ['hook_mlp_out', 'attn.hook_v'],
    ['mlp.hook_post', 'hook_resid_mid'],
    ['hook_resid_pre', 'ln1.hook_normalized'],
  ])('reaches what may receive: %s → %s', async (from, to) => {
    const sender = { hook: `blocks.0.${from === 'hook_z' ? 'attn.' : ''}${from}` }
    const receivers = [{ hook: `blocks.1.${to}` }]
    const patched = await logits({ sender, receivers, holdMlps: false })
    expect(furthest(patched, await plain(ids(1)))).toBeGreaterThan(1e-4)
  })

  it.each<[string, Partial<PathPatch>, string]>([
    ['prompts of different lengths', { corrupted: ids(2, 11) }, 'invalid_input'],
    ['a pattern as sender', { sender: { hook: 'blocks.0.attn.hook_pattern' } }, 'invalid_input'],
    ['an unknown receiver', { receivers: [{ hook: 'blocks.2.hook_resid' }] }, 'hook_unknown'],
    [
      'a head beyond the last',
      { sender: { hook: 'blocks.0.attn.hook_z', heads: [4] } },
      'intervention_invalid',
    ],
    ['no receiver', { receivers: [] }, 'invalid_input'],
    ['a receiver before the sender', { receivers: [{ hook: 'blocks.0.attn.hook_q' }] }, 'invalid_input'],
    ['the sender itself', { receivers: [{ hook: 'blocks.0.attn.hook_z' }] }, 'invalid_input'],
    ['heads that are held', { receivers: [{ hook: 'blocks.2.attn.hook_z' }] }, 'invalid_input'],
    ['what follows from those', { receivers: [{ hook: 'blocks.2.hook_attn_out' }] }, 'invalid_input'],
    ['single heads’ results', { receivers: [{ hook: 'blocks.2.attn.hook_result' }] }, 'invalid_input'],
    ['an MLP that is held', { receivers: [{ hook: 'blocks.2.hook_mlp_out' }] }, 'invalid_input'],
    ['a sender whose way out is held', { sender: { hook: 'blocks.0.attn.hook_v' } }, 'invalid_input'],
    ['a norm before attention', { sender: { hook: 'blocks.0.ln1.hook_normalized' } }, 'invalid_input'],
    ['neurons of an MLP that is held', { sender: { hook: 'blocks.0.mlp.hook_post' } }, 'invalid_input'],
  ])('is refused: %s', async (_, further, code) => {
    await expect(logits(further)).rejects.toMatchObject({ code })
  })
})
