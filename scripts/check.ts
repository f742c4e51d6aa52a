// npm run check: format, lint, types, rooms, dead code. Each failure is shown; the exit code is 1 if there is any.
// Names of steps as arguments run just these.
import { availableParallelism } from 'node:os'
import { run, type Finished } from './project.ts'
import { svelteTypes } from './svelteTypes.ts'

interface Step {
  name: string
  act(): Promise<Finished>
}

const program = (name: string, command: string, ...args: string[]): Step => ({
  name,
  act: () => run(command, args),
})

// The slow ones first, so that none is left alone at the end.
const steps: Step[] = [
  program('types: engine, scripts, tests', 'tsc', '-p', '.'),
  { name: 'types: page', act: svelteTypes },
  program('types: shell', 'tsc', '-p', 'electron'),
  program('types: end-to-end tests', 'tsc', '-p', 'tests/app'),
  program('types: figures of benchmarks', 'tsc', '-p', 'benchmarks/figures'),
  program('lint', 'eslint', '--max-warnings', '0', '.'),
  program('format', 'prettier', '--check', '--log-level', 'warn', '.'),
  program('rooms', 'depcruise', '--output-type', 'err', 'electron', 'main', 'renderer', 'scripts', 'tests'),
  program('dead code', 'knip', '--no-config-hints'),
]

const wanted = process.argv.slice(2)
const queue = wanted.length
  ? steps.filter((step) => wanted.some((name) => step.name.includes(name)))
  : [...steps]
if (queue.length === 0)
  throw new TypeError(`No such step. There are: ${steps.map((step) => step.name).join(' · ')}.`)

let failures = 0
async function work(): Promise<void> {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const start = performance.now()
    const { code, output } = await step.act()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`)
    if (code === 0) continue
    failures++
    console.log(output.trim().replace(/^/gm, '       '))
  }
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
process.exitCode = failures ? 1 : 0
