// A graph loaded into ONNX Runtime: whole, or in parts that run one after the other.
// Owns: loading, running the parts, handing out and taking in the values between them. Not: what is fed (session.ts).
// The only file that imports onnxruntime-node beside session.ts.
import * as onnx from 'onnxruntime-node'
import type { ComputeDevice } from '../contract/devices.ts'
import type { DecoderGraph } from '../model/decoderGraph.ts'
import { providersOf } from './devices.ts'

export interface GraphOptions {
  /** Threads inside one operator. */
  threads: number
  /** The processor where left out. */
  device?: ComputeDevice
  /** The processor runs the nodes that a device would be given: what a device is compared with. */
  likeDevice?: boolean
}

export type Tensors = Record<string, onnx.Tensor>

/** Between two parts: what comes out of the one, and what goes into the next. */
export interface GraphCut {
  before: string
  after: string
  /** @returns the tensor to go on with */
  pass(value: onnx.Tensor): Promise<onnx.Tensor>
}

export class GraphSession {
  private readonly parts: readonly onnx.InferenceSession[]

  private constructor(parts: readonly onnx.InferenceSession[]) {
    this.parts = parts
  }

  /** The weights are mapped and packed, which takes seconds for a large model. Every part holds only the weights it uses. */
  static async load(graph: DecoderGraph, options: GraphOptions): Promise<GraphSession> {
    const parts: onnx.InferenceSession[] = []
    try {
      for (const model of [graph.model, ...graph.further])
        parts.push(
          await onnx.InferenceSession.create(model, {
            executionProviders: providersOf(options.device ?? 'cpu'),
            intraOpNumThreads: options.threads,
            interOpNumThreads: 1,
            executionMode: 'sequential',
            graphOptimizationLevel: 'all',
            logSeverityLevel: 3,
            extra: {
              session: {
                model_external_initializers_file_folder_path: `${graph.folder}/`,
                intra_op: { allow_spinning: '0' }, // a spinning thread takes the core from the window and from other work
              },
            },
          }),
        )
    } catch (error) {
      for (const part of parts) await part.release()
      throw error
    }
    return new GraphSession(parts)
  }

  /** @param fetches  names of outputs  @param cuts  one for each cut of the graph */
  async run(feeds: Tensors, fetches: readonly string[], cuts: readonly GraphCut[]): Promise<Tensors> {
    const [whole, ...further] = this.parts
    if (further.length === 0) return whole.run(feeds, fetches)
    const values = { ...feeds }
    const wanted = new Set([...fetches, ...cuts.map(({ before }) => before)])
    for (const part of this.parts) for (const name of part.inputNames) wanted.add(name)
    for (const part of this.parts) {
      const own = Object.fromEntries(part.inputNames.map((name) => [name, values[name]]))
      const outputs = part.outputNames.filter((name) => wanted.has(name))
      Object.assign(values, await part.run(own, outputs))
      for (const { before, after, pass } of cuts)
        if (outputs.includes(before)) values[after] = await pass(values[before])
    }
    return values
  }

  async release(): Promise<void> {
    for (const part of this.parts) await part.release()
  }
}
