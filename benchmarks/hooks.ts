// What hooks and interventions cost on a real model, in the shape of the collect job's steps, beside transformers with forward hooks in the same run.
//   node benchmarks/hooks.ts --model PATH [--rows 16] [--kept 480] [--prompt 60] [--new 44] [--repeats 3] [--ways "all residuals read,…"]
//     [--threads 1] [--peer PYTHON] [--out FILE]
// Owns: measuring. Not: the passes. All rows are answered at once; each has `kept` tokens behind it that are not run again. Every way is timed right after
// the plain one, so that both meet the same machine; what is told is the median of the pairs. Seconds are core-seconds (processor time of the whole
// process). Values are read at the decision points. The peer has the same prompts without what is kept, in one batch without padding.
import { parseArgs } from 'node:util'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import type { HookedFunction } from '../main/inference/hookFunctions.ts'
import { InferenceClient } from '../main/inference/inferenceClient.ts'
import { makeIntervention, type Intervention } from '../main/inference/interventions.ts'
import type { GenerateRequest } from '../main/inference/requests.ts'
import { measured, median, rounded, spread } from './shared/measuring.ts'
import { modelPath, openWeights, peerModel } from './shared/models.ts'
import { askPeer } from './shared/peers.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    rows: { type: 'string', default: '16' },
    kept: { type: 'string', default: '480' },
    prompt: { type: 'string', default: '60' },
    new: { type: 'string', default: '44' },
    repeats: { type: 'string', default: '3' },
    ways: { type: 'string' },
    threads: { type: 'string', default: '1' },
    peer: { type: 'string' },
    out: { type: 'string' },
  },
})
const path = modelPath(options.model)
const [rows, keptTokens, promptTokens, newTokens, repeats, threads] = [
  options.rows,
  options.kept,
  options.prompt,
  options.new,
  options.repeats,
  options.threads,
].map(Number)
const never = new AbortController().signal

interface Way {
  name: string
  hooks?: string[]
  intervention?: Intervention
  run?: HookedFunction
}

type Draw = () => { kept: number[]; prompts: number[][] }

/** Core-seconds of one batch; other prompts each time, so that nothing is taken over from the time before. */
async function timed(
  client: InferenceClient,
  way: Way,
  { kept, prompts }: ReturnType<Draw>,
): Promise<number> {
  const { hooks = [], intervention, run } = way
  const request = (ids: readonly number[]): GenerateRequest => ({
    promptIds: Int32Array.from([...kept, ...ids]),
    earlierPrompts: kept.length > 0 ? [Int32Array.from(kept)] : [],
    sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: newTokens, stopIds: [], seed: '' },
    capture: { hooks, positions: 'decision' },
    interventions: intervention ? [intervention] : [],
  })
  const { coreSeconds } = await measured(() =>
    Promise.all(prompts.map((ids) => client.generate(request(ids), never, run ? [run] : []))),
  )
  return coreSeconds
}

function waysOf({ config: { shape } }: InferenceClient): Way[] {
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer)
  const middle = Math.floor(shape.layers / 2)
  const residual = `blocks.${middle}.hook_resid_post`
  const random = seededGenerator('direction')
  const data = Float32Array.from({ length: shape.residualWidth }, () => random() - 0.5)
  const push = makeIntervention(
    {
      name: 'push',
      hook: residual,
      heads: null,
      positions: 'all',
      phase: 'both',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: {
        kind: 'add',
        vector: { data, rows: 1, units: 1 },
        alpha: 1,
        unit: 'vector',
        normMatched: false,
      },
    },
    shape,
  )
  return [
    { name: 'one residual read', hooks: [residual] },
    { name: 'all residuals read', hooks: layers.map((layer) => `blocks.${layer}.hook_resid_post`) },
    { name: 'one pattern read', hooks: [`blocks.${middle}.attn.hook_pattern`] },
    { name: 'all patterns read', hooks: layers.map((layer) => `blocks.${layer}.attn.hook_pattern`) },
    { name: 'steered at one residual', intervention: push },
    { name: 'a function at one residual', run: { hook: residual, run: () => {} } },
  ]
}

