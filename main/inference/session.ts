// One ONNX Runtime session on a decoder's graph, and forward passes through it.
// Owns: laying rows out as the graph wants them, and reading results. Not: which rows run (scheduler.ts) or the cache's slots.
// Beside graphSession.ts the only file that imports onnxruntime-node. A pass blocks its thread: sessions live in workers.
import * as onnx from 'onnxruntime-node'
import { cacheNames } from '../model/attentionGraph.ts'
import { logitsOutput, writeDecoderGraph } from '../model/decoderGraph.ts'
import { flagsFor, hookFlags } from '../model/hookGraph.ts'
import { parseHook, type HookPoint } from '../model/hookNames.ts'
import {
  cutNames,
  interventionChanges,
  widerPoints,
  type InterventionPoints,
} from '../model/interventionGraph.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { throughFunctions, type CallFunction, type CallingRow } from './cutValues.ts'
import { GraphSession, type GraphCut, type GraphOptions, type Tensors } from './graphSession.ts'
import {
  interventionFeeds,
  type GatedRows,
  type InterventionFeed,
  type PassSize,
} from './interventionFeeds.ts'
import { keptRoom } from './keptRoom.ts'
import { keyedRows, markUnseen } from './keyedRows.ts'
import type { KeyValueCache } from './keyValueCache.ts'
import { PassLayout, type PassFeed } from './passFeeds.ts'
import type { PassRow, PlacedRow } from './passRow.ts'

export interface PassResult {
  /** [R, V], row-major: the wanted logits of all rows, one row after the other. */
  logits: Float32Array
  /**
   * Per hook asked for: [N, width], row-major, N the new tokens of all rows in order; of a hook with keys a row [H, p + 1]
   * for each token at position p.
   */
  hooks: Map<string, Float32Array>
}

const floats = (data: Float32Array, dimensions: number[]): onnx.Tensor =>
  new onnx.Tensor('float32', data, dimensions)
function tensorOf({ data, dimensions }: InterventionFeed | PassFeed): onnx.Tensor {
  if (data instanceof Float32Array) return floats(data, dimensions)
  if (data instanceof Int32Array) return new onnx.Tensor('int32', data, dimensions)
  return data instanceof Uint8Array
    ? new onnx.Tensor('bool', data, dimensions)
    : new onnx.Tensor('int64', data, dimensions)
}

const tensorsOf = (feeds: readonly (InterventionFeed | PassFeed)[]): Tensors =>
  Object.fromEntries(feeds.map((feed): [string, onnx.Tensor] => [feed.name, tensorOf(feed)]))

const flag = (value: boolean): onnx.Tensor => new onnx.Tensor('bool', [value], [])

/** The output as fp32; the graph declares no other type. */
const floatsOf = (tensor: onnx.Tensor): Float32Array => tensor.data as Float32Array

const loadGraph = (
  config: DecoderConfig,
  weights: WeightMap,
  options: GraphOptions,
  points: InterventionPoints,
): Promise<GraphSession> =>
  GraphSession.load(
    writeDecoderGraph(config, weights, {
      changes: interventionChanges(points),
      forDevice: options.likeDevice || (options.device ?? 'cpu') !== 'cpu',
    }),
    options,
  )

/** The rows with their places among packed tokens and in the grid. */
function callingRows(rows: readonly PlacedRow[]): CallingRow[] {
  let packed = 0
  return rows.map(({ line, kept, tokens, interventions = null, call = noFunctions }) => {
    const row = { packed, line, kept, tokens, interventions, call }
    packed += tokens.length
    return row
  })
}

const noFunctions: CallFunction = () => Promise.reject(new TypeError('nobody calls functions here'))

export class DecoderSession {
  readonly config: DecoderConfig
  private readonly weights: WeightMap
  private readonly options: GraphOptions
  /** Null after its release, and where another graph could not be loaded. */
  private session: GraphSession | null
  /** Hook points at which the present graph can intervene. */
  private points: InterventionPoints = new Map()
  private readonly layout: PassLayout
  private readonly flagNames: readonly string[]

  private constructor(
    config: DecoderConfig,
    weights: WeightMap,
    options: GraphOptions,
    session: GraphSession,
  ) {
    this.config = config
    this.weights = weights
    this.options = options
    this.session = session
    this.layout = new PassLayout(config)
    this.flagNames = hookFlags(config.shape)
  }

