// GPT-NeoX and Pythia: layer norms, rotary embedding over a part of each head, attention and MLP side by side.
// Owns: those. Source: modeling_gpt_neox.py.
import { withAttention, withTraits, type Architecture } from './architecture.ts'

export const gptNeox: Architecture = {
  type: 'gpt_neox',
  classes: ['GPTNeoXForCausalLM'],
  models: 'GPT-NeoX, Pythia',
  aliases: {
    layer_norm_eps: 'rms_norm_eps',
    rotary_emb_base: 'rope_theta',
    rotary_pct: 'partial_rotary_factor',
  },
  defaults: { normEpsilon: 1e-5, rotaryPart: 0.25, activation: 'gelu' },
  describe(plain, fields) {
    const bias = fields.attention_bias ?? true
    const attended = withAttention(plain, { projection: 'heads', inputBias: bias, outputBias: bias })
    return withTraits(
      { ...attended, norm: { ...plain.norm, kind: 'layer' }, mlp: { ...plain.mlp, bias: true } },
      { gatedMlp: false, parallelResidual: fields.use_parallel_residual ?? true },
    )
  },
  tensors: {
    prefix: 'gpt_neox.',
    outer: { 'model.embed_tokens': 'embed_in', 'model.norm': 'final_layer_norm', lm_head: 'embed_out' },
    parts: {
      'self_attn.qkv_proj': 'attention.query_key_value',
      'self_attn.o_proj': 'attention.dense',
      'mlp.up_proj': 'mlp.dense_h_to_4h',
      'mlp.down_proj': 'mlp.dense_4h_to_h',
    },
  },
  gguf: { architecture: 'gptneox' },
}
