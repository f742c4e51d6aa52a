// Our side of the speed benchmark: prompts through the engine's worker as users have it, answers as forward passes over rows that have their context behind
// them already, each with the draw of its token. The keys and values behind them are random: their numbers change no cost, and differ in all rows.
import { seededGenerator } from '../../main/analysis/seededGenerator.ts'
import type { ModelShape } from '../../main/contract/models.ts'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import { KeyValueCache, roundPositions } from '../../main/inference/keyValueCache.ts'
import type { StepSampling } from '../../main/inference/requests.ts'
import { Sampler } from '../../main/inference/sampling.ts'
import { DecoderSession } from '../../main/inference/session.ts'
import { bytesPerPosition } from '../../main/model/memoryEstimate.ts'
import type { DecoderConfig, WeightMap } from '../../main/model/modelFiles.ts'
import type { CellFigures, CellJob, CellPlace } from './cells.ts'
import { measured, median, spread, type Measured } from './measuring.ts'

interface Model {
  config: DecoderConfig
  weights: WeightMap
}

const repeats = 3
/** Wall seconds of one repeat, at least. */
const repeatSeconds = 0.4
/** Of the memory that is free, so much may be keys and values. */
const memoryShare = 0.5

const never = new AbortController().signal
const random = seededGenerator('speed')
const tokens = ({ vocabulary }: ModelShape, count: number): Int32Array =>
  Int32Array.from({ length: count }, () => Math.floor(random() * vocabulary))
const greedy = (maxNewTokens: number): StepSampling => ({
  ...{ temperature: 0, topK: 0, topP: 1, stopIds: [], seed: '' },
  maxNewTokens,
})

/** @param count  tokens of one repeat */
function figures(times: readonly Measured<unknown>[], count: number): CellFigures {
  const cores = times.map(({ coreSeconds }) => coreSeconds)
  return {
    tokensPerCoreSecond: count / median(cores),
    tokensPerSecond: count / median(times.map(({ wallSeconds }) => wallSeconds)),
    spread: cores.length > 1 ? spread(cores) : null,
  }
}

const tooSlow = (seconds: number): CellFigures => ({ skipped: `would take ${Math.ceil(seconds)} s` })

/** Why so many rows cannot be held; null where they can. */
function tooLarge(shape: ModelShape, { batch, context }: CellPlace): CellFigures | null {
  if (context >= shape.contextLength) return { skipped: `the model has ${shape.contextLength} positions` }
  const bytes = batch * roundPositions(context + 1) * bytesPerPosition(shape)
  if (bytes <= memoryShare * process.availableMemory()) return null
  return { skipped: `needs ${(bytes / 2 ** 30).toFixed(1)} GiB of keys and values` }
}

/** All of a job's cells, in its order. */
export async function measureOurs(model: Model, job: CellJob): Promise<(CellPlace & CellFigures)[]> {
  const found = new Map<CellPlace, CellFigures>()
  const of = (kind: CellPlace['kind']) => job.places.filter((place) => place.kind === kind)
  await measurePrompts(model, job, of('prefill'), found)
  await measureAnswers(model, job, of('decode'), found)
  return job.places.map((place) => ({ ...place, ...found.get(place)! }))
}

async function measurePrompts(
  { config, weights }: Model,
  { threads, cellSeconds }: CellJob,
  places: readonly CellPlace[],
  found: Map<CellPlace, CellFigures>,
): Promise<void> {
  if (places.length === 0) return
  const maxRows = Math.max(...places.map(({ batch }) => batch))
  const client = await InferenceClient.open({ config, weights, threads, maxRows }, never)
  const answer = (batch: number, context: number) =>
    measured(() =>
      Promise.all(
        Array.from({ length: batch }, () =>
          client.generate(
            {
              promptIds: tokens(config.shape, context),
              earlierPrompts: [],
              sampling: greedy(1),
              capture: { hooks: [], positions: 'decision' },
            },
            never,
          ),
        ),
      ),
    )
  try {
    await answer(1, 256)
    let tokensPerSecond = 256 / (await answer(1, 256)).wallSeconds
    for (const place of places) {
      const { batch, context } = place
      const seconds = (batch * context) / tokensPerSecond
      const reason = tooLarge(config.shape, place) ?? (seconds > cellSeconds ? tooSlow(seconds) : null)
      if (reason) {
        found.set(place, reason)
        continue
      }
      const times = []
      for (let repeat = 0; repeat < repeats && (repeat + 1) * seconds <= cellSeconds; repeat++)
        times.push(await answer(batch, context))
      found.set(place, figures(times, batch * context))
      if (batch === 1) tokensPerSecond = context / times[0].wallSeconds // attention makes longer prompts slower
    }
  } finally {
    await client.close()
  }
}

async function measureAnswers(
  { config, weights }: Model,
  { threads, cellSeconds }: CellJob,
  places: readonly CellPlace[],
  found: Map<CellPlace, CellFigures>,
): Promise<void> {
  if (places.length === 0) return
  const session = await DecoderSession.create(config, weights, { threads })
  const scratch = new Float64Array(config.shape.vocabulary)
  try {
    for (const place of places) {
      found.set(
        place,
        tooLarge(config.shape, place) ?? (await answerRate(session, place, scratch, cellSeconds)),
      )
    }
  } finally {
    await session.release()
  }
}

async function answerRate(
  session: DecoderSession,
  { batch, context }: CellPlace,
  scratch: Float64Array,
  cellSeconds: number,
): Promise<CellFigures> {
  const cache = filledCache(session.config.shape, batch, roundPositions(context + 1))
  const samplers = Array.from({ length: batch }, () => new Sampler(greedy(1), scratch))
  const pass = async (): Promise<void> => {
    const rows = samplers.map((_, slot) => ({
      ...{ slot, kept: context, logits: 'last' as const },
      tokens: tokens(session.config.shape, 1),
    }))
    const { logits } = await session.forward(rows, 1, cache, [])
    samplers.forEach((sampler, row) =>
      sampler.choose(logits.subarray(row * scratch.length, (row + 1) * scratch.length)),
    )
  }
  await pass()
  const { wallSeconds } = await measured(pass)
  if (repeats * wallSeconds > cellSeconds) return tooSlow(repeats * wallSeconds)
  const passes = Math.ceil(repeatSeconds / wallSeconds)
  const times = []
  for (let repeat = 0; repeat < repeats; repeat++)
    times.push(
      await measured(async () => {
        for (let each = 0; each < passes; each++) await pass()
      }),
    )
  return figures(times, batch * passes)
}

function filledCache(shape: ModelShape, slots: number, positions: number): KeyValueCache {
  const cache = new KeyValueCache(shape)
  cache.resize(slots, positions)
  const some = Float32Array.from({ length: 2 ** 16 }, () => random() - 0.5)
  for (let layer = 0; layer < shape.layers; layer++)
    for (const buffer of Object.values(cache.view(layer, 0, slots)) as Float32Array[])
      for (let at = 0; at < buffer.length; at += some.length)
        buffer.set(some.subarray(0, Math.min(some.length, buffer.length - at)), at)
  return cache
}
