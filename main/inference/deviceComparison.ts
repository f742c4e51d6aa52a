// Does a device compute what the processor computes with the same model?
// Owns: what is asked of both, comparing every hook point, changed rows, how fast each is. Not: starting either (jobs/devices/).
import type { DeviceSpeed } from '../contract/devices.ts'
import type { CheckResult, ModelShape } from '../contract/models.ts'
import { listHooks } from '../model/hookNames.ts'
import type { Reference } from '../model/referenceFile.ts'
import { makeIntervention, type Intervention } from './interventions.ts'
import {
  compareWithReference,
  referenceRequest,
  referenceResults,
  referenceRows,
  relativeError,
  selected,
} from './referenceCheck.ts'
import { deviceTolerance, selfCheck, type Generate } from './selfCheck.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'

const greedyTokens = 6
const speedRows = 4
const speedPrompt = 64
const speedAnswer = 8

/** What the processor computes. */
export interface ProcessorValues {
  reference: Reference
  steered: GenerateResult
}

interface Asked {
  shape: ModelShape
  /** Ids of any prompt of at least four tokens. */
  prompt: Int32Array
}

/** A gated, norm-matched addition at the middle layer, and queries of the first head set to zero: full and plain changes. */
function changes(shape: ModelShape): Intervention[] {
  const layer = Math.floor(shape.layers / 2)
  const ones = { data: new Float32Array(shape.residualWidth).fill(1), rows: 1, units: 1 }
  const everywhere = { phase: 'both', leavesSink: false, ifAbsent: 'error', positions: 'all' } as const
  return [
    makeIntervention(
      {
        ...{ name: 'addition', hook: `blocks.${layer}.hook_resid_post`, heads: null, ...everywhere },
        gate: { direction: ones, threshold: -1e30 },
        change: { kind: 'add', vector: ones, alpha: 0.5, unit: 'valueNorm', normMatched: true },
      },
      shape,
    ),
    makeIntervention(
      {
        ...{ name: 'ablation', hook: `blocks.${layer}.attn.hook_q`, heads: [0], ...everywhere },
        gate: null,
        change: { kind: 'zero' },
      },
      shape,
    ),
  ]
}

const steeredRequest = ({ shape, prompt }: Asked): GenerateRequest => ({
  ...referenceRequest({ ids: prompt }, [], greedyTokens),
  capture: { hooks: [`blocks.${shape.layers - 1}.hook_resid_post`], positions: 'all' },
  interventions: changes(shape),
})

/** Every hook point at every position of a prompt, logits, greedy tokens, and the same with interventions. */
export async function processorValues(generate: Generate, asked: Asked): Promise<ProcessorValues> {
  const { shape, prompt: ids } = asked
  const positions = Int32Array.from(ids, (_, index) => index)
  const points = listHooks(shape)
  const outside = points.filter(({ layer }) => layer === null)
  const first = await generate({
    ...referenceRequest({ ids }, outside, greedyTokens),
    wantLogits: true,
  })
  const hooks = new Map<string, Float32Array>()
  const keep = ({ captures }: GenerateResult): void => {
    for (const captured of captures)
      hooks.set(captured.hook, referenceRows(captured, { positions, ids }, shape))
  }
  keep(first)
  for (let layer = 0; layer < shape.layers; layer++)
    keep(
      await generate(
        referenceRequest(
          { ids },
          points.filter((point) => point.layer === layer),
          1,
        ),
      ),
    )
  const reference: Reference = {
    path: '',
    madeBy: {},
    ids,
    positions,
    greedy: first.completionIds,
    logits: selected(first.logits ?? new Float32Array(0), shape.vocabulary, positions),
    hooks,
  }
  return { reference, steered: await generate(steeredRequest(asked)) }
}

/**
 * A device against the processor at every hook point, and against itself as `selfCheck` does it, up to rounding.
 * @param onProgress  fraction 0 … 1
 */
export async function deviceResults(
  generate: Generate,
  { reference, steered }: ProcessorValues,
  asked: Asked,
  onProgress: (fraction: number) => void,
): Promise<CheckResult[]> {
  const comparison = await compareWithReference(generate, reference, asked.shape, (part) =>
    onProgress(0.5 * part),
  )
  const moved = await generate(steeredRequest(asked))
  const own = await selfCheck(generate, { ...asked, tolerance: deviceTolerance }, (part) =>
    onProgress(0.5 + 0.5 * part),
  )
  return [
    ...referenceResults(comparison).map((result) => ({
      ...result,
      name: result.name.replace(/^reference /, 'processor '),
    })),
    steeredResult(steered, moved),
    ...own,
  ]
}

function steeredResult(here: GenerateResult, there: GenerateResult): CheckResult {
  const sameIds = String(here.completionIds) === String(there.completionIds)
  const error = Math.max(
    relativeError(here.logProbabilities, there.logProbabilities),
    ...here.captures.map(({ all }, index) =>
      relativeError(all?.data ?? new Float32Array(0), there.captures[index].all?.data ?? new Float32Array(0)),
    ),
  )
  return {
    name: 'processor interventions',
    passed: sameIds && error <= deviceTolerance,
    largestError: Number.isFinite(error) ? error : null,
    detail: 'a gated addition and an ablated head: largest difference, as a part of the largest value',
  }
}

/** Null where the clock could not tell. Everything has run before in these shapes: a device compiles what it runs first. */
export async function measureSpeed(generate: Generate, { prompt }: Asked): Promise<DeviceSpeed | null> {
  let asked = 0
  const rows = async (maxNewTokens: number): Promise<number> => {
    const began = performance.now()
    await Promise.all(
      Array.from({ length: speedRows }, () => {
        asked++ // no two prompts begin alike: what is kept of one is of no use to another
        const ids = Int32Array.from(
          { length: speedPrompt },
          (_, at) => prompt[(at * asked + at + asked) % prompt.length],
        )
        return generate(referenceRequest({ ids }, [], maxNewTokens))
      }),
    )
    return (performance.now() - began) / 1000
  }
  await rows(1 + speedAnswer)
  const promptSeconds = await rows(1)
  const seconds = await rows(1 + speedAnswer)
  if (!(seconds > promptSeconds)) return null
  return {
    prompt: (speedRows * speedPrompt) / promptSeconds,
    answer: (speedRows * speedAnswer) / (seconds - promptSeconds),
  }
}
