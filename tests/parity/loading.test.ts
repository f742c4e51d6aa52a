// Loading real weights takes seconds in native code; a run may be stopped at any of them.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LoadedModel } from '../../main/jobs/loadedModel.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'

let cacheFolder: string
beforeAll(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), 'innerview-loading-'))
})
afterAll(() => rm(cacheFolder, { recursive: true, force: true }))

const ignore = (): void => {}
const never = new AbortController().signal

test.skipIf(!existsSync(smolLM2Path))(
  'a model whose loading is stopped at any moment can be loaded again',
  async () => {
    for (const afterMs of [0, 50, 200, 500, 1000, 2000]) {
      const stop = new AbortController()
      const reason = new Error('stopped')
      const timer = setTimeout(() => stop.abort(reason), afterMs)
      const opening = LoadedModel.open(
        await openModelFiles(smolLM2Path),
        { cacheFolder, rows: 2 },
        ignore,
        stop.signal,
      )
      const result = await opening.catch((error: unknown) => error)
      clearTimeout(timer)
      if (result instanceof LoadedModel) await result.close()
      else expect(result).toBe(reason)
    }
    const model = await LoadedModel.open(
      await openModelFiles(smolLM2Path),
      { cacheFolder, rows: 2 },
      ignore,
      never,
    )
    expect(model.shape.layers).toBe(30)
    const open = model.generate(
      {
        promptIds: Int32Array.of(1, 2, 3),
        earlierPrompts: [],
        sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 400, stopIds: [], seed: 'x' },
        capture: { hooks: [], positions: 'decision' },
      },
      never,
    )
    const refused = expect(open).rejects.toMatchObject({ code: 'session_lost' })
    await model.close()
    await refused
  },
)
