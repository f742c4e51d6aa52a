// Draws every result of a folder that was measured, one SVG a part, beside the results.
//   node benchmarks/figures/draw.ts [FOLDER]
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { svgOf } from '../../renderer/charts/exportFigure.ts'
import type { Figure } from '../../renderer/charts/figure.ts'
import { ours } from '../shared/cells.ts'
import { readResults } from '../shared/results.ts'
import { barsFigure, ratesFigure } from './resultFigures.ts'

const folder = process.argv[2] ?? 'benchmarks/results'
const { speed, collect, sweep, hooks, load } = await readResults(folder)
const figures: Figure[] = []

/** The last record of each model that it is of. */
const lastModel = (models: readonly string[]): string | undefined => models.at(-1)

const model = lastModel(speed.map((each) => each.model))
const single = speed.filter((each) => each.model === model && each.threads === 1)
for (const kind of ['prefill', 'decode'] as const) {
  const cells = single.flatMap((record) => record.cells.filter((cell) => cell.kind === kind))
  const measured = cells.filter((cell) => 'tokensPerCoreSecond' in cell)
  if (measured.length === 0) continue
  const count = (context: number): number => measured.filter((cell) => cell.context === context).length
  const contexts = [...new Set(measured.map(({ context }) => context))]
  const context = contexts.reduce((best, each) => (count(each) > count(best) ? each : best))
  const batches = [...new Set(measured.map(({ batch }) => batch))].sort((a, b) => a - b)
  figures.push(
    ratesFigure(
      single,
      { kind, context, batches },
      {
        title: kind === 'decode' ? 'Answers by rows at once' : 'Prompts by rows at once',
        caption: `${model}, one thread, ${context} tokens ${kind === 'decode' ? 'behind each row' : 'a prompt'}; median of three.`,
        axis: 'tokens per core-second',
        fileName: kind,
      },
    ),
  )
}

const collected = collect.at(-1)
if (collected) {
  const { innerview, peers } = collected
  const others = Object.entries(peers).map(([name, each]) => ({
    ...{ name, value: each.coreSecondsPer1000Steps, isOurs: false },
  }))
  figures.push(
    barsFigure([{ name: ours, value: innerview.coreSecondsPer1000Steps, isOurs: true }, ...others], {
      title: 'The collect job',
      caption: `${innerview.model}, ${innerview.steps} steps; peers run a sample of the very same steps, one thread.`,
      axis: 'core-seconds per 1000 steps',
      fileName: 'collect',
    }),
  )
}

const swept = sweep.at(-1)
if (swept)
  figures.push(
    barsFigure(
      [
        { name: 'one sweep', value: swept.sweepCoreSeconds, isOurs: true },
        { name: 'six collects', value: swept.collectsCoreSeconds, isOurs: false },
      ],
      {
        title: 'A sweep of six conditions',
        caption: `${swept.model}, ${swept.steps} steps in all; the same rows come out.`,
        axis: 'core-seconds',
        fileName: 'sweep',
      },
    ),
  )

const hooked = hooks.at(-1)
if (hooked) {
  const pairs = new Map(
    hooks
      .filter((each) => each.model === hooked.model)
      .flatMap((each) => each.pairs.map((pair) => [pair.way, pair])),
  )
  figures.push(
    barsFigure(
      Array.from(pairs.values(), ({ way, ratio }) => ({ name: way, value: ratio, isOurs: true })),
      {
        title: 'What hooks cost',
        caption: `${hooked.model}; each way beside the plain one, median of pairs.`,
        axis: 'times the plain way',
        fileName: 'hooks',
      },
    ),
  )
}

const loaded = load.at(-1)
if (loaded)
  figures.push(
    barsFigure(
      Object.entries(loaded.found).map(([name, { peakBytes }]) => ({
        ...{ name, value: peakBytes / 2 ** 20, isOurs: name.startsWith(ours) },
      })),
      {
        title: 'Peak memory',
        caption: `${loaded.model}: loaded, then 16 prompts at once; resident, with mapped pages of the weights’ files.`,
        axis: 'MiB',
        fileName: 'load',
      },
    ),
  )

for (const figure of figures) await writeFile(join(folder, `${figure.fileName}.svg`), svgOf(figure))
console.log(`Figures in ${folder}: ${figures.map(({ fileName }) => `${fileName}.svg`).join(', ') || 'none'}`)
