// Qwen 3 with a mixture of experts in every layer.
// Owns: its experts' numbers and names. Not: how they are computed (expertsGraph.ts).
import { withAttention, withExperts, type Architecture } from './architecture.ts'
import { qwenWindow } from './qwen2.ts'

export const qwen3Moe: Architecture = {
  type: 'qwen3_moe',
  classes: ['Qwen3MoeForCausalLM'],
  models: 'Qwen3-MoE',
  defaults: { contextLength: 32768, keyValueHeads: 4 },
  describe(plain, fields, refusals) {
    if ((fields.decoder_sparse_step ?? 1) !== 1 || (fields.mlp_only_layers ?? []).length > 0)
      throw refusals.unsupported('some of its layers have no experts')
    const bias = fields.attention_bias ?? false
    const count = fields.num_experts ?? fields.num_local_experts ?? 128
    const attended = withAttention(plain, {
      queryKeyNorm: 'heads',
      inputBias: bias,
      outputBias: bias,
      window: qwenWindow(plain, fields, refusals),
    })
    const shape = { ...attended.shape, mlpWidth: fields.moe_intermediate_size ?? 768 }
    const experts = {
      count,
      perToken: fields.num_experts_per_tok ?? 8,
      isNormalised: fields.norm_topk_prob ?? false,
    }
    return withExperts({ ...attended, shape }, experts)
  },
  tensors: { parts: { 'mlp.router': 'mlp.gate' } },
  gguf: { architecture: 'qwen3moe' },
}