interface Pair {
  way: string
  coreSeconds: number
  /** Of the plain way, timed with it. */
  plainCoreSeconds: number
  ratio: number
  spread: number
}

async function measure(draw: Draw): Promise<{ name: string; pairs: Pair[] }> {
  const { name, config, weights } = await openWeights(path)
  const open = () => InferenceClient.open({ config, weights, maxRows: rows, threads }, never)
  // A graph that can be changed is another one: the plain way is timed in its own.
  const [plain, changed] = [await open(), await open()]
  const wanted = options.ways?.split(',')
  const pairs: Pair[] = []
  try {
    for (const way of waysOf(plain).filter((each) => wanted?.includes(each.name) ?? true)) {
      const client = way.intervention || way.run ? changed : plain
      for (const [each, doing] of [
        [plain, { name: 'none' }],
        [client, way],
      ] as const)
        await timed(each, doing, draw())
      const [withIt, without]: number[][] = [[], []]
      for (let repeat = 0; repeat < repeats; repeat++) {
        const prompts = draw()
        without.push(await timed(plain, { name: 'none' }, prompts))
        withIt.push(await timed(client, way, prompts))
      }
      const ratios = withIt.map((seconds, repeat) => seconds / without[repeat])
      pairs.push({
        way: way.name,
        coreSeconds: median(withIt),
        plainCoreSeconds: median(without),
        ratio: median(ratios),
        spread: spread(ratios),
      })
    }
  } finally {
    await plain.close()
    await changed.close()
  }
  return { name, pairs }
}

interface PeerAnswer {
  versions: Record<string, string>
  coreSeconds: Record<string, number>
}

function measurePeer(python: string, name: string, draw: Draw): PeerAnswer | null {
  const model = peerModel(python, path, name)
  const batches = Array.from({ length: repeats + 1 }, () => draw().prompts)
  return model && askPeer<PeerAnswer>(python, 'hooksTransformers', { model, batches, newTokens, threads })
}

/** New prompts at each call, the same for both sides. */
function drawing(seed: string, vocabulary: number): Draw {
  const random = seededGenerator(seed)
  const ids = (length: number): number[] => Array.from({ length }, () => Math.floor(random() * vocabulary))
  const kept = ids(keptTokens)
  return () => ({ kept, prompts: Array.from({ length: rows }, () => ids(promptTokens)) })
}

const leastVocabulary = 1500 // of the models that benchmarks use
const { name, pairs } = await measure(drawing('hooks', leastVocabulary))
console.log(
  `${name}: ${rows} rows of ${keptTokens} + ${promptTokens} + ${newTokens} tokens, times the plain way`,
)
console.table(
  Object.fromEntries(
    pairs.map(({ way, ratio, spread: apart, coreSeconds }) => [
      way,
      {
        'core-seconds': rounded(coreSeconds),
        'times plain': Number(ratio.toFixed(3)),
        spread: `${(100 * apart).toFixed(1)} %`,
      },
    ]),
  ),
)
const peer = options.peer ? measurePeer(options.peer, name, drawing('hooks', leastVocabulary)) : null
if (peer) {
  const { none } = peer.coreSeconds
  console.log('transformers with forward hooks, times the plain way')
  console.table(
    Object.fromEntries(
      Object.entries(peer.coreSeconds).map(([way, seconds]) => [way, rounded(seconds / none)]),
    ),
  )
}
const asked = {
  model: name,
  rows,
  keptTokens,
  promptTokens,
  newTokens,
  repeats,
  threads,
  ways: pairs.map(({ way }) => way).join(),
}
await addRecord(options.out, { ...asked, pairs, peer }, (earlier) =>
  Object.entries(asked).every(([key, value]) => earlier[key as keyof typeof asked] === value),
)
