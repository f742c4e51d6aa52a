// A decoder as one ONNX graph, written from its numbers and the places of its weights.
// Owns: embedding, layers, residual stream, head, and the hook points on the way. Not: running it (inference/session.ts).
// One graph serves prefill and decode, any number of rows, any length.
import { AttentionGraph, passInputs } from './attentionGraph.ts'
import { parseHook } from './hookNames.ts'
import { mlpLayer } from './mlpGraph.ts'
import { GraphBuilder } from './onnxWriter.ts'
import { WeightNodes } from './weightNodes.ts'
import type { DecoderConfig, WeightMap } from './modelFiles.ts'

export interface DecoderGraph {
  /** A ModelProto. */
  model: Uint8Array
  /** Folder that the graph's external tensors are relative to. */
  folder: string
}

/** Name of the output [R, V]. */
export const logitsOutput = 'logits'

class DecoderWriter {
  private readonly graph = new GraphBuilder()
  private readonly config: DecoderConfig
  private readonly weights: WeightNodes

  constructor(config: DecoderConfig, weights: WeightMap) {
    this.config = config
    this.weights = new WeightNodes(this.graph, weights)
  }

  private declareInputs(): void {
    const { graph } = this
    const half = this.config.shape.headWidth / 2
    graph.input(passInputs.tokens, 'int32', ['N'])
    graph.input(passInputs.cosines, 'float32', ['N', half])
    graph.input(passInputs.sines, 'float32', ['N', half])
    graph.input(passInputs.grid, 'int32', ['B', 'S'])
    graph.input(passInputs.cells, 'int32', ['N'])
    graph.input(passInputs.mask, 'float32', ['B', 1, 'S', 'T'])
    graph.input(passInputs.logitRows, 'int32', ['R'])
  }

  /**
   * Every hook point's value passes through here and can be fetched under the hook's name; not fetched, it costs nothing.
   * Whatever changes a value at a hook point belongs here: the caller goes on with what is returned.
   */
  private hook(name: string, value: string): string {
    this.graph.output(value, name, 'float32', ['N', parseHook(name, this.config.shape).width])
    return value
  }

  /** As `hook`, for a value that another hook point has named already. */
  private hookAgain(name: string, value: string): string {
    return this.hook(name, this.graph.op('Identity', [value]))
  }

  private normalised(x: string, gain: string): string {
    const epsilon = { float: this.config.rmsEpsilon }
    return this.graph.op('SimplifiedLayerNormalization', [x, this.weights.tensor(gain)], {
      epsilon,
      axis: -1,
      stash_type: 1,
    })
  }

  /** x + delta and its norm, in one operator. */
  private addAndNormalise(x: string, delta: string, gain: string): { sum: string; normal: string } {
    const epsilon = { float: this.config.rmsEpsilon }
    const inputs = [x, delta, this.weights.tensor(gain)]
    const [normal, , , sum] = this.graph.apply('SkipSimplifiedLayerNormalization', inputs, { epsilon }, 4)
    return { sum, normal }
  }

  write(): DecoderGraph {
    const { graph, config, weights } = this
    this.declareInputs()
    const attention = new AttentionGraph(graph, weights, config.shape)
    const embedding = 'model.embed_tokens'
    let residual = this.hook('hook_embed', weights.rows(`${embedding}.weight`, passInputs.tokens))
    let normal = this.normalised(residual, 'model.layers.0.input_layernorm.weight')
    for (let layer = 0; layer < config.shape.layers; layer++) {
      const block = `blocks.${layer}`
      this.hookAgain(`${block}.hook_resid_pre`, residual)
      const attended = attention.layer(layer, normal)
      const middle = this.addAndNormalise(
        residual,
        attended,
        `model.layers.${layer}.post_attention_layernorm.weight`,
      )
      residual = this.hook(`${block}.hook_resid_mid`, middle.sum)
      const added = mlpLayer(graph, weights, layer, middle.normal)
      if (layer + 1 < config.shape.layers) {
        const next = this.addAndNormalise(residual, added, `model.layers.${layer + 1}.input_layernorm.weight`)
        residual = next.sum
        normal = next.normal
      } else {
        residual = graph.op('Add', [residual, added]) // the final norm is taken only where logits are wanted
      }
      residual = this.hook(`${block}.hook_resid_post`, residual)
    }
    const last = graph.op('Gather', [residual, passInputs.logitRows])
    const head = config.tiedEmbeddings ? embedding : 'lm_head'
    const logits = weights.linear(head, this.normalised(last, 'model.norm.weight'))
    graph.output(logits, logitsOutput, 'float32', ['R', config.shape.vocabulary])
    return { model: graph.finish('decoder'), folder: weights.folder }
  }
}

/** Writes the graph of a decoder. @throws TypeError where `weights` lacks a tensor of the architecture. */
export function writeDecoderGraph(config: DecoderConfig, weights: WeightMap): DecoderGraph {
  return new DecoderWriter(config, weights).write()
}
