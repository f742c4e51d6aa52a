// The conditions of a sweep: what each does and what it is called.
// Owns: cells, doses and controls out of settings. Not: playing them (sweepDesk.ts) or what they show (sweepVerdict.ts).
import { seededGenerator } from '../../analysis/seededGenerator.ts'
import type { InterventionInput } from '../../contract/interventions.ts'
import type { VectorVariant } from '../../contract/interventions.ts'
import { errors } from '../../contract/errors.ts'
import type { SteeringPlace, SweepMember, SweepSettings } from '../../contract/sweeps.ts'
import type { VectorSummary } from '../../contract/vectors.ts'

/** A condition as it will be a run. */
export interface PlannedCondition extends Omit<SweepMember, 'sweepId'> {
  interventions: InterventionInput[]
  /** Takes the place of the environment's. */
  systemPrompt: string
}

/** One vector at one place. */
interface Cell {
  words: string
  vector: VectorSummary
  /** Null where the vector was made. */
  layer: number | null
  place: SteeringPlace
  isGated: boolean
}

/**
 * The baseline, then every dose of every cell with its controls, then the instruction in words. The same settings give the same ids.
 * @param vectorOf  of the library
 * @throws vector_lacks for shuffled labels that a vector does not have, invalid_input
 */
export function sweepConditions(
  settings: SweepSettings,
  vectorOf: (id: string) => VectorSummary,
): PlannedCondition[] {
  const { controls, environment, gate } = settings
  const { systemPrompt } = environment
  const plain = { cell: '', alpha: null, interventions: [], systemPrompt }
  const conditions: PlannedCondition[] = [{ ...plain, id: 'baseline', title: 'baseline', role: 'baseline' }]
  const gates = gate ? (gate.alsoWithout ? [false, true] : [true]) : [false]
  const cells = [...new Set(settings.vectors)].flatMap((id) =>
    layersOf(settings, vectorOf(id)).flatMap((layer) =>
      settings.places.flatMap((place) =>
        gates.map((isGated) =>
          cellOf({ vector: vectorOf(id), layer, place, isGated }, isGated && gate ? gateWords(gate) : []),
        ),
      ),
    ),
  )
  const repeated = cells.find(
    ({ words }, index) => cells.findIndex((other) => other.words === words) !== index,
  )
  if (repeated) throw errors.invalidInput({ field: 'places', reason: `${repeated.words} is named twice` })
  for (const cell of cells) conditions.push(...conditionsOf(cell, settings))
  if (controls.prompt !== '')
    conditions.push({
      ...plain,
      id: 'prompt',
      title: 'told in words',
      role: 'prompt',
      systemPrompt: [systemPrompt, controls.prompt].filter((text) => text !== '').join('\n'),
    })
  return conditions
}

const layersOf = ({ layers }: SweepSettings, vector: VectorSummary): (number | null)[] =>
  layers ? [...new Set(layers)] : (vectorLayers(vector) ?? [null])

/** Layers of hook_resid_post that a vector was made for; null elsewhere, where it acts at its own hook point. */
export function vectorLayers({ rows }: VectorSummary): number[] | null {
  const own = [...new Set(rows.map(({ hook }) => /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1]))]
  return own.every((layer) => layer !== undefined) ? own.map(Number) : null
}

/** What opens it is part of a condition: with another threshold it is another one. */
function gateWords({ vector, above, below, probe }: NonNullable<SweepSettings['gate']>): string[] {
  if (probe) return [`gated by ${probe.id} at ${probe.falsePositiveRate}`]
  return [`gated by ${vector} ${above === undefined ? `< ${below}` : `> ${above}`}`]
}

function cellOf(parts: Omit<Cell, 'words'>, gateWords: readonly string[]): Cell {
  const { vector, layer, place } = parts
  const words = [
    vector.id,
    layer === null ? vector.rows[0].hook : `layer ${layer}`,
    placeWords(place),
    ...gateWords,
  ].join(' · ')
  return { ...parts, words }
}

export function placeWords(place: SteeringPlace): string {
  switch (place.kind) {
    case 'lastPrompt':
      return 'last prompt token'
    case 'allPrompt':
      return 'every prompt token'
    case 'everyGenerated':
      return 'every generated token'
    case 'all':
      return 'every token'
    case 'firstGenerated':
      return `first ${place.count} generated tokens`
    case 'decaying':
      return `generated tokens, half after ${place.halfLife}`
  }
}

