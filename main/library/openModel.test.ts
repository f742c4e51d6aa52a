import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { readModelRecord } from '../model/readModelRecord.ts'
import { Workspace } from '../store/workspace.ts'
import { openModel } from './openModel.ts'

let folder: string
let tiny: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-open-'))
  tiny = await writeTinyModel(join(folder, 'tiny'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('opening a model', () => {
  it('closes it at the end of the block that declares it', async () => {
    let forward: () => Promise<unknown>
    {
      await using model = await openModel(tiny, { cacheFolder: folder })
      forward = () => model.forward('a')
      await forward()
    }
    await expect(forward()).rejects.toMatchObject({
      code: 'model_closed',
      cure: expect.stringMatching(/await/),
    })
  })

  it('leaves a cache usable after the model is closed', async () => {
    const model = await openModel(tiny, { cacheFolder: folder })
    const { cache } = await model.runWithCache('ab')
    await model.close()
    expect((await cache.logitAttribution('a')).labels).toContain('1_mlp_out')
  })

  it('takes the name of a workspace’s model, and lets interventions read its runs', async () => {
    const workspaceFolder = join(folder, 'workspace')
    const workspace = Workspace.open(workspaceFolder)
    const record = await readModelRecord(tiny)
    workspace.models.put({
      ...record,
      id: 'tiny-one',
      addedAt: new Date().toISOString(),
      check: null,
      otherChecks: [],
    })
    const run = sampleRun()
    const { id } = workspace.runs.create({
      ...run,
      manifest: { ...run.manifest, tokenizerHash: record.tokenizerHash, modelHash: record.hash },
    })
    workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
    workspace.steps.append(sampleStep(id, 0, 0))
    const { hook, width } = sampleStep(id, 0, 0).captures[0]
    workspace.close()
    await using model = await openModel('tiny-one', { workspace: workspaceFolder, cacheFolder: folder })
    expect(model.shape.layers).toBe(2)
    const vector = { run: id, episode: 0, step: 0, at: 'lastPrompt' } as const
    const steering = model.forward('ab', {
      interventions: [
        { kind: 'add', hook: 'blocks.1.hook_resid_post', positions: 'lastPrompt', vector, alpha: 1 },
      ],
    })
    // That it knows the stored width shows that the run was read.
    await expect(steering).rejects.toThrow(new RegExp(`${width} values; ${hook} has 16`))
  })

  it('computes with rounded weights where asked, and then works nothing out from them', async () => {
    const prompt = 'Q1: Is it alive?'
    const [exact, rounded] = await Promise.all(
      (['float32', 'int8'] as const).map((dtype) => openModel('embedded', { dtype, cacheFolder: folder })),
    )
    const [{ data: floats }, { data: bytes }] = await Promise.all(
      [exact, rounded].map((model) => model.forward(prompt)),
    )
    const apart = floats.reduce((most, value, i) => Math.max(most, Math.abs(value - bytes[i])), 0)
    expect(apart).toBeGreaterThan(0)
    expect(apart).toBeLessThan(2)
    const { cache } = await rounded.runWithCache(prompt)
    for (const work of [
      () => cache.stackHeadResults(),
      () => cache.logitLens(),
      () => cache.logitAttribution('?'),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'weight_in_blocks' })
    expect(rounded.weights.names.filter((name) => name.includes('.blocks'))).toEqual([])
    await Promise.all([exact.close(), rounded.close()])
    const gguf = openModel('embedded', { dtype: 'gguf', cacheFolder: folder })
    await expect(gguf).rejects.toMatchObject({ code: 'dtype_unavailable' })
  })

  it.each([
    ['no-such-model', 'model_unknown'],
    ['./no/such/folder', 'model_path_missing'],
  ])('refuses what is not there: %s', async (name, code) => {
    const workspace = join(folder, 'empty')
    Workspace.open(workspace).close()
    await expect(openModel(name, { workspace, cacheFolder: folder })).rejects.toMatchObject({ code })
  })

  it('names what is near a name that nothing has, with a workspace or without', async () => {
    for (const options of [{}, { workspace: join(folder, 'empty') }]) {
      const opening = openModel('embeded', { ...options, cacheFolder: folder })
      await expect(opening).rejects.toMatchObject({
        code: 'model_unknown',
        cure: expect.stringMatching(/near it: embedded/),
      })
    }
    const elsewhere = openModel('embeded', { workspace: join(folder, 'none') })
    await expect(elsewhere).rejects.toMatchObject({ code: 'workspace_missing' })
  })

  it('refuses options that it does not have', async () => {
    await expect(openModel(tiny, { cachefolder: folder } as object)).rejects.toThrow(
      'openModel has no option “cachefolder”; near it: cacheFolder',
    )
    await expect(openModel(tiny, { dtype: 'float16' as 'float32' })).rejects.toThrow(
      /“dtype” is one of “float32”/,
    )
  })

  it('ends with the signal’s reason', async () => {
    const reason = new Error('enough')
    const opening = openModel(tiny, { cacheFolder: folder, signal: AbortSignal.abort(reason) })
    await expect(opening).rejects.toBe(reason)
  })
})
