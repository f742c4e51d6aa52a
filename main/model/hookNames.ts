// Hook points: the places inside a decoder whose values can be read, by TransformerLens's names.
// Owns: the one table of names, axes and widths, and the one parser. Not: where the graph computes them (decoderGraph.ts).
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'

/** How one kind of hook point looks in every layer. Axes by the letters of docs/architecture.md. */
interface HookKind {
  /** `{i}` stands for the layer. */
  name: string
  axes: string
  width: (shape: ModelShape) => number
}

const residual = (name: string): HookKind => ({ name, axes: 'B S D', width: (shape) => shape.residualWidth })

/** A new hook point is a row here and a `hook(...)` call in the graph. */
const hookKinds: readonly HookKind[] = [
  residual('hook_embed'),
  residual('blocks.{i}.hook_resid_pre'),
  residual('blocks.{i}.hook_resid_mid'),
  residual('blocks.{i}.hook_resid_post'),
]

export interface HookPoint {
  /** The full name, for instance `blocks.15.hook_resid_post`. */
  name: string
  /** Null for hook points outside the blocks. */
  layer: number | null
  axes: string
  /** Values per position. */
  width: number
}

const layerMark = /(?<=^blocks\.)\d+(?=\.)/

/**
 * The hook point of that name.
 * @throws hookUnknown with the nearest names; layerOutOfRange.
 */
export function parseHook(name: string, shape: ModelShape): HookPoint {
  const layerText = layerMark.exec(name)?.[0] ?? null
  const pattern = name.replace(layerMark, '{i}')
  const kind = hookKinds.find((each) => each.name === pattern)
  const isCanonical = layerText === null ? !name.includes('{i}') : String(Number(layerText)) === layerText
  if (!kind || !isCanonical)
    throw errors.hookUnknown({ hook: name, near: nearestHooks(name, layerText ?? '0') })
  const layer = layerText === null ? null : Number(layerText)
  if (layer !== null && layer >= shape.layers) throw errors.layerOutOfRange({ layer, layers: shape.layers })
  return { name, layer, axes: kind.axes, width: kind.width(shape) }
}

/** Every hook point of a model, in the order in which a forward pass meets their layers. */
export function listHooks(shape: ModelShape): HookPoint[] {
  const outside = hookKinds.filter((kind) => !kind.name.includes('{i}'))
  const inside = hookKinds.filter((kind) => kind.name.includes('{i}'))
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer)
  return [
    ...outside.map((kind) => kind.name),
    ...layers.flatMap((layer) => inside.map((kind) => kind.name.replace('{i}', String(layer)))),
  ].map((name) => parseHook(name, shape))
}

/** The three names that take the fewest edits, for an error's “did you mean”; for `foo` at least examples. */
function nearestHooks(name: string, layer: string): string[] {
  return hookKinds
    .map((kind) => kind.name.replace('{i}', String(Number(layer))))
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line++) {
    const next = [line]
    for (let column = 1; column <= to.length; column++) {
      const replace = row[column - 1] + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replace, row[column] + 1, next[column - 1] + 1))
    }
    row = next
  }
  return row[to.length]
}
