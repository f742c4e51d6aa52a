// The most that a machine could do in a cell: what machine.ts measured, held against what a pass must read and multiply.
import type { DecoderConfig, WeightMap } from '../../main/model/modelFiles.ts'
import { bytesPerPosition } from '../../main/model/memoryEstimate.ts'
import type { CellPlace } from './cells.ts'

/** What passes of a model in float32 cannot do without. */
export interface PassCost {
  /** Numbers of all matrices but the vocabulary head. */
  bodyNumbers: number
  headNumbers: number
  /** Of keys and values, for each position that a row has behind it. */
  keyValueBytes: number
  /** Products of numbers in attention, for each token and position behind it. */
  attentionProducts: number
}

/** As machine.ts writes it. */
export interface MachineRecord {
  /** By threads. */
  gigabytesRead: Record<string, number>
  products: { way: string; threads: number; gigaflops: Record<string, number> }[]
}

export function passCost({ shape }: DecoderConfig, weights: WeightMap): PassCost {
  let numbers = 0
  for (const [name, { shape: sizes }] of weights)
    if (sizes.length === 2 && !/embed|lm_head/.test(name)) numbers += sizes[0] * sizes[1]
  return {
    bodyNumbers: numbers,
    headNumbers: shape.vocabulary * shape.residualWidth,
    keyValueBytes: bytesPerPosition(shape),
    attentionProducts: 2 * shape.layers * shape.heads * shape.headWidth,
  }
}

/** Gigaflops of the fastest products with so many rows, or with the most fewer rows that were measured. */
function fastest({ products }: MachineRecord, rows: number): number {
  const rates = products
    .filter(({ way, threads }) => way === 'packed' && threads === 1)
    .map(({ gigaflops }) => {
      const measured = Object.keys(gigaflops).map(Number)
      return gigaflops[Math.max(...measured.filter((each) => each <= rows))]
    })
  return Math.max(...rates)
}

/**
 * Tokens per core-second that one thread could reach at most: a pass takes as long as reading its bytes or doing its products, whichever is longer. A prompt's
 * passes have 256 rows, and its head one token.
 */
export function limitAt(cost: PassCost, machine: MachineRecord, { kind, batch, context }: CellPlace): number {
  const isPrompt = kind === 'prefill'
  const tokens = isPrompt ? Math.min(256, context) : batch
  const positions = isPrompt ? context / 2 : context // of a prompt's tokens on the mean
  const products =
    tokens * (cost.bodyNumbers + cost.attentionProducts * positions) +
    (isPrompt ? 0 : tokens) * cost.headNumbers
  const bytes =
    4 * (cost.bodyNumbers + cost.headNumbers) + (isPrompt ? 1 : batch) * positions * cost.keyValueBytes
  const seconds = Math.max(
    bytes / (1e9 * machine.gigabytesRead['1']),
    (2 * products) / (1e9 * fastest(machine, tokens)),
  )
  return tokens / seconds
}
