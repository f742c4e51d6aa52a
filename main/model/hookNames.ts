// Hook points: the places inside a decoder whose values can be read, by TransformerLens's names.
// Owns: the one table of names, axes, sizes and of which model has which, and the one parser. Not: where the graph computes them (hookGraph.ts and its callers).
import { errors } from '../contract/errors.ts'
import type { ModelShape, ModelTraits } from '../contract/models.ts'
import { nearestNames } from '../contract/nearestNames.ts'

/** Hook points that are computed together where one of them is fetched. */
export const hookGroups = ['residual', 'norm', 'attention', 'keys', 'result', 'mlp'] as const
export type HookGroup = (typeof hookGroups)[number]

/** How one kind of hook point looks in every layer. Axes by the letters of docs/architecture.md, T the positions of keys. */
interface HookKind {
  /** `{i}` stands for the layer. */
  name: string
  group: HookGroup
  axes: string
  /** Sizes of the axes other than B, S and T. */
  sizes: (shape: ModelShape) => readonly number[]
  isIn: (traits: ModelTraits, layer: number) => boolean
}

/** What every decoder has that is not said to be otherwise. */
export const llamaTraits: ModelTraits = {
  learnedPositions: false,
  unrotatedLayers: [],
  gatedMlp: true,
  parallelResidual: false,
  postNorms: false,
  queryKeyNorm: 'none',
  experts: 0,
  expertsPerToken: 0,
}

/** What a model has beside its numbers; a record of a Llama need not say it. */
export const traitsOf = (shape: ModelShape): ModelTraits => shape.traits ?? llamaTraits

type Presence = HookKind['isIn']
const always: Presence = () => true
const rotated: Presence = ({ learnedPositions, unrotatedLayers }, layer) =>
  !learnedPositions && !unrotatedLayers.includes(layer)
const withPostNorms: Presence = ({ postNorms }) => postNorms
const withoutExperts: Presence = ({ experts }) => experts === 0
const withExperts: Presence = ({ experts }) => experts > 0
const withQueryKeyNorm: Presence = ({ queryKeyNorm }) => queryKeyNorm !== 'none'

const residual = (name: string, isIn: Presence = always): HookKind => ({
  name,
  group: 'residual',
  axes: 'B S D',
  sizes: (shape) => [shape.residualWidth],
  isIn,
})
const norm = (name: string, isIn: Presence = always): HookKind[] => [
  { name: `${name}.hook_scale`, group: 'norm', axes: 'B S 1', sizes: () => [1], isIn },
  { ...residual(`${name}.hook_normalized`, isIn), group: 'norm' },
]
const queryHead = (name: string, isIn: Presence = always): HookKind => ({
  name: `blocks.{i}.attn.${name}`,
  group: 'attention',
  axes: 'B S H K',
  sizes: ({ heads, headWidth }) => [heads, headWidth],
  isIn,
})
/** Here H counts key heads. */
const keyHead = (name: string, isIn: Presence = always): HookKind => ({
  ...queryHead(name, isIn),
  sizes: ({ keyValueHeads, headWidth }) => [keyValueHeads, headWidth],
})
/** Norms of queries or keys; where one norm is over all heads, the H of its scale is 1. */
const headNorm = (name: string, heads: (shape: ModelShape) => number): HookKind[] => [
  {
    name: `blocks.{i}.attn.${name}.hook_scale`,
    group: 'norm',
    axes: 'B S H 1',
    sizes: (shape) => [traitsOf(shape).queryKeyNorm === 'whole' ? 1 : heads(shape), 1],
    isIn: withQueryKeyNorm,
  },
  {
    ...queryHead(`${name}.hook_normalized`, withQueryKeyNorm),
    group: 'norm',
    sizes: (shape) => [heads(shape), shape.headWidth],
  },
]
const keyed = (name: string): HookKind => ({
  name: `blocks.{i}.attn.${name}`,
  group: 'keys',
  axes: 'B H S T',
  sizes: ({ heads }) => [heads],
  isIn: always,
})
/** E counts all experts, or those that a token goes to. */
const routing = (name: string, count: (traits: ModelTraits) => number): HookKind => ({
  name: `blocks.{i}.mlp.${name}`,
  group: 'mlp',
  axes: 'B S E',
  sizes: (shape) => [count(traitsOf(shape))],
  isIn: withExperts,
})
const mlp = (name: string, isIn: Presence): HookKind => ({
  name: `blocks.{i}.mlp.${name}`,
  group: 'mlp',
  axes: 'B S M',
  sizes: (shape) => [shape.mlpWidth],
  isIn,
})