  /** Writes the graph and loads it; the weights are mapped and packed, which takes seconds for a large model. */
  static async create(
    config: DecoderConfig,
    weights: WeightMap,
    options: GraphOptions,
  ): Promise<DecoderSession> {
    const session = await loadGraph(config, weights, options, new Map())
    return new DecoderSession(config, weights, options, session)
  }

  /** True where the present graph can intervene at these points. */
  has(points: InterventionPoints): boolean {
    return widerPoints(this.points, points, this.config.shape) === null
  }

  /**
   * Sees to a graph that can intervene at these points. Another graph is loaded where the present one cannot, which takes as
   * long as loading did; it stays then. Rows without interventions have the same bits in every graph.
   */
  async provide(points: InterventionPoints): Promise<void> {
    const wider = widerPoints(this.points, points, this.config.shape)
    if (!wider) return
    await this.release() // first, because both hold the weights
    this.session = await loadGraph(this.config, this.weights, this.options, wider)
    this.points = wider
  }

  async release(): Promise<void> {
    const { session } = this
    this.session = null
    await session?.release()
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
    const room = keptRoom(rows, width, cache)
    const { shape } = this.config
    const points = hooks.map((hook) => parseHook(hook, shape))
    const size = { width, keptLength: room.positions }
    const placed = rows.map((row, index) => ({ ...row, line: room.lines[index] }))
    const calling = callingRows(placed)
    const interventions = this.interventionInputs(calling, size)
    const feeds = {
      ...tensorsOf(this.layout.feeds(placed, { lines: room.count, ...size })),
      ...this.flags(points),
      ...interventions.feeds,
    }
    const { keyValueHeads, headWidth, layers } = shape
    const keptShape = [room.count, keyValueHeads, room.positions, headWidth]
    const fetches = [logitsOutput, ...hooks, ...interventions.gates.map(({ output }) => output)]
    for (let layer = 0; layer < layers; layer++) {
      const names = cacheNames(layer)
      const kept = room.ofLayer(layer)
      feeds[names.keptKeys] = floats(kept.keys, keptShape)
      feeds[names.keptValues] = floats(kept.values, keptShape)
      fetches.push(names.newKeys, names.newValues)
    }
    if (!this.session) throw new TypeError('the session was released')
    const results = await this.session.run(feeds, fetches, this.cuts(calling, size))
    const written = placed.map(({ slot, line, kept, tokens }) => ({
      slot,
      line,
      at: kept,
      count: tokens.length,
    }))
    for (let layer = 0; layer < layers; layer++) {
      const names = cacheNames(layer)
      const fresh = { keys: floatsOf(results[names.newKeys]), values: floatsOf(results[names.newValues]) }
      cache.write(layer, fresh, written, width)
    }
    for (const { output, rows: gated } of interventions.gates) {
      const open = floatsOf(results[output])
      gated.forEach((row, index) => row?.bound.countOpen(row.intervention, row.position, open[index]))
    }
    const valuesOf = ({ name, isKeyed, width: heads }: HookPoint): Float32Array => {
      const data = floatsOf(results[name])
      if (!isKeyed) return data
      const found = keyedRows({ data, heads, ...size }, placed)
      return name.endsWith('hook_attn_scores') ? markUnseen(found) : found
    }
    return {
      logits: floatsOf(results[logitsOutput]),
      hooks: new Map(points.map((point) => [point.name, valuesOf(point)])),
    }
  }

  /** Tells the graph which hook points to compute. */
  private flags(points: readonly HookPoint[]): Record<string, onnx.Tensor> {
    const wanted = flagsFor(points)
    const [yes, no] = [flag(true), flag(false)]
    return Object.fromEntries(this.flagNames.map((name) => [name, wanted.has(name) ? yes : no]))
  }

  /** What the graph wants at its intervention points, and the gates that are to be read back. */
  private interventionInputs(
    rows: readonly CallingRow[],
    size: PassSize,
  ): { feeds: Tensors; gates: GatedRows[] } {
    const { feeds, gates } = interventionFeeds(rows, this.points, size, this.config)
    return { feeds: tensorsOf(feeds), gates }
  }

  /** Functions between the parts of a graph that was cut for them. */
  private cuts(rows: readonly CallingRow[], size: PassSize): GraphCut[] {
    return [...this.points]
      .filter(([, { isCut }]) => isCut)
      .map(([hook]) => ({
        ...cutNames(hook),
        pass: async (value) => {
          const point = parseHook(hook, this.config.shape)
          return floats(await throughFunctions(point, floatsOf(value), rows, { size, config: this.config }), [
            ...value.dims,
          ])
        },
      }))
  }
}
