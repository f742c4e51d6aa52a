// GPT-2: learned positions, layer norms, biases everywhere, no gate, and matrices stored the other way round.
// Owns: those. Source: modeling_gpt2.py.
import { withAttention, withTraits, type Architecture } from './architecture.ts'

export const gpt2: Architecture = {
  type: 'gpt2',
  classes: ['GPT2LMHeadModel'],
  models: 'GPT-2',
  aliases: {
    n_embd: 'hidden_size',
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    n_positions: 'max_position_embeddings',
    n_inner: 'intermediate_size',
    activation_function: 'hidden_act',
    layer_norm_epsilon: 'rms_norm_eps',
  },
  defaults: { contextLength: 1024, normEpsilon: 1e-5, activation: 'gelu_new', tiedEmbeddings: true },
  describe(plain, fields, refusals) {
    if (fields.add_cross_attention) throw refusals.unsupported('attention to another model')
    if (fields.scale_attn_by_inverse_layer_idx) throw refusals.unsupported('attention scaled by the layer')
    const attended = withAttention(plain, {
      scale: fields.scale_attn_weights === false ? 1 : plain.attention.scale,
      projection: 'blocks',
      inputBias: true,
      outputBias: true,
    })
    return withTraits(
      {
        ...attended,
        norm: { ...plain.norm, kind: 'layer' },
        rotary: null,
        mlp: { ...plain.mlp, bias: true },
      },
      { learnedPositions: true, gatedMlp: false },
    )
  },
  tensors: {
    prefix: 'transformer.',
    layers: 'h',
    outer: { 'model.embed_tokens': 'wte', 'model.embed_positions': 'wpe', 'model.norm': 'ln_f' },
    parts: {
      input_layernorm: 'ln_1',
      post_attention_layernorm: 'ln_2',
      'self_attn.qkv_proj': 'attn.c_attn',
      'self_attn.o_proj': 'attn.c_proj',
      'mlp.up_proj': 'mlp.c_fc',
      'mlp.down_proj': 'mlp.c_proj',
    },
    isTransposed: true,
  },
  gguf: { architecture: 'gpt2' },
}
