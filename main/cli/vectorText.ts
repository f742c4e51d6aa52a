// A vector as a card to read.
// Owns: its words and tables. Not: the figures (contract/contrasts.ts says what they are).
import type { ContrastDocument, VectorReport } from '../contract/contrasts.ts'
import type { VectorOrigin, VectorRecord, VectorRow } from '../contract/vectors.ts'
import { table } from './output.ts'

const figure = (value: number | null, digits = 2): string => (value === null ? '–' : value.toFixed(digits))

export function originWords(origin: VectorOrigin): string {
  switch (origin.kind) {
    case 'contrast': {
      const { away, towards, recipe, dataSetRecipe } = origin
      return `${recipe.settings.kind} from “${away}” to “${towards}”, data set ${recipe.dataSetId} of ${dataSetRecipe.runIds.join(', ')}`
    }
    case 'probe':
      return `direction of probe ${origin.recipe.probeId}, towards “${origin.towards}”`
    case 'prompts':
      return `${origin.recipe.settings.kind} of ${origin.recipe.pairs.length} pairs of prompts`
    case 'learned':
      return `learned over ${origin.recipe.components} components of data set ${origin.recipe.dataSetId}, ${origin.generations} generations, ${origin.episodesPlayed} episodes`
    case 'file':
      return `${origin.fileName} (${origin.format})`
  }
}

export const stepWords = (steps: VectorRow['steps']): string =>
  steps === null ? 'all' : steps[0] === steps[1] ? String(steps[0]) : `${steps[0]}–${steps[1] ?? ''}`

export function vectorCard(record: VectorRecord): string {
  const { id, name, origin, model, width, rows, flags, documents } = record
  return [
    `Vector ${id}  ${name}`,
    `  ${originWords(origin)}`,
    `  ${rows.length} ${rows.length === 1 ? 'direction' : 'directions'} of ${width} values, model ${model?.name ?? 'not known'}`,
    '',
    documents.length === 0
      ? table([
          ['hook point', 'steps', 'norm'],
          ...rows.map(({ hook, steps, norm }) => [hook, stepWords(steps), figure(norm)]),
        ])
      : documents.map(({ hook, document }) => contrastTable(hook, document)).join('\n\n'),
    ...(flags.length > 0 ? ['', ...flags.map((flag) => `! ${flag}`)] : []),
  ].join('\n')
}

function contrastTable(
  hook: string,
  { vectors, residualNorm, residualNormUnknown, settings }: ContrastDocument,
): string {
  const isPooled = settings.scope.kind === 'pooled'
  return [
    `${hook}, median residual norm ${residualNormUnknown ? `not known: ${residualNormUnknown}` : figure(residualNorm, 1)}`,
    table([
      [
        'steps',
        'rows',
        'norm',
        '÷ residual',
        'd′',
        'd′ unseen',
        'shuffled p',
        'split-half cosine',
        'for .9',
        '',
      ],
      ...vectors.map((vector) => [
        isPooled ? 'all' : stepWords([vector.firstStep, vector.lastStep]),
        `${vector.away} + ${vector.towards}`,
        figure(vector.norm),
        figure(vector.normFraction, 3),
        figure(vector.dPrime),
        figure(vector.heldOutDPrime),
        figure(vector.shuffled?.p ?? null, 3),
        splitHalf(vector),
        episodesNeeded(vector),
        vector.flags.some(({ isRefusal }) => isRefusal) ? 'refused' : '',
      ]),
    ]),
  ].join('\n')
}

function splitHalf({ stability }: VectorReport): string {
  const last = stability?.curve[stability.curve.length - 1]
  return last ? `${figure(last.cosine)} [${figure(last.low)}, ${figure(last.high)}]` : '–'
}

const episodesNeeded = ({ stability }: VectorReport): string =>
  stability?.episodesNeeded ? `${stability.episodesNeeded} episodes` : '–'
