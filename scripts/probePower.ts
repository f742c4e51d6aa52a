// Prints docs/methods/probe-power.md: how often a probe's headline is significant where nothing is planted, and where something is.
//   node scripts/probePower.ts > docs/methods/probe-power.md && prettier --write docs/methods/probe-power.md     (some minutes)
// Owns: the trials and their table. Not: the rows (tests/support/plantedRows.ts) or the judgement (judgeProbe.ts).
import { judgeProbe } from '../main/analysis/probes/judgeProbe.ts'
import { probeSettings } from '../main/contract/probes.ts'
import { plantedRows, type PlantedSettings } from '../tests/support/plantedRows.ts'

const TRIALS = 100
const settings = probeSettings.parse({ dataSetId: 'trial', permutations: 39, bootstraps: 200 })

interface Outcome {
  significant: number
  warned: number
  auroc: number
  rival: number
}

function trials(name: string, planted: Omit<PlantedSettings, 'seed'>): Outcome {
  const sum: Outcome = { significant: 0, warned: 0, auroc: 0, rival: 0 }
  for (let trial = 0; trial < TRIALS; trial++) {
    const data = plantedRows({ ...planted, seed: `${name}/${trial}` })
    const { headline, warnings, figures, rivals } = judgeProbe(data, settings, () => {})
    sum.significant += headline.significant ? 1 : 0
    sum.warned += warnings.some(({ kind }) => kind === 'rivalAsGood' || kind === 'shuffledAsGood') ? 1 : 0
    sum.auroc += figures.auroc.value! / TRIALS
    sum.rival += rivals.find(({ kind }) => kind === headline.rival)!.auroc.value! / TRIALS
  }
  return sum
}

const row = (cells: (string | number)[]): string => `| ${cells.join(' | ')} |`
const percent = (count: number): string => `${((100 * count) / TRIALS).toFixed(0)} %`

function table(title: string, column: string, cases: [number, Omit<PlantedSettings, 'seed'>][]): string {
  const rows = cases.map(([value, planted]) => {
    const { significant, warned, auroc, rival } = trials(`${title}/${value}`, planted)
    return row([value, auroc.toFixed(2), rival.toFixed(2), percent(significant), percent(warned)])
  })
  const head = [column, 'AUROC of the probe', 'of the best rival', 'headline significant', 'warned']
  return [row(head), row(head.map(() => '---:')), ...rows].join('\n')
}

process.stdout.write(`# Probes on rows whose truth is known

Made by \`scripts/probePower.ts\`; change it there. Each line: ${TRIALS} seeded trials of 30 episodes × 10 steps and 24 features; L2 logistic regression, five
folds of episodes, ${settings.permutations} permutations, ${settings.bootstraps} resamples. A label is 1 with probability .75 after a 1 and .25 after a 0, so that earlier labels alone predict it.
“Warned”: a rival does as well, or shuffled labels do.

## Nothing planted

The features are noise, but for what they hold of the label's own history (distance between the classes of the step before and of the running rate, in standard
deviations). A headline is a false alarm here.

${table(
  'null',
  'history in the features',
  [0, 1.5, 4].map((history) => [history, { history, strength: 0 }]),
)}

## A direction planted beyond the history

Distance between the classes along one direction, in standard deviations of the noise; the features hold the history as well (1.5). The rivals know the history in full.

${table(
  'power',
  'distance',
  [0.5, 1, 1.25, 1.5, 2, 2.5].map((strength) => [strength, { strength }]),
)}
`)
