// SmolLM3: a Llama of which every fourth layer knows no positions.
// Owns: which layers those are.
import {
  layerList,
  slidingLayers,
  windowOf,
  withAttention,
  withTraits,
  type Architecture,
} from './architecture.ts'

export const smollm3: Architecture = {
  type: 'smollm3',
  classes: ['SmolLM3ForCausalLM'],
  models: 'SmolLM3',
  defaults: { keyValueHeads: 4, contextLength: 32768, ropeTheta: 2e6, tiedEmbeddings: true },
  describe(plain, fields, refusals) {
    const { layers } = plain.shape
    const interval = fields.no_rope_layer_interval ?? 4
    const listed = fields.no_rope_layers
    if (listed && listed.length < layers)
      throw refusals.malformed(`no_rope_layers tells of ${listed.length} of ${layers} layers`)
    // Despite its name, the list has a 1 where a layer does rotate.
    const unrotatedLayers = layerList(layers).filter((layer) =>
      listed ? listed[layer] === 0 : (layer + 1) % interval === 0,
    )
    const bias = fields.attention_bias ?? false
    const windowed = slidingLayers(fields, (layer) => unrotatedLayers.includes(layer), refusals)
    const attended = withAttention(plain, {
      inputBias: bias,
      outputBias: bias,
      window: fields.use_sliding_window ? windowOf(fields.sliding_window, plain.shape, windowed) : null,
    })
    return withTraits(
      { ...attended, mlp: { ...plain.mlp, bias: fields.mlp_bias ?? false } },
      { unrotatedLayers },
    )
  },
  gguf: { architecture: 'smollm3', hasPairedRows: true },
}