interface Variation {
  role: SweepMember['role']
  /** Added to the dose's title. */
  words: string
  sign: 1 | -1
  variant?: VectorVariant
}

function conditionsOf(cell: Cell, settings: SweepSettings): PlannedCondition[] {
  const { controls, alphas } = settings
  const doses = [...new Set(alphas)].sort((one, other) => one - other)
  const largest = Math.max(...doses.map(Math.abs))
  const steered: Variation = { role: 'steered', words: '', sign: 1 }
  return doses.flatMap((alpha) => {
    const size = Math.abs(alpha)
    // A dose and its opposite share their controls, which stand at the positive one.
    const hasOwn = alpha > 0 || !alphas.includes(-alpha)
    const isControlled = hasOwn && (controls.at === 'every' || size === largest)
    const variations = [steered, ...(isControlled ? controlsOf(cell, settings, alpha) : [])]
    return variations.map((variation) => conditionOf(cell, settings, variation, alpha))
  })
}

function controlsOf(
  { vector, words: cell }: Cell,
  { controls, alphas }: SweepSettings,
  alpha: number,
): Variation[] {
  // Each cell draws its own: directions that are the same everywhere would agree with each other more than chance lets them.
  const seed = Math.floor(seededGenerator(`${controls.seed}/${cell}`)() * 2 ** 32)
  const random = Array.from({ length: controls.random }, (_, index): Variation => ({
    role: 'random',
    words: `random ${index + 1}`,
    sign: 1,
    variant: { kind: 'random', index, seed },
  }))
  const variations = random
  if (controls.shuffled && vector.hasShuffled)
    variations.push({ role: 'shuffled', words: 'shuffled labels', sign: 1, variant: { kind: 'shuffled' } })
  // In a grid that has −α itself it is a dose and no control.
  if (controls.negated && !alphas.includes(-alpha))
    variations.push({ role: 'negated', words: 'negated', sign: -1 })
  for (const to of controls.orthogonalTo)
    variations.push({
      role: 'orthogonal',
      words: `without ${to}`,
      sign: 1,
      variant: { kind: 'orthogonal', to },
    })
  return variations
}

function conditionOf(
  cell: Cell,
  settings: SweepSettings,
  { role, words, sign, variant }: Variation,
  dose: number,
): PlannedCondition {
  const alpha = sign * dose
  return {
    id: `${cell.words} · ${conditionTitle(alpha, words)}`,
    // What people read has a true minus; an id has none, so that what was stored before keeps its own.
    title: conditionTitle(alpha, words).replace('α = -', 'α = −'),
    role,
    cell: cell.words,
    alpha,
    interventions: [interventionOf(cell, settings, { alpha, variant })],
    systemPrompt: settings.environment.systemPrompt,
  }
}

/** @param words  of the control; empty for a dose itself */
export const conditionTitle = (alpha: number, words: string): string =>
  [`α = ${alpha}`, ...(words === '' ? [] : [words])].join(', ')

function interventionOf(
  { vector, layer, place, isGated, words }: Cell,
  { unit, normMatched, steps, gate }: SweepSettings,
  { alpha, variant }: { alpha: number; variant?: VectorVariant },
): InterventionInput {
  const threshold = gate?.above === undefined ? { below: gate?.below ?? 0 } : { above: gate.above }
  return {
    name: words,
    kind: 'add',
    hook: layer === null ? vector.rows[0].hook : `blocks.${layer}.hook_resid_post`,
    ...placePositions(place),
    vector: { vector: vector.id, ...(variant && { variant }) },
    alpha,
    unit,
    normMatched,
    ...(steps && { applyAtSteps: steps }),
    ...(gate && isGated && { gate: { vector: gateSource(gate), ...threshold } }),
  }
}

/** A probe's direction is a vector of the library once the sweep is started. */
const gateSource = ({ vector, probe }: NonNullable<SweepSettings['gate']>) =>
  vector !== undefined || !probe ? { vector: vector ?? '' } : { probe: probe.id }

/** A place as interventions name it. */
export function placePositions(
  place: SteeringPlace,
): Pick<Extract<InterventionInput, { kind: 'add' }>, 'positions' | 'halfLife'> {
  switch (place.kind) {
    case 'firstGenerated':
      return { positions: { generated: place.count } }
    case 'decaying':
      return { positions: 'everyGenerated', halfLife: place.halfLife }
    default:
      return { positions: place.kind }
  }
}
