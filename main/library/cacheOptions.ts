// What the decompositions of a cache may be told.
// Owns: the options with their defaults, and which there are. Not: acting on them (activationCache.ts).
import type { AttributionOptions, LensNorm } from './directLogits.ts'
import type { OptionKinds } from '../contract/options.ts'

export interface StackOptions {
  /** Components up to what this layer reads; those of all layers where left out. */
  layer?: number
  /** Divide by the scale of the norm that reads the stream there (before gain and bias), as TransformerLens does. */
  applyLn?: boolean
  /** One position alone, negative from the end; S stays an axis, of size 1. All where left out. */
  position?: number
}
export interface IntoMlp {
  /** Up to what the MLP of `layer` reads, and not its attention. */
  mlpInput?: boolean
}
export type AccumulatedOptions = StackOptions & IntoMlp & { inclMid?: boolean }
export type DecomposedOptions = StackOptions &
  IntoMlp & {
    mode?: 'all' | 'attn' | 'mlp'
    /** True where left out. */
    inclEmbeds?: boolean
  }
export type HeadOptions = StackOptions & {
  /** A last component: what no head added. */
  inclRemainder?: boolean
}
export type NeuronOptions = StackOptions &
  IntoMlp & {
    /** The same of each layer; all where left out, which are many: name a position, or some of them. */
    neurons?: readonly number[]
    /** A last component: what none of these neurons added. */
    inclRemainder?: boolean
  }
export type FullOptions = StackOptions &
  IntoMlp & {
    /** Each neuron by itself, true where left out; else each MLP as a whole. */
    expandNeurons?: boolean
  }
/** Whose norm: that before the attention of `layer`, before its MLP, or, where the layer is left out, the final one. */
export type NormOptions = Pick<StackOptions, 'layer'> & IntoMlp
export interface LensOptions {
  /** The last one where left out: V logits for each component and position are many. */
  position?: number
  layer?: number
  inclMid?: boolean
  /**
   * `own`: the final norm as it would be there (the usual lens). `final`: the scale that the end of the stream had, as in
   * `accumulated_resid(apply_ln=True) @ W_U`.
   */
  norm?: LensNorm
}

const stackOptions: OptionKinds<StackOptions> = { layer: 'number', applyLn: 'boolean', position: 'number' }
const intoMlp: OptionKinds<IntoMlp> = { mlpInput: 'boolean' }
export const accumulatedOptions: OptionKinds<AccumulatedOptions> = {
  ...stackOptions,
  ...intoMlp,
  inclMid: 'boolean',
}
export const decomposedOptions: OptionKinds<DecomposedOptions> = {
  ...stackOptions,
  ...intoMlp,
  mode: ['all', 'attn', 'mlp'],
  inclEmbeds: 'boolean',
}
export const headOptions: OptionKinds<HeadOptions> = { ...stackOptions, inclRemainder: 'boolean' }
export const neuronOptions: OptionKinds<NeuronOptions> = {
  ...headOptions,
  ...intoMlp,
  neurons: 'any',
}
export const fullOptions: OptionKinds<FullOptions> = { ...stackOptions, ...intoMlp, expandNeurons: 'boolean' }
export const normOptions: OptionKinds<NormOptions> = { ...intoMlp, layer: 'number' }
export const layerOptions: OptionKinds<Pick<StackOptions, 'layer'>> = { layer: 'number' }
export const attributionOptions: OptionKinds<AttributionOptions> = { incorrectTokens: 'any', stack: 'any' }
export const lensOptions: OptionKinds<LensOptions> = {
  position: 'number',
  layer: 'number',
  inclMid: 'boolean',
  norm: ['own', 'final'],
}
