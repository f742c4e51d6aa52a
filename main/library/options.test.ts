import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { principalComponents } from '../analysis/principalComponents.ts'
import { probeFeatures } from '../analysis/probes/probeFeatures.ts'
import { DirectionSearch } from '../analysis/steering/directionSearch.ts'
import { detectableEffect } from '../analysis/steering/sensitivity.ts'
import { simulatedPower } from '../analysis/steering/simulatedSweep.ts'
import type { Model } from './model.ts'
import { openModel } from './openModel.ts'
import { pathPatch } from './pathPatch.ts'
import { openEnvironment } from './shippedEnvironments.ts'
import { contrastVectors } from './steering.ts'
import { TrajectoryCapture } from './trajectoryCapture.ts'

let folder: string
let model: Model

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-options-'))
  model = await openModel(await writeTinyModel(join(folder, 'tiny')), { cacheFolder: folder, threads: 1 })
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

describe('an option that is none', () => {
  it.each([
    ['forward', { intervention: [] }, /forward has no option “intervention”; near it: interventions/],
    ['forward', { seed: [1] }, /“seed” is a number or a text, not a list/],
    ['forward', { step: 1.5 }, /“step” is a whole number from 0 on, not 1.5/],
    ['forward', null, /forward takes its options as one object, not null/],
    ['forward', [], /forward takes its options as one object, not a list/],
    ['runWithCache', { name: 'hook_embed' }, /runWithCache has no option “name”; near it: names/],
    ['runWithCache', { names: [4] }, /named by texts, regular expressions or functions/],
    ['runWithHooks', { fwdHook: [] }, /runWithHooks has no option “fwdHook”; near it: fwdHooks/],
    ['runWithHooks', {}, /wants fwdHooks/],
    ['generate', { maxNewToken: 3 }, /generate has no option “maxNewToken”; near it: maxNewTokens/],
    ['generate', { wantLogits: 'yes' }, /“wantLogits” is true or false, not "yes"/],
    ['generate', { signal: 'stop' }, /“signal” is an AbortSignal, not "stop"/],
  ] as const)('is refused by %s: %o', async (method, options, message) => {
    const run = model[method]('ab', options as unknown as { fwdHooks: [] })
    await expect(run).rejects.toThrow(TypeError)
    await expect(run).rejects.toThrow(message)
  })

  it('is refused by everything that a cache works out', async () => {
    const { cache } = await model.runWithCache('ab')
    const calls: [options: object, message: RegExp, call: (options: object) => unknown][] = [
      [
        { layr: 2 },
        /accumulatedResid has no option “layr”; near it: layer/,
        (o) => cache.accumulatedResid(o),
      ],
      [
        { mode: 'atn' },
        /decomposeResid: “mode” is one of “all”, “attn”, “mlp”, not “atn”/,
        (o) => cache.decomposeResid(o),
      ],
      [{ applyLn: 1 }, /“applyLn” is true or false, not 1/, (o) => cache.decomposeResid(o)],
      [{ norm: 'fnal' }, /logitLens: “norm” is one of “own”, “final”, not “fnal”/, (o) => cache.logitLens(o)],
      [{ incorrectToken: 1 }, /near it: incorrectTokens/, (o) => cache.logitAttribution(1, o)],
      [{ remainder: true }, /near it: inclRemainder/, (o) => cache.stackHeadResults(o)],
      [{ neuron: [1] }, /near it: neurons/, (o) => cache.stackNeuronResults(o)],
      [{ expandNeuron: false }, /near it: expandNeurons/, (o) => cache.fullResidDecomposition(o)],
      [
        { position: 1 },
        /stackActivation has no option “position”/,
        (o) => cache.stackActivation('attn.hook_z', o),
      ],
      [
        { pos: 1 },
        /applyLnToStack has no option “pos”/,
        (o) => cache.applyLnToStack(cache.decomposeResid(), o),
      ],
    ]
    for (const [options, message, call] of calls)
      await expect(Promise.resolve().then(() => call(options))).rejects.toThrow(message)
  })

  it('is refused beside a model, too', async () => {
    expect(() => new TrajectoryCapture(model, { hooks: ['hook_embed'] } as object)).toThrow(
      /no option “hooks”/,
    )
    expect(() => model.tokenizer.toTokens('a', { prependBOS: true } as object)).toThrow(/near it: prependBos/)
    const ends = { sender: { hook: 'blocks.0.attn.hook_z', head: [0] }, receivers: [] }
    await expect(pathPatch(model, { clean: 'ab', corrupted: 'ba', ...ends } as never)).rejects.toThrow(
      /an end of a path has no option “head”; near it: heads/,
    )
    expect(() => openEnvironment({ name: 'number_hunt', maxStep: 3 } as never)).toThrow(/near it: maxSteps/)
    const [four, pair] = [Float32Array.of(1, 2, 3, 5), [0, 1]]
    expect(() => principalComponents(four, 2, { cont: 1 } as never)).toThrow(/near it: count/)
    expect(() => detectableEffect({ episodes: 9, steps: 9, rates: 0.5 } as never)).toThrow(/near it: rate/)
    expect(() => probeFeatures(four, pair, pair, { standardise: true } as never)).toThrow(
      /near it: standardize/,
    )
    expect(() => new DirectionSearch({ component: 1 } as never)).toThrow(/near it: components/)
    expect(() => simulatedPower({ alpha: [1] } as never, { trials: 1, seed: 1 })).toThrow(/near it: alphas/)
    expect(() => contrastVectors({} as never, { toward: 0 } as never)).toThrow(
      /toward: there is no such setting; near it: towards/,
    )
  })
})
