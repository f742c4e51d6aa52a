// What a decoder's graph takes beside its cache, hook points and weights.
// Owns: names, types and shapes of these inputs. Not: their values (inference/session.ts).
import { traitsOf } from './hookNames.ts'
import type { DecoderConfig } from './modelFiles.ts'
import type { GraphBuilder } from './onnxWriter.ts'

/** Names of the graph inputs that layers share. A rotary embedding turns W values of a head. */
export const passInputs = {
  /** int32 [N]: the new tokens of all rows, one row after the other. */
  tokens: 'tokens',
  /** int32 [N]: their positions; only where positions are learned. */
  positions: 'positions',
  /** [N, W/2]; only where something is turned, as the next. */
  cosines: 'rope_cosines',
  /** [N, W/2] */
  sines: 'rope_sines',
  /** [N, W/2] of layers with a window; only where they are turned otherwise, as the next. */
  windowCosines: 'window_rope_cosines',
  /** [N, W/2] */
  windowSines: 'window_rope_sines',
  /** int32 [B, S]: which packed token lies at each place of the grid (any, where none does). */
  grid: 'grid_tokens',
  /** int32 [N]: the place b·S + s of each packed token. */
  cells: 'token_cells',
  /** [B, 1, S, P+S]: 0 where a query sees a key, a large negative number elsewhere. */
  mask: 'attention_mask',
  /** The same for layers with a window; only where there are such. */
  windowMask: 'window_mask',
  /** int32 [R]: packed tokens whose logits are wanted. */
  logitRows: 'logit_rows',
} as const

export function declarePassInputs(graph: GraphBuilder, config: DecoderConfig): void {
  const { shape, rotary, windowRotary, attention } = config
  graph.input(passInputs.tokens, 'int32', ['N'])
  if (traitsOf(shape).learnedPositions) graph.input(passInputs.positions, 'int32', ['N'])
  if (rotary) {
    graph.input(passInputs.cosines, 'float32', ['N', rotary.width / 2])
    graph.input(passInputs.sines, 'float32', ['N', rotary.width / 2])
  }
  if (windowRotary) {
    graph.input(passInputs.windowCosines, 'float32', ['N', windowRotary.width / 2])
    graph.input(passInputs.windowSines, 'float32', ['N', windowRotary.width / 2])
  }
  graph.input(passInputs.grid, 'int32', ['B', 'S'])
  graph.input(passInputs.cells, 'int32', ['N'])
  graph.input(passInputs.mask, 'float32', ['B', 1, 'S', 'T'])
  if (attention.window) graph.input(passInputs.windowMask, 'float32', ['B', 1, 'S', 'T'])
  graph.input(passInputs.logitRows, 'int32', ['R'])
}
