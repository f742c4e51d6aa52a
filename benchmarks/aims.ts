// The aims, each with what was measured, on the model that most was measured of.
//   node benchmarks/aims.ts [--results benchmarks/results] [--model SmolLM2-135M-Instruct.Q4_1]
// Owns: which figure an aim rests on. Not: measuring. An aim that nothing was measured for has no figure; none is taken as met.
import { parseArgs } from 'node:util'
import type { ComputeDtype } from '../main/contract/models.ts'
import { ours, rateAt, type CellPlace } from './shared/cells.ts'
import { limitAt } from './shared/limits.ts'
import { rounded } from './shared/measuring.ts'
import { readResults, type Results } from './shared/results.ts'

const { values: options } = parseArgs({
  options: {
    results: { type: 'string', default: 'benchmarks/results' },
    model: { type: 'string', default: 'SmolLM2-135M-Instruct.Q4_1' },
  },
})

interface Aim {
  aim: string
  /** At least this ratio (ours : theirs), or at most. */
  least?: number
  most?: number
  measured: number | null
  beside: number | null
  ratio: number | null
  /** Of the most that machine.ts says the machine could do; null where that was not measured. */
  ofLimit: number | null
}

function speedAim(
  results: Results,
  place: CellPlace,
  { dtype, engine, least }: { dtype: ComputeDtype; engine: string; least: number },
): Aim {
  const record = (name: string) =>
    results.speed.find(
      (each) =>
        each.engine === name && each.dtype === dtype && each.threads === 1 && each.model === options.model,
    )
  const own = record(ours)
  const [measured, beside] = [rateAt(own, place), rateAt(record(engine), place)]
  const machine = results.machine.at(-1)
  const { kind, batch, context } = place
  return {
    aim: `${kind} ${dtype} ${batch} × ${context}, tokens per core-second : ${engine}`,
    ...{ least, measured, beside },
    ratio: measured === null || beside === null ? null : measured / beside,
    ofLimit: own?.cost && machine && measured !== null ? measured / limitAt(own.cost, machine, place) : null,
  }
}

function collectAim({ collect }: Results, peer: string, least: number): Aim {
  const record = collect.findLast(({ innerview, peers }) => innerview.model === options.model && peers[peer])
  const measured = record?.innerview.coreSecondsPer1000Steps ?? null
  const beside = record?.peers[peer].coreSecondsPer1000Steps ?? null
  const ratio = measured === null || beside === null ? null : beside / measured
  return {
    aim: `collect, core-seconds per 1000 steps : ${peer}`,
    least,
    measured,
    beside,
    ratio,
    ofLimit: null,
  }
}

function sweepAim({ sweep }: Results): Aim {
  const record = sweep.findLast(({ model }) => model === options.model)
  return {
    aim: 'sweep of six conditions, core-seconds : six collects',
    most: 0.6,
    measured: record?.sweepCoreSeconds ?? null,
    beside: record?.collectsCoreSeconds ?? null,
    ratio: record?.coreRatio ?? null,
    ofLimit: null,
  }
}

function hooksAim({ hooks }: Results, way: string, most: number): Aim {
  const pair = hooks
    .filter(({ model }) => model === options.model)
    .flatMap(({ pairs }) => pairs)
    .findLast((each) => each.way === way)
  return {
    aim: `${way} : plain`,
    most,
    measured: null,
    beside: null,
    ratio: pair?.ratio ?? null,
    ofLimit: null,
  }
}

const decode = (batch: number): CellPlace => ({ kind: 'decode', batch, context: 300 })
const results = await readResults(options.results)
const f32 = { dtype: 'float32', engine: 'llama.cpp' } as const
const int8 = { dtype: 'int8', engine: 'llama.cpp' } as const
const transformers = { dtype: 'float32', engine: 'transformers' } as const
const aims: Aim[] = [
  speedAim(results, decode(1), { ...f32, least: 1 }),
  ...[16, 32].map((batch) => speedAim(results, decode(batch), { ...f32, least: 2 })),
  ...[16, 32].map((batch) => speedAim(results, decode(batch), { ...transformers, least: 3 })),
  speedAim(results, decode(1), { ...int8, least: 1 }),
  speedAim(results, decode(32), { ...int8, least: 2 }),
  speedAim(results, { kind: 'prefill', batch: 1, context: 300 }, { ...transformers, least: 1.3 }),
  collectAim(results, 'TransformerLens', 25),
  collectAim(results, 'PyTorch with prefix reuse', 3),
  sweepAim(results),
  hooksAim(results, 'all residuals read', 1.03),
  hooksAim(results, 'steered at one residual', 1.01),
]
const shown = (value: number | null): number | string => (value === null ? '–' : rounded(value))
function isMet({ least = 0, most = Infinity, measured, ratio }: Aim): string {
  if (ratio === null) return measured === null ? 'not measured' : 'without a peer'
  return ratio >= least && ratio <= most ? 'met' : 'missed'
}
console.log(options.model)
console.table(
  aims.map((aim) => ({
    aim: aim.aim,
    measured: shown(aim.measured),
    beside: shown(aim.beside),
    ratio: shown(aim.ratio),
    wanted: aim.least === undefined ? `≤ ${aim.most}` : `≥ ${aim.least}`,
    is: isMet(aim),
    'of the limit': shown(aim.ofLimit),
  })),
)
