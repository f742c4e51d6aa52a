// Interventions in words: what one does, where, and what it met.
// Owns: the names that a person reads. Not: the language itself (main/contract/interventions.ts).
import type { ActivationSource, InterventionSetting } from '../../main/contract/interventions.ts'
import type { InterventionTotal, StepIntervention } from '../../main/contract/runs.ts'
import { plural } from '../shared/format.ts'
import { writeNumbers } from '../shared/numberWords.ts'

export type Kind = InterventionSetting['kind']

export const kindNames: Record<Kind, string> = {
  add: 'Add a vector',
  projectOut: 'Project a direction out',
  clamp: 'Clamp along a direction',
  zeroAblate: 'Zero ablation',
  meanAblate: 'Mean ablation',
  resampleAblate: 'Resample ablation',
  patch: 'Patch in activations',
  freezePattern: 'Freeze an attention pattern',
}

/** As the engine names it in messages. */
export const titleOf = ({ name, kind }: Pick<InterventionSetting, 'name' | 'kind'>, index: number): string =>
  name ?? `${index + 1}, ${kind}`

const positionNames = {
  lastPrompt: 'last prompt token',
  allPrompt: 'every prompt token',
  everyGenerated: 'every generated token',
  all: 'every token',
}

function positionsText({ positions }: InterventionSetting): string {
  if (typeof positions === 'string') return positionNames[positions]
  if ('at' in positions) return `position ${[positions.at].flat().join(', ')}`
  if ('first' in positions) return `positions ${positions.first} … ${positions.last}`
  if ('generated' in positions) return `first ${plural(positions.generated, 'generated token')}`
  const { tokens } = positions
  return `tokens ${typeof tokens === 'string' ? `“${tokens}”` : tokens.join(', ')}`
}

export function sourceText(source: ActivationSource): string {
  if ('file' in source) return `${source.tensor} of ${source.file.split(/[\\/]/).at(-1)}`
  if ('values' in source) return plural(source.values.length, 'value')
  if ('vector' in source)
    return source.variant ? `${source.variant.kind} for ${source.vector}` : source.vector
  if ('probe' in source) return `direction of ${source.probe}`
  if ('dataSet' in source)
    return `${[source.class, source.pooling].filter(Boolean).join(', ') || 'rows'} of ${source.dataSet}`
  const { run, episode, step, at } = source
  const where = [episode === undefined ? '' : `episode ${episode}`, step === undefined ? '' : `step ${step}`]
  return [`${at} of ${run}`, ...where.filter(Boolean)].join(', ')
}

function actionText(setting: InterventionSetting): string {
  switch (setting.kind) {
    case 'add':
      return `${setting.alpha < 0 ? '−' : '+'}${Math.abs(setting.alpha)} · ${sourceText(setting.vector)}${
        setting.unit === 'valueNorm' ? ' (of the norm)' : ''
      }`
    case 'clamp':
      return `${setting.low ?? '−∞'} … ${setting.high ?? '∞'} along ${sourceText(setting.vector)}`
    case 'projectOut':
      return `without ${sourceText(setting.vector)}`
    case 'zeroAblate':
      return '0'
    case 'meanAblate':
      return `mean of ${sourceText(setting.source)}`
    case 'resampleAblate':
      return `rows of ${sourceText(setting.source)}`
    default:
      return sourceText(setting.source)
  }
}

const gateText = (gate: NonNullable<InterventionSetting['gate']>): string =>
  `where x · (${sourceText(gate.vector)}) is ${'above' in gate ? `above ${gate.above}` : `below ${gate.below}`}`

/** On one line: what, where, which tokens, which steps. */
export function summaryOf(setting: InterventionSetting): string {
  const { hook, heads, applyAtSteps, gate } = setting
  return [
    actionText(setting),
    [hook].flat().join(', '),
    ...(heads ? [`heads ${writeNumbers(heads)}`] : []),
    positionsText(setting),
    ...(applyAtSteps ? [`steps ${writeNumbers(applyAtSteps)}`] : []),
    ...(gate ? [gateText(gate)] : []),
  ].join(' · ')
}

/** `3 tokens`, and of one with a gate for how much it was open. */
export function metText({ tokens, open }: Pick<StepIntervention, 'tokens' | 'open'>): string {
  const met = plural(tokens, 'token')
  if (open === null) return met
  return `${met}, gate ${open === 0 ? 'shut' : `open ${open} ×`}`
}

export interface ActedMark {
  title: string
  /** `α 3`, as it was set; empty for other kinds. */
  strength: string
  met: string
  summary: string
  /** It met a token, and its gate, if it has one, was open. */
  hasActed: boolean
}

/** What a run's interventions did in one step, in the order of its list. */
export const actedMarks = (
  settings: readonly InterventionSetting[],
  acted: readonly StepIntervention[],
): ActedMark[] =>
  acted.flatMap((each) => {
    const setting = settings[each.index]
    if (!setting) return []
    return [
      {
        title: titleOf(setting, each.index),
        strength: setting.kind === 'add' ? `α ${String(setting.alpha).replace('-', '−')}` : '',
        met: metText(each),
        summary: summaryOf(setting),
        hasActed: each.tokens > 0 && each.open !== 0,
      },
    ]
  })

/** What it has met in all steps of a run so far. */
export function totalText(total: InterventionTotal | undefined): string {
  if (!total) return 'not asked of any step yet'
  return `met ${metText(total)} in ${plural(total.steps, 'step')}`
}
