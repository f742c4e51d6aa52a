// A vector of the library that steers the playground, and the intervention that it stands for.
// Owns: both directions. Not: what a vector is (the library), other interventions, which stay as they are.
import type { InterventionSetting } from '../../main/contract/interventions.ts'
import type { VectorSummary } from '../../main/contract/vectors.ts'

export const placeNames = {
  lastPrompt: 'last prompt token',
  allPrompt: 'every prompt token',
  everyGenerated: 'every generated token',
  all: 'prompt and answer',
  firstGenerated: 'first generated tokens',
  decaying: 'generated tokens, decaying',
} as const
export type SliderPlace = keyof typeof placeNames

export interface VectorSlider {
  vectorId: string
  hook: string
  alpha: number
  /** `valueNorm`: α is a share of the residual's own norm. */
  unit: 'vector' | 'valueNorm'
  place: SliderPlace
  /** Tokens of `firstGenerated`, half-life of `decaying`. */
  count: number
  /** One that is off stays in the list. */
  isOn: boolean
}

/** Where upstream steers, at the strength that the vector was made with. */
export const newSlider = ({ id, rows }: VectorSummary): VectorSlider => ({
  vectorId: id,
  hook: rows[0]?.hook ?? '',
  alpha: 1,
  unit: 'vector',
  place: 'lastPrompt',
  count: 8,
  isOn: true,
})

/** What an answer calls it: the vector, how much of it, where. */
export function sliderName({ alpha, hook, unit }: VectorSlider, vectorName: string): string {
  const layer = /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1]
  const dose = `α ${alpha}${unit === 'valueNorm' ? ' of the value’s norm' : ''}`
  return `${vectorName}, ${dose}, ${layer === undefined ? hook : `layer ${layer}`}`
}

/** How far a slider goes by itself; a number typed beside it may be larger. */
export const sliderRange = { vector: 8, valueNorm: 1 } as const

type Addition = Extract<InterventionSetting, { kind: 'add' }>

const plainPlaces = ['lastPrompt', 'allPrompt', 'everyGenerated', 'all'] as const

/** The intervention as the engine and `--intervene` take it. */
export function interventionOf({
  vectorId,
  hook,
  alpha,
  unit,
  place,
  count,
}: VectorSlider): InterventionSetting {
  const positions: Addition['positions'] =
    place === 'firstGenerated' ? { generated: count } : place === 'decaying' ? 'everyGenerated' : place
  return {
    kind: 'add',
    hook,
    positions,
    ifAbsent: 'error',
    vector: { vector: vectorId },
    alpha,
    unit,
    normMatched: false,
    ...(place === 'decaying' ? { halfLife: count } : {}),
  }
}

function placeOf({ positions, halfLife }: Addition): Pick<VectorSlider, 'place' | 'count'> | null {
  if (typeof positions === 'object')
    return 'generated' in positions && halfLife === undefined
      ? { place: 'firstGenerated', count: positions.generated }
      : null
  if (halfLife !== undefined)
    return positions === 'everyGenerated' ? { place: 'decaying', count: halfLife } : null
  const place = plainPlaces.find((name) => name === positions)
  return place ? { place, count: 8 } : null
}

/** Null for an intervention that no slider can say. */
export function sliderOf(setting: InterventionSetting): VectorSlider | null {
  if (setting.kind !== 'add' || setting.gate || setting.heads || setting.phase || setting.normMatched)
    return null
  if (!('vector' in setting.vector) || setting.vector.variant) return null
  const hooks = [setting.hook].flat()
  const where = placeOf(setting)
  const [hook] = hooks
  if (hook === undefined || hooks.length > 1 || where === null || /[*{]/.test(hook)) return null
  return {
    vectorId: setting.vector.vector,
    hook,
    alpha: setting.alpha,
    unit: setting.unit,
    isOn: true,
    ...where,
  }
}
