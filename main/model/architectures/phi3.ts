// Phi-3 and Phi-3.5, Phi-4: a Llama whose queries, keys and values lie in one tensor, as do gate and up.
// Owns: where the parts lie, and the limit that its two sets of angles set.
// Source: modeling_phi3.py. Beyond the original context all angles would change, those of positions long past as well, and every
// key with them: such contexts are left to models that turn by one set.
import type { ModelShape } from '../../contract/models.ts'
import { windowOf, withAttention, type Architecture } from './architecture.ts'
import type { StoredPart } from './tensorNames.ts'

export const phi3: Architecture = {
  type: 'phi3',
  classes: ['Phi3ForCausalLM'],
  models: 'Phi-3, Phi-3.5, Phi-4-mini',
  defaults: { normEpsilon: 1e-5, contextLength: 4096, rotaryPart: 1 },
  describe(plain, fields) {
    const isLong = plain.rotary?.scaling?.type === 'longrope'
    const original =
      fields.original_max_position_embeddings ??
      (fields.rope_parameters ?? fields.rope_scaling)?.original_max_position_embeddings ??
      4096
    const contextLength = isLong ? Math.min(original, plain.shape.contextLength) : plain.shape.contextLength
    const shape = { ...plain.shape, contextLength }
    return withAttention({ ...plain, shape }, { window: windowOf(fields.sliding_window, shape) })
  },
  tensors: {
    rows: {
      'self_attn.q_proj': (shape) => headRows(shape, 0, shape.heads),
      'self_attn.k_proj': (shape) => headRows(shape, shape.heads, shape.keyValueHeads),
      'self_attn.v_proj': (shape) => headRows(shape, shape.heads + shape.keyValueHeads, shape.keyValueHeads),
      'mlp.gate_proj': (shape) => mlpRows(shape, 0),
      'mlp.up_proj': (shape) => mlpRows(shape, shape.mlpWidth),
    },
  },
  gguf: { architecture: 'phi3' },
}

const headRows = (
  { heads, keyValueHeads, headWidth }: ModelShape,
  firstHead: number,
  count: number,
): StoredPart => ({
  name: 'self_attn.qkv_proj',
  firstRow: firstHead * headWidth,
  rows: count * headWidth,
  ofRows: (heads + 2 * keyValueHeads) * headWidth,
})

const mlpRows = ({ mlpWidth }: ModelShape, firstRow: number): StoredPart => ({
  name: 'mlp.gate_up_proj',
  firstRow,
  rows: mlpWidth,
  ofRows: 2 * mlpWidth,
})
