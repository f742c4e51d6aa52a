// Prompts and answers in tokens per core-second, by rows and context, beside transformers, llama.cpp and TransformerLens doing the same.
//   node benchmarks/speed.ts --model PATH [--kinds prefill,decode] [--dtypes float32,int8,int4] [--threads 1,2] [--batches 1,4,16,32,64]
//     [--contexts 300,1000,4000] [--cell-seconds 20] [--peer PYTHON] [--engines …] [--out FILE]
// Owns: the settings, one after another, and the table. Not: measuring (shared/ownCells.ts, peers/). A cell that does not fit memory or would take longer
// than it may is skipped, with the reason in the table. Peers are one engine with int8: llama.cpp's Q8_0.
import { parseArgs } from 'node:util'
import { computeDtype, type ComputeDtype } from '../main/contract/models.ts'
import {
  comparison,
  ours,
  type CellFigures,
  type CellJob,
  type CellPlace,
  type SettingRecord,
} from './shared/cells.ts'
import { passCost } from './shared/limits.ts'
import { modelPath, openWeights, peerModel } from './shared/models.ts'
import { measureOurs } from './shared/ownCells.ts'
import { askPeer } from './shared/peers.ts'
import { addRecord, readRecords } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    kinds: { type: 'string', default: 'prefill,decode' },
    dtypes: { type: 'string', default: 'float32,int8,int4' },
    threads: { type: 'string', default: '1' },
    batches: { type: 'string', default: '1,4,16,32,64' },
    contexts: { type: 'string', default: '300,1000,4000' },
    'cell-seconds': { type: 'string', default: '20' },
    peer: { type: 'string' },
    engines: { type: 'string', default: `${ours},transformers,llama.cpp,TransformerLens` },
    out: { type: 'string' },
  },
})
const path = modelPath(options.model)
const list = (text: string): string[] => text.split(',').filter((word) => word !== '')
const numbers = (text: string): number[] => list(text).map(Number)
const engines = new Set(list(options.engines))

interface PeerAnswer {
  versions: Record<string, string>
  cells: CellFigures[]
}

/** By engine: its script, the dtypes that it has, and the most rows that it is asked for. */
const peers: Record<string, { script: string; dtypes: ComputeDtype[]; mostRows: number }> = {
  transformers: { script: 'speedTransformers', dtypes: ['float32'], mostRows: Infinity },
  'llama.cpp': { script: 'speedLlamaCpp', dtypes: ['float32', 'int8'], mostRows: Infinity },
  // As upstream asks it: one conversation at a time.
  TransformerLens: { script: 'speedTransformerLens', dtypes: ['float32'], mostRows: 1 },
}

const places: CellPlace[] = list(options.kinds).flatMap((kind) => {
  if (kind !== 'prefill' && kind !== 'decode')
    throw new TypeError(`--kinds are prefill and decode, not ${kind}`)
  return numbers(options.contexts).flatMap((context) =>
    numbers(options.batches).map((batch) => ({ kind, batch, context }) as const),
  )
})

function measurePeers(name: string, job: CellJob): SettingRecord[] {
  const chosen = Object.entries(peers).filter(
    ([engine, { dtypes }]) => engines.has(engine) && dtypes.includes(job.dtype),
  )
  const model = options.peer && chosen.length > 0 ? peerModel(options.peer, path, name) : null
  if (!options.peer || !model) return []
  const python = options.peer
  return chosen.flatMap(([engine, { script, mostRows }]) => {
    if (engine === 'llama.cpp' && !model.gguf) return []
    const asked = job.places.filter(({ batch }) => batch <= mostRows)
    const answer = askPeer<PeerAnswer>(python, script, { ...job, places: asked, model })
    if (!answer) return []
    const cells = asked.map((place, index) => ({ ...place, ...answer.cells[index] }))
    return [{ engine, dtype: job.dtype, threads: job.threads, model: name, versions: answer.versions, cells }]
  })
}

for (const dtype of list(options.dtypes).map((word) => computeDtype.parse(word))) {
  const { name, ...model } = await openWeights(path, dtype)
  for (const threads of numbers(options.threads)) {
    const job: CellJob = { threads, dtype, places, cellSeconds: Number(options['cell-seconds']) }
    const setting = { dtype, threads, model: name }
    const records: SettingRecord[] = []
    if (engines.has(ours)) {
      const cells = await measureOurs(model, job)
      const cost = dtype === 'float32' ? { cost: passCost(model.config, model.weights) } : {}
      records.push({ engine: ours, ...setting, versions: {}, ...cost, cells })
    }
    records.push(...measurePeers(name, job))
    const [first, ...others] = records
    if (!first) continue
    console.log(`${first.engine}, ${name}, ${dtype}, ${threads} thread${threads === 1 ? '' : 's'}`)
    console.table(comparison(first, others))
    for (const record of records) await merge(record)
  }
}

/** Cells that were measured before and are not measured now stay. */
async function merge(record: SettingRecord): Promise<void> {
  const isSame = (one: SettingRecord): boolean =>
    (['engine', 'dtype', 'threads', 'model'] as const).every((key) => one[key] === record[key])
  const earlier = options.out ? (await readRecords<SettingRecord>(options.out)).find(isSame) : undefined
  const kept = (earlier?.cells ?? []).filter(
    (cell) =>
      !record.cells.some((own) => (['kind', 'batch', 'context'] as const).every((k) => own[k] === cell[k])),
  )
  await addRecord(options.out, { ...record, cells: [...kept, ...record.cells] }, isSame)
}
