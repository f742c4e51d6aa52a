// Mixtral: a Mistral with a mixture of experts in every layer.
// Owns: its experts' names. Not: how they are computed (expertsGraph.ts).
import { windowOf, withAttention, withExperts, type Architecture } from './architecture.ts'

export const mixtral: Architecture = {
  type: 'mixtral',
  classes: ['MixtralForCausalLM'],
  models: 'Mixtral',
  defaults: { normEpsilon: 1e-5, contextLength: 131072, ropeTheta: 1e6 },
  describe(plain, fields) {
    const count = fields.num_local_experts ?? fields.num_experts ?? 8
    const windowed = withAttention(plain, { window: windowOf(fields.sliding_window, plain.shape) })
    return withExperts(windowed, {
      count,
      perToken: fields.num_experts_per_tok ?? 2,
      isNormalised: true,
    })
  },
  tensors: {
    parts: { 'mlp.router': 'block_sparse_moe.gate' },
    experts: {
      name: 'block_sparse_moe.experts',
      gate_proj: 'w1',
      up_proj: 'w3',
      down_proj: 'w2',
    },
  },
  // llama.cpp calls it a Llama with experts.
  gguf: { architecture: 'llama', hasPairedRows: true },
}