/** In the order of a forward pass. A new hook point is a row here and a `hook(...)` call where the graph is written. */
const hookKinds: readonly HookKind[] = [
  residual('hook_embed'),
  residual('hook_pos_embed', ({ learnedPositions }) => learnedPositions),
  residual('blocks.{i}.hook_resid_pre'),
  ...norm('blocks.{i}.ln1'),
  queryHead('hook_q'),
  keyHead('hook_k'),
  keyHead('hook_v'),
  ...headNorm('q_norm', ({ heads }) => heads),
  ...headNorm('k_norm', ({ keyValueHeads }) => keyValueHeads),
  queryHead('hook_rot_q', rotated),
  keyHead('hook_rot_k', rotated),
  keyed('hook_attn_scores'),
  keyed('hook_pattern'),
  queryHead('hook_z'),
  {
    name: 'blocks.{i}.attn.hook_result',
    group: 'result',
    axes: 'B S H D',
    sizes: ({ heads, residualWidth }) => [heads, residualWidth],
    isIn: always,
  },
  ...norm('blocks.{i}.ln1_post', withPostNorms),
  residual('blocks.{i}.hook_attn_out'),
  residual('blocks.{i}.hook_resid_mid', ({ parallelResidual }) => !parallelResidual),
  ...norm('blocks.{i}.ln2'),
  routing('hook_expert_weights', ({ experts }) => experts),
  routing('hook_expert_indices', ({ expertsPerToken }) => expertsPerToken),
  mlp('hook_pre', withoutExperts),
  mlp('hook_pre_linear', (traits, layer) => traits.gatedMlp && withoutExperts(traits, layer)),
  mlp('hook_post', withoutExperts),
  ...norm('blocks.{i}.ln2_post', withPostNorms),
  residual('blocks.{i}.hook_mlp_out'),
  residual('blocks.{i}.hook_resid_post'),
  ...norm('ln_final'),
]

/** Every kind of hook point that some architecture has, `{i}` for the layer, in the order of a forward pass. */
export const hookKindNames: readonly string[] = hookKinds.map(({ name }) => name)

export interface HookPoint {
  /** The full name, for instance `blocks.15.hook_resid_post`. */
  name: string
  /** Null for hook points outside the blocks. */
  layer: number | null
  group: HookGroup
  /** `B S …`, or `B H S T` where a position has a value for every key that it may see. */
  axes: string
  /** Sizes of the axes other than B, S and T. */
  sizes: readonly number[]
  /** Values per position; for `B H S T` per position and key. */
  width: number
  /** Whether there is an axis T. */
  isKeyed: boolean
}

const layerMark = /(?<=^blocks\.)\d+(?=\.)/
const isInBlock = (kind: HookKind): boolean => kind.name.includes('{i}')

/**
 * The hook point of that name.
 * @throws hookUnknown with the nearest names; layerOutOfRange.
 */
export function parseHook(name: string, shape: ModelShape): HookPoint {
  const layerText = layerMark.exec(name)?.[0] ?? null
  const pattern = name.replace(layerMark, '{i}')
  const kind = hookKinds.find((each) => each.name === pattern)
  const isCanonical = layerText === null ? !name.includes('{i}') : String(Number(layerText)) === layerText
  if (kind && isCanonical) {
    const layer = layerText === null ? null : Number(layerText)
    if (layer !== null && layer >= shape.layers) throw errors.layerOutOfRange({ layer, layers: shape.layers })
    if (kind.isIn(traitsOf(shape), layer ?? 0)) return pointOf(kind, layer, shape)
  }
  const candidates = listLayer(shape, Math.min(Number(layerText ?? 0), shape.layers - 1))
  throw errors.hookUnknown({ hook: name, near: nearestNames(name, candidates) })
}

/**
 * The hook point of that name, if its values can be stored step by step.
 * @throws hookNotStored where each position has a value for every key; hookUnknown; layerOutOfRange
 */
export function parseStoredHook(name: string, shape: ModelShape): HookPoint {
  const point = parseHook(name, shape)
  if (point.isKeyed) throw errors.hookNotStored({ hook: name })
  return point
}

function pointOf(kind: HookKind, layer: number | null, shape: ModelShape): HookPoint {
  const sizes = kind.sizes(shape)
  return {
    name: kind.name.replace('{i}', String(layer)),
    layer,
    group: kind.group,
    axes: kind.axes,
    sizes,
    width: sizes.reduce((product, size) => product * size, 1),
    isKeyed: kind.axes.includes('T'),
  }
}

/** Names of the hook points of one layer and of those outside. */
const listLayer = (shape: ModelShape, layer: number): string[] =>
  hookKinds
    .filter((kind) => kind.isIn(traitsOf(shape), layer))
    .map((kind) => kind.name.replace('{i}', String(layer)))

/** Every hook point of a model, in the order in which a forward pass meets them. */
export function listHooks(shape: ModelShape): HookPoint[] {
  const traits = traitsOf(shape)
  const firstInBlock = hookKinds.findIndex(isInBlock)
  const outside = (kinds: readonly HookKind[]): HookPoint[] =>
    kinds.filter((kind) => !isInBlock(kind) && kind.isIn(traits, 0)).map((kind) => pointOf(kind, null, shape))
  const inLayer = (layer: number): HookPoint[] =>
    hookKinds
      .filter((kind) => isInBlock(kind) && kind.isIn(traits, layer))
      .map((kind) => pointOf(kind, layer, shape))
  return [
    ...outside(hookKinds.slice(0, firstInBlock)),
    ...Array.from({ length: shape.layers }, (_, layer) => inLayer(layer)).flat(),
    ...outside(hookKinds.slice(firstInBlock)),
  ]
}

/**
 * How many values positions 0 … `position` − 1 of a sequence have at a hook point. With an axis T, position p has a row
 * [H, p + 1]: the keys it may see.
 */
export const valuesBefore = ({ width, isKeyed }: HookPoint, position: number): number =>
  isKeyed ? (width * position * (position + 1)) / 2 : width * position

/** Sizes of the axes for one sequence: S positions, and T keys where there is such an axis. */
export const hookShape = ({ axes, sizes }: HookPoint, positions: number, keys: number): number[] =>
  axes === 'B H S T' ? [1, ...sizes, positions, keys] : [1, positions, ...sizes]
