// A judged probe as a card for a person.
// Owns: which figures are shown, in which order, in how many digits. Not: the document (contract/probes.ts).
import type { ProbedFeatures } from '../analysis/probes/probeFeatures.ts'
import type { Estimate } from '../contract/estimates.ts'
import type { ProbeDocument, ProbeFigures, Rival } from '../contract/probes.ts'
import { table } from './output.ts'

const digits = (value: number): string => value.toFixed(3).replace(/^(-?)0\./, '$1.')

/** `.812 [.760, .861]` */
export function estimateText({ value, low, high }: Estimate): string {
  if (value === null) return '–'
  return low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`
}

const rivalRow = ({ title, moment, auroc, accuracy, advantage, available, missing }: Rival): string[] => [
  title,
  moment === 'prompt' ? 'before the answer' : 'after the answer',
  missing ?? estimateText(auroc),
  missing ? '' : estimateText(accuracy),
  missing ? '' : `${estimateText(advantage)}${available ? '' : ' (later)'}`,
]

function figuresTable(figures: ProbeFigures): string {
  return table([
    ['figure', 'value [95 % interval]'],
    ['accuracy', estimateText(figures.accuracy)],
    ['majority class', figures.majority === null ? '–' : digits(figures.majority)],
    ['balanced accuracy', estimateText(figures.balancedAccuracy)],
    ['AUROC', estimateText(figures.auroc)],
    ['average precision', estimateText(figures.auprc)],
    ['Brier', estimateText(figures.brier)],
    ['caught at 1 % false', estimateText(figures.tprAt1)],
    ['caught at 5 % false', estimateText(figures.tprAt5)],
    ...figures.classes.map(({ name, precision, recall, f1 }) => [
      name,
      `precision ${estimateText(precision)}, recall ${estimateText(recall)}, F1 ${estimateText(f1)}`,
    ]),
  ])
}

const permutationLine = (control: NonNullable<ProbeDocument['permutation']>): string => {
  const [p, selectivity] = [control.p, control.selectivity].map((value) =>
    value === null ? '–' : digits(value),
  )
  return `shuffled labels   p = ${p} of ${control.permutations}, selectivity ${selectivity}`
}

const controlLines = (
  permutation: ProbeDocument['permutation'],
  random: ProbeDocument['randomFeatures'],
): string[] => [
  permutation ? permutationLine(permutation) : 'shuffled labels   not tried (0 permutations)',
  ...(random ? [`random features   AUROC ${estimateText(random.auroc)}`] : []),
]

/** Of foreign features: figures and the control. */
export const featuresCard = ({
  figures,
  permutation,
  randomFeatures,
  testGroups,
  warnings,
}: ProbedFeatures): string =>
  [
    `Judged on ${figures.n} rows of ${testGroups.length} groups.`,
    figuresTable(figures),
    ...controlLines(permutation, randomFeatures),
    ...(warnings.length > 0 ? [warnings.map(({ text }) => `! ${text}`).join('\n')] : []),
  ].join('\n\n')

/** Headline, figures, rivals and controls, warnings; then cells and steps where there are several. */
export function probeCard(document: ProbeDocument): string {
  const { figures, data, rivals, permutation, randomFeatures, warnings, cells, steps, layer, pooling } =
    document
  const controls = controlLines(permutation, randomFeatures)
  const sections = [
    document.headline.sentence,
    [
      `${data.rows} steps of ${data.groups} episodes: ${data.classes.map((name, k) => `${data.counts[k]} ${name}`).join(', ')}`,
      `layer ${layer}, ${pooling}, ${document.settings.estimator.kind}, judged on ${figures.n} steps of ${figures.groups} episodes`,
    ].join('\n'),
    figuresTable(figures),
    table([['rival', 'known', 'AUROC', 'accuracy', 'probe − rival'], ...rivals.map(rivalRow)]),
    controls.join('\n'),
    warnings.map(({ text }) => `! ${text}`).join('\n'),
    cells.length > 1
      ? table([
          ['layer', 'pooling', 'AUROC', 'accuracy', 'n'],
          ...cells.map((cell) => [
            String(cell.layer),
            cell.pooling,
            estimateText(cell.auroc),
            estimateText(cell.accuracy),
            String(cell.n),
          ]),
        ])
      : '',
    steps.length > 0
      ? table([
          ['trained on', 'judged on', 'n', 'of class 1', 'pairs', 'AUROC', 'accuracy', 'majority'],
          ...steps.map((each) => [
            rangeText(each.trainFirst, each.trainLast),
            rangeText(each.testFirst, each.testLast),
            String(each.n),
            String(each.positives),
            each.pairs === null ? '–' : String(each.pairs),
            each.missing ?? estimateText(each.auroc),
            each.accuracy.value === null ? '' : estimateText(each.accuracy),
            each.majority === null ? '–' : digits(each.majority),
          ]),
        ])
      : '',
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

const rangeText = (first: number, last: number): string => (first === last ? `${first}` : `${first}–${last}`)
