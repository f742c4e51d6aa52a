// How often the verdict on a sweep claims an effect, by simulation: `node scripts/steeringPower.ts`, minutes.
// Writes its tables into docs/methods/steering.md, between its two marks. Seeded: the same code gives the same table.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sweepPresets } from '../main/contract/sweeps.ts'
import { smallestClaim } from '../main/analysis/steering/smallestClaim.ts'
import { simulatedPower, type SimulatedSweep } from '../main/analysis/steering/simulatedSweep.ts'

const TRIALS = 200
const page = join(import.meta.dirname, '..', 'docs', 'methods', 'steering.md')
const [start, end] = ['<!-- power: scripts/steeringPower.ts -->', '<!-- /power -->']

const usual = { steps: 20, rate: 0.69, alphas: [0.5, 1, 2, 4], randomDirections: 5 }
const columns: { title: string; plan: Pick<SimulatedSweep, 'episodes' | 'effect' | 'directionSpread'> }[] = [
  { title: 'no effect', plan: { episodes: 20, effect: 0 } },
  {
    title: 'no effect, any direction moves it (sd 5 points)',
    plan: { episodes: 20, effect: 0, directionSpread: 0.05 },
  },
  { title: '−15 points, 20 episodes', plan: { episodes: 20, effect: -0.15 } },
  { title: '−15 points, 40 episodes', plan: { episodes: 40, effect: -0.15 } },
]

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const lines = [
  [
    'correlation within episodes',
    'pairs share their object’s draw',
    ...columns.map(({ title }) => title),
    'intervals that hold the truth',
  ],
  ['--:', ':-:', ...columns.map(() => '--:'), '--:'],
]
for (const clusterCorrelation of [0, 0.1, 0.3])
  for (const isPaired of [true, false]) {
    const found = columns.map(({ plan }) =>
      simulatedPower({ ...usual, ...plan, clusterCorrelation, isPaired }, { trials: TRIALS, seed: 1 }),
    )
    lines.push([
      String(clusterCorrelation),
      isPaired ? 'yes' : 'no',
      ...found.map(({ claims }) => percent(claims)),
      percent(found[0].coverage ?? NaN),
    ])
    console.log(lines.at(-1)?.join(' | '))
  }

// What the form promises of its presets, and what they do with an effect that was not chosen for them.
const presets = [
  ['Quick', sweepPresets.quick],
  ['Careful', sweepPresets.careful],
] as const
const presetLines = [
  [
    'preset',
    'correlation within episodes',
    'smallest effect that is claimed in 80 of 100 (points)',
    'no effect',
    '−15 points',
    '−25 points',
  ],
  ['---', '--:', '--:', '--:', '--:', '--:'],
]
for (const [name, { episodes, alphas, controls }] of presets)
  for (const clusterCorrelation of [0, 0.1, 0.3]) {
    const { steps, rate } = usual
    const { random: randomDirections, at: randomAt } = controls
    const design = { episodes, steps, rate, clusterCorrelation, alphas, randomDirections, randomAt }
    const smallest = smallestClaim({ ...design, wanted: 'down', further: 0, level: 0.05 })
    const claims = [0, -0.15, -0.25].map(
      (effect) =>
        simulatedPower({ ...design, effect, isPaired: false }, { trials: TRIALS, seed: 100 }).claims,
    )
    presetLines.push([
      `${name}: ${episodes} episodes, α ${alphas.join(', ')}`,
      String(clusterCorrelation),
      smallest === null ? '–' : (100 * smallest).toFixed(1),
      ...claims.map(percent),
    ])
    console.log(presetLines.at(-1)?.join(' | '))
  }

const text = readFileSync(page, 'utf8')
const [before, after] = [text.indexOf(start), text.indexOf(end)]
if (before < 0 || after < before) throw new TypeError(`${page} has not the marks ${start} and ${end}`)
const tableOf = (rows: string[][]): string => rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
writeFileSync(
  page,
  `${text.slice(0, before + start.length)}\n\n${tableOf(lines)}\n\nThe presets, where pairs share nothing but their object:\n\n${tableOf(presetLines)}\n\n${text.slice(after)}`,
)
