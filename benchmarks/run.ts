// npm run bench: every part of the benchmarks, each in a process of its own, then the aims and a figure a part.
//   npm run bench -- [--quick] [--only prefill,decode,collect,sweep,hooks,load] [--model PATH] [--peer PYTHON] [--threads 1,2] [--results FOLDER]
// Owns: which parts run, how large, and what was left out. Not: measuring. `--quick` ends within five minutes on two cores: the model that ships plays the
// jobs, SmolLM2 is measured where its weights are there. Without `--quick` everything is measured on one model, which takes hours.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withLargePages } from '../main/contract/largePages.ts'
import { smolLM2Path } from '../scripts/fetchSmolLM2.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    model: { type: 'string' },
    peer: { type: 'string' },
    threads: { type: 'string', default: '1' },
    results: { type: 'string' },
  },
})
const isQuick = options.quick
/** Quick figures are of another size: they do not take the place of those that are recorded. */
const results = options.results ?? join(root, isQuick ? '.cache/benchmarks' : 'benchmarks/results')
const large = options.model ?? (existsSync(smolLM2Path) ? smolLM2Path : 'embedded')

interface Part {
  name: string
  script: string
  out: string
  full: string[]
  /** In place of `full`, and the model of it. */
  quick: { model: string; words: string[] }
}

const few = ['--batches', '1,4,16,32', '--contexts', '300', '--dtypes', 'float32']
const parts: Part[] = [
  {
    ...{ name: 'prefill', script: 'speed', out: 'speed' },
    full: ['--kinds', 'prefill', '--cell-seconds', '60'],
    quick: { model: large, words: ['--kinds', 'prefill', ...few, '--cell-seconds', '12'] },
  },
  {
    ...{ name: 'decode', script: 'speed', out: 'speed' },
    full: ['--kinds', 'decode', '--cell-seconds', '60'],
    quick: { model: large, words: ['--kinds', 'decode', ...few, '--cell-seconds', '12'] },
  },
  {
    ...{ name: 'collect', script: 'collect', out: 'collect' },
    full: [],
    quick: { model: 'embedded', words: ['--episodes', '20', '--steps', '20'] },
  },
  {
    ...{ name: 'sweep', script: 'sweep', out: 'sweep' },
    full: [],
    quick: { model: 'embedded', words: ['--episodes', '10', '--steps', '10'] },
  },
  {
    ...{ name: 'hooks', script: 'hooks', out: 'hooks' },
    full: [],
    quick: {
      model: large,
      words: [
        ...['--rows', '4', '--kept', '240', '--prompt', '60', '--new', '22'],
        ...['--ways', 'all residuals read,steered at one residual'],
      ],
    },
  },
  {
    ...{ name: 'load', script: 'load', out: 'load' },
    full: [],
    quick: { model: large, words: ['--dtypes', 'float32'] },
  },
]

const wanted = options.only?.split(',') ?? parts.map(({ name }) => name)
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name))
if (unknown.length > 0)
  throw new TypeError(`No part ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}.`)

/** As the engine's process has it; peers, which are its children, have it too. */
const env = withLargePages(process.env, process.platform)

/** Runs a script of this folder to its end. @returns whether it went well */
function ran(script: string, words: readonly string[]): boolean {
  const file = fileURLToPath(new URL(`${script}.ts`, import.meta.url))
  return spawnSync(process.execPath, [file, ...words], { stdio: 'inherit', env }).status === 0
}

await mkdir(results, { recursive: true })
const failed: string[] = []
for (const { name, script, out, full, quick } of parts.filter((part) => wanted.includes(part.name))) {
  const model = isQuick ? quick.model : large
  const words = ['--model', model, '--out', join(results, `${out}.json`), ...(isQuick ? quick.words : full)]
  if (script === 'speed') words.push('--threads', options.threads)
  if (options.peer && script !== 'sweep') words.push('--peer', options.peer)
  console.log(`\n── ${name}`)
  const started = performance.now()
  if (!ran(script, words)) failed.push(name)
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`)
}
console.log('\n── aims')
ran('aims', ['--results', results])
ran('figures/draw', [results])
console.log(`Results in ${relative(process.cwd(), results) || '.'}`)

const leftOut = [
  options.peer ? '' : 'peers (--peer python3, with what peers/requirements.txt names)',
  large === 'embedded' ? 'SmolLM2 (node scripts/fetchSmolLM2.ts fetches it)' : '',
  isQuick
    ? 'int8 and int4, contexts of 1000 and 4000 tokens, 64 rows, jobs on a larger model (all without --quick)'
    : '',
  options.threads === '1' ? 'more than one thread (--threads 1,2)' : '',
].filter((each) => each !== '')
for (const each of leftOut) console.log(`Left out: ${each}`)
if (failed.length > 0) {
  console.log(`Failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
