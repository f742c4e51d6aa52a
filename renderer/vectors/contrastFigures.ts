// Which number of a contrast stands in which figure.
import type { ContrastDocument, VectorReport } from '../../main/contract/contrasts.ts'
import type { StabilityCurve, VectorPlace } from '../charts/vectorFigures.ts'
import { stepsText } from './vectorText.ts'

const isPooled = ({ settings }: ContrastDocument): boolean => settings.scope.kind === 'pooled'

/** `all`, `7` or `4–7`. */
export const labelOf = (document: ContrastDocument, { firstStep, lastStep }: VectorReport): string =>
  isPooled(document) ? 'all' : stepsText([firstStep, lastStep])

const refusalOf = ({ flags }: VectorReport): string | null =>
  flags.find(({ isRefusal }) => isRefusal)?.text ?? null

export const placesOf = (document: ContrastDocument): VectorPlace[] =>
  document.vectors.map((vector) => {
    const { away, towards, norm, normFraction, shuffled, dPrime, heldOutDPrime } = vector
    return {
      ...{ label: labelOf(document, vector), away, towards, norm, normFraction, shuffled },
      ...{ dPrime, heldOutDPrime, refusal: refusalOf(vector) },
    }
  })

/** The vector whose stability is shown unless another is asked for: the one made from the most rows. */
export function richestOf({ vectors }: ContrastDocument): number {
  let best = -1
  vectors.forEach(({ away, towards, stability }, i) => {
    const richest = vectors[best]
    if (stability && (!richest || away + towards > richest.away + richest.towards)) best = i
  })
  return best
}

export function stabilityOf(document: ContrastDocument, index: number): StabilityCurve | null {
  const vector = document.vectors[index]
  if (!vector?.stability) return null
  const { curve, reliability, episodesNeeded, episodesNeededLow, episodesNeededHigh } = vector.stability
  const label = labelOf(document, vector)
  return {
    of: label === 'all' ? 'all steps' : `step ${label}`,
    points: curve,
    episodes: vector.episodes,
    ...{ reliability, episodesNeeded, episodesNeededLow, episodesNeededHigh },
  }
}
