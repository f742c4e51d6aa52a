// Types of the page, with a canary: svelte-check must report the errors planted in renderer/testing/Canary.svelte, or it has
// looked at nothing (which some of its releases were seen to do in silence).
import { run, type Finished } from './project.ts'

const canary = 'testing/Canary.svelte'
/** TypeScript's codes of the planted errors: missing module, wrong type in the script, wrong type in the markup. */
const planted = [2307, 2322, 2339]

interface Finding {
  type: string
  filename: string
  start: { line: number; character: number }
  message: string
  code?: number | string
}

export async function svelteTypes(): Promise<Finished> {
  const { output } = await run('svelte-check', [
    ...['--workspace', 'renderer', '--tsconfig', './tsconfig.json'],
    ...['--output', 'machine-verbose', '--fail-on-warnings'],
  ])
  const findings = output.split('\n').flatMap((line): Finding[] => {
    const json = /^\d+ (\{.*\})$/.exec(line)?.[1]
    return json ? [JSON.parse(json) as Finding] : [] // svelte-check's own machine format
  })
  if (!/^\d+ COMPLETED /m.test(output)) return { code: 1, output: `svelte-check did not finish:\n${output}` }
  const ofCanary = findings.filter((finding) => finding.filename === canary)
  const unseen = planted.filter((code) => !ofCanary.some((finding) => finding.code === code))
  const real = findings.filter((finding) => finding.filename !== canary)
  const lines = [
    ...unseen.map(
      (code) => `The planted error ${code} in ${canary} was not reported: this check sees nothing.`,
    ),
    ...real.map(
      ({ type, filename, start, message }) =>
        `${type} renderer/${filename}:${start.line + 1}:${start.character + 1} ${message}`,
    ),
  ]
  return { code: lines.length ? 1 : 0, output: lines.join('\n') }
}
