// Vectors of the library as interventions take them.
// Owns: which rows are for a hook point, and the controls that are derived from a vector. Not: applying them (inference/).
import { randomVectors } from '../../analysis/steering/controlDirections.ts'
import { normOf, orthogonalised } from '../../analysis/steering/vectorGeometry.ts'
import { errors } from '../../contract/errors.ts'
import type { VectorVariant } from '../../contract/interventions.ts'
import type { VectorSummary } from '../../contract/vectors.ts'
import type { StepRange, StoredTensor, WorkspaceSource } from '../../inference/interventionSources.ts'
import type { Workspace } from '../../store/workspace.ts'

/** Of a vector's length: less is rounding, which nobody wants to steer with at full length. */
const LEAST_LEFT = 1e-3

/** Rows of a vector at one hook point. */
interface HookRows {
  rows: Float32Array[]
  steps: (StepRange | null)[]
}

/**
 * The rows that act at a hook point. A vector with rows at one hook point serves every other: a person names where it acts.
 * @throws not_found; vector_lacks for a hook point or a control that it has not
 */
export function readVector(
  workspace: Workspace,
  source: Extract<WorkspaceSource, { vector: string }>,
  hook: string,
): StoredTensor {
  const summary = workspace.vectors.summary(source.vector)
  const { rows, steps } = rowsAt(workspace, summary, hook, source.variant ?? null)
  const { width, model, computeDtype, id, name } = summary
  const data = new Float32Array(rows.length * width)
  rows.forEach((row, index) => data.set(row, index * width))
  return {
    data,
    shape: [rows.length, width],
    ...(model && { modelHash: model.hash }),
    ...(computeDtype && { computeDtype }),
    provenance: `vector ${id} “${name}”${variantWords(source.variant)}`,
    isSequence: false,
    ...(steps.some((range) => range !== null) && {
      steps: steps.map((range) => range ?? ([0, null] as const)),
    }),
  }
}

function rowsAt(
  workspace: Workspace,
  summary: VectorSummary,
  hook: string,
  variant: VectorVariant | null,
): HookRows {
  const { id, rows, width } = summary
  const hooks = [...new Set(rows.map((row) => row.hook))]
  const own = hooks.length === 1 ? hooks[0] : hook
  const places = rows.flatMap((row, place) => (row.hook === own ? [place] : []))
  if (places.length === 0)
    throw errors.vectorLacks({ id, what: `a row for ${hook}`, has: `rows for ${hooks.join(', ')}` })
  const { data, shuffled } = workspace.vectors.numbers(id)
  const pick = (numbers: Float32Array): Float32Array[] =>
    places.map((place) => numbers.slice(place * width, (place + 1) * width))
  const steps = places.map((place) => rows[place].steps)
  const plain = pick(data)
  switch (variant?.kind) {
    case undefined:
      return { rows: plain, steps }
    case 'random': {
      if (plain.length > width)
        throw errors.vectorLacks({
          id,
          what: 'random directions, which keep the cosines between its rows',
          has: `${plain.length} rows of ${width} values: so many have none`,
        })
      const sets = randomVectors(plain, variant.index + 1, variant.seed)
      return { rows: sets[variant.index].map((row) => row!), steps } // null stands for null alone
    }
    case 'shuffled':
      if (!shuffled)
        throw errors.vectorLacks({
          id,
          what: 'a control of shuffled labels',
          has: 'none: it was not made from labelled steps',
        })
      return { rows: pick(shuffled), steps }
    case 'orthogonal':
      return { rows: withoutOther(workspace, summary, { rows: plain, steps }, variant.to, own), steps }
  }
}

function withoutOther(
  workspace: Workspace,
  { id, width }: VectorSummary,
  { rows, steps }: HookRows,
  to: string,
  hook: string,
): Float32Array[] {
  const summary = workspace.vectors.summary(to)
  if (summary.width !== width)
    throw errors.vectorLacks({ id: to, what: `${width} values`, has: `${summary.width} values` })
  const other = rowsAt(workspace, summary, hook, null)
  return rows.map((row, index) => {
    const same = other.steps.findIndex((range) => range?.[0] === steps[index]?.[0])
    const against = same >= 0 ? [other.rows[same]] : other.rows
    const left = orthogonalised(row, against)
    if (!left || normOf(left) < LEAST_LEFT * normOf(row))
      throw errors.vectorLacks({ id, what: `anything that ${to} does not have`, has: 'the same direction' })
    // As long as the vector, as every control is: what is left of it alone would be a smaller dose besides.
    const factor = normOf(row) / normOf(left)
    return left.map((value) => value * factor)
  })
}

function variantWords(variant?: VectorVariant): string {
  if (!variant) return ''
  if (variant.kind === 'random') return `, random direction ${variant.index + 1} (seed ${variant.seed})`
  return variant.kind === 'shuffled' ? ', from shuffled labels' : `, orthogonal to ${variant.to}`
}
