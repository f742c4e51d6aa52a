// One ONNX Runtime session on a decoder's graph, and forward passes through it.
// Owns: laying rows out as the graph wants them, and reading results. Not: which rows run (scheduler.ts) or the cache's slots.
// The only file that imports onnxruntime-node. A pass blocks its thread: sessions live in workers.
import * as onnx from 'onnxruntime-node'
import { cacheNames, passInputs } from '../model/attentionGraph.ts'
import { logitsOutput, writeDecoderGraph } from '../model/decoderGraph.ts'
import { rotaryAngles, rotaryFrequencies } from '../model/rope.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import type { KeyValueCache } from './keyValueCache.ts'

/** New tokens of one sequence. */
export interface PassRow {
  slot: number
  /** Positions that the slot holds already; the new tokens follow them. */
  kept: number
  tokens: Int32Array
  logits: 'none' | 'last' | 'all'
}

export interface PassResult {
  /** [R, V], row-major: the wanted logits of all rows, one row after the other. */
  logits: Float32Array
  /** Per hook asked for: [N, width], row-major, N the new tokens of all rows in order. */
  hooks: Map<string, Float32Array>
}

/** Far below any score, and finite: a row that sees nothing stays a number. */
const unseen = -1e9

const floats = (data: Float32Array, dimensions: number[]): onnx.Tensor =>
  new onnx.Tensor('float32', data, dimensions)
const integers = (data: Int32Array, dimensions: number[]): onnx.Tensor =>
  new onnx.Tensor('int32', data, dimensions)

/** The output as fp32; the graph declares no other type. */
const floatsOf = (tensor: onnx.Tensor): Float32Array => tensor.data as Float32Array

export interface SessionOptions {
  /** Threads inside one operator. */
  threads: number
}

export class DecoderSession {
  readonly config: DecoderConfig
  private readonly session: onnx.InferenceSession
  private readonly frequencies: Float32Array

  private constructor(config: DecoderConfig, session: onnx.InferenceSession) {
    this.config = config
    this.session = session
    this.frequencies = rotaryFrequencies(config)
  }

  /** Writes the graph and loads it; the weights are mapped and packed, which takes seconds for a large model. */
  static async create(
    config: DecoderConfig,
    weights: WeightMap,
    options: SessionOptions,
  ): Promise<DecoderSession> {
    const { model, folder } = writeDecoderGraph(config, weights)
    const session = await onnx.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      extra: {
        session: {
          model_external_initializers_file_folder_path: `${folder}/`,
          intra_op: { allow_spinning: '0' }, // a spinning thread takes the core from the window and from other work
        },
      },
    })
    return new DecoderSession(config, session)
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  /**
   * Runs new tokens of several sequences through the model and writes their keys and values into the cache.
   * @param rows  in ascending order of slot, at least one token each
   * @param width  S, at least the longest row's number of tokens; part of what fixes a result's bits
   * @param hooks  names of hook points to return
   */
  async forward(
    rows: readonly PassRow[],
    width: number,
    cache: KeyValueCache,
    hooks: readonly string[],
  ): Promise<PassResult> {
    const firstSlot = rows[0].slot
    const slots = rows[rows.length - 1].slot - firstSlot + 1
    const feeds = this.layOut(rows, width, firstSlot, slots, cache.positions)
    const { keyValueHeads, headWidth, layers } = this.config.shape
    const keptShape = [slots, keyValueHeads, cache.positions, headWidth]
    const fetches = [logitsOutput, ...hooks]
    for (let layer = 0; layer < layers; layer++) {
      const names = cacheNames(layer)
      const kept = cache.view(layer, firstSlot, slots)
      feeds[names.keptKeys] = floats(kept.keys, keptShape)
      feeds[names.keptValues] = floats(kept.values, keptShape)
      fetches.push(names.newKeys, names.newValues)
    }
    const results = await this.session.run(feeds, fetches)
    const written = rows.map(({ slot, kept, tokens }) => ({ slot, at: kept, count: tokens.length }))
    for (let layer = 0; layer < layers; layer++) {
      const names = cacheNames(layer)
      const fresh = { keys: floatsOf(results[names.newKeys]), values: floatsOf(results[names.newValues]) }
      cache.write(layer, fresh, written, firstSlot, width)
    }
    return {
      logits: floatsOf(results[logitsOutput]),
      hooks: new Map(hooks.map((hook) => [hook, floatsOf(results[hook])])),
    }
  }

  /** Everything the graph wants beside the cache. */
  private layOut(
    rows: readonly PassRow[],
    width: number,
    firstSlot: number,
    slots: number,
    keptLength: number,
  ): Record<string, onnx.Tensor> {
    const count = rows.reduce((sum, row) => sum + row.tokens.length, 0)
    const tokens = new Int32Array(count)
    const positions = new Int32Array(count)
    const cells = new Int32Array(count)
    const grid = new Int32Array(slots * width)
    const total = keptLength + width
    const mask = new Float32Array(slots * width * total).fill(unseen)
    const window = this.config.slidingWindow ?? Infinity
    const logitRows: number[] = []
    let packed = 0
    for (const row of rows) {
      const place = (row.slot - firstSlot) * width
      tokens.set(row.tokens, packed)
      for (let i = 0; i < row.tokens.length; i++, packed++) {
        const position = row.kept + i
        positions[packed] = position
        cells[packed] = place + i
        grid[place + i] = packed
        const line = (place + i) * total
        const oldest = Math.max(0, position - window + 1)
        mask.fill(0, line + Math.min(oldest, row.kept), line + row.kept)
        mask.fill(0, line + keptLength + Math.max(0, oldest - row.kept), line + keptLength + i + 1)
        if (row.logits === 'all' || (row.logits === 'last' && i === row.tokens.length - 1))
          logitRows.push(packed)
      }
    }
    const { cosines, sines } = rotaryAngles(this.frequencies, positions)
    const half = this.frequencies.length
    return {
      [passInputs.tokens]: integers(tokens, [count]),
      [passInputs.cosines]: floats(cosines, [count, half]),
      [passInputs.sines]: floats(sines, [count, half]),
      [passInputs.grid]: integers(grid, [slots, width]),
      [passInputs.cells]: integers(cells, [count]),
      [passInputs.mask]: floats(mask, [slots, 1, width, total]),
      [passInputs.logitRows]: integers(Int32Array.from(logitRows), [logitRows.length]),
    }
  }
}
