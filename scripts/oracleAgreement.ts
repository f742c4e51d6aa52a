// How often the knowledge-base oracle agrees with hand labels on what a real model said.
// Prints the figures of docs/oracle.md; `--errors` lists the disagreements of the dev half (never those of the held-out half).
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { knowledgeBaseOracle, type Strictness } from '../main/environments/knowledgeBaseOracle.ts'
import { loadKnowledge } from '../main/environments/knowledge.ts'
import { understoodFrom } from '../main/environments/understanding.ts'

const verdict = z.enum(['yes', 'no', 'invalid'])
type Verdict = z.infer<typeof verdict>
const labelled = z.array(
  z.object({
    message: z.string(),
    object: z.string(),
    question: z.string().nullable(),
    lenient: verdict,
    strict: verdict,
    note: z.string().optional(),
  }),
)

export type Half = 'dev' | 'held out'

/** Which half a message belongs to: fixed by its text alone, so that the same words never stand on both sides. */
export function halfOf(message: string): Half {
  // FNV-1a and one step of splitmix32. Never to be changed: another hash would move messages from one half to the other.
  let state = 0x811c9dc5
  for (const unit of `oracle agreement/${message}`.split(''))
    state = Math.imul(state ^ unit.charCodeAt(0), 0x01000193)
  state = (state + 0x9e3779b9) | 0
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 < 0.5 ? 'dev' : 'held out'
}

/** Wilson's interval for a share at 95 %; null without trials. */
export function wilson(successes: number, trials: number): [number, number] | null {
  if (trials === 0) return null
  const z2 = 1.959964 ** 2
  const share = successes / trials
  const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
  const reach =
    (Math.sqrt(z2) / (1 + z2 / trials)) *
    Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials))
  return [middle - reach, middle + reach]
}

export interface Judged {
  message: string
  object: string
  half: Half
  expected: Verdict
  given: Verdict
  confidence: number
  reason: string
}

/** Every labelled message beside the oracle's verdict. */
export async function judgeAll(
  resources: string,
  goldenPath: string,
  strictness: Strictness,
): Promise<Judged[]> {
  const oracle = knowledgeBaseOracle(loadKnowledge(resources), strictness)
  const labels = labelled.parse(JSON.parse(readFileSync(goldenPath, 'utf8')))
  const { signal } = new AbortController()
  return Promise.all(
    labels.map(async (label) => {
      const asked = {
        runId: '',
        episode: 0,
        step: 0,
        task: label.object,
        message: label.message,
        history: [],
      }
      const { verdict: given, confidence, reason } = await oracle.judge(asked, signal)
      return {
        message: label.message,
        object: label.object,
        half: halfOf(label.message),
        expected: label[strictness],
        given,
        confidence: confidence ?? 0,
        reason,
      }
    }),
  )
}

function line(name: string, rows: readonly Judged[], agrees: (row: Judged) => boolean): string {
  const right = rows.filter(agrees).length
  const interval = wilson(right, rows.length)
  if (interval === null) return `  ${name}: no such messages`
  const percent = (share: number): string => (100 * share).toFixed(1)
  return `  ${name}: ${right}/${rows.length} = ${percent(right / rows.length)} % [${percent(interval[0])}, ${percent(interval[1])}]`
}

/** The figures for some of the rows, as lines of text. */
export function report(rows: readonly Judged[]): string[] {
  const isValid = (v: Verdict): boolean => v !== 'invalid'
  const both = rows.filter((row) => isValid(row.expected) && isValid(row.given))
  const understood = both.filter((row) => row.confidence >= understoodFrom)
  const ofLabel = (label: Verdict): Judged[] => both.filter((row) => row.expected === label)
  const verdicts: Verdict[] = ['yes', 'no', 'invalid']
  return [
    line('valid or invalid', rows, (row) => isValid(row.expected) === isValid(row.given)),
    line('whole verdict', rows, (row) => row.expected === row.given),
    line(
      '  a question mark alone would give',
      rows,
      (row) => isValid(row.expected) === row.message.includes('?'),
    ),
    line('yes or no, both valid', both, (row) => row.expected === row.given),
    line('  always no would give', both, (row) => row.expected === 'no'),
    line('  of labelled yes', ofLabel('yes'), (row) => row.given === 'yes'),
    line('  of labelled no', ofLabel('no'), (row) => row.given === 'no'),
    line('yes or no, understood', understood, (row) => row.expected === row.given),
    line('understood, of both valid', both, (row) => row.confidence >= understoodFrom),
    `  label ↓ oracle →  ${verdicts.map((v) => v.padStart(7)).join('')}`,
    ...verdicts.map((expected) => {
      const counts = verdicts.map(
        (given) => rows.filter((row) => row.expected === expected && row.given === given).length,
      )
      return `  ${expected.padEnd(18)}${counts.map((n) => String(n).padStart(7)).join('')}`
    }),
  ]
}

async function main(): Promise<void> {
  const resources = fileURLToPath(new URL('../resources', import.meta.url))
  const golden = fileURLToPath(new URL('../tests/parity/golden/oracleQuestions.json', import.meta.url))
  for (const strictness of ['lenient', 'strict'] as const) {
    const rows = await judgeAll(resources, golden, strictness)
    for (const half of ['dev', 'held out'] as const) {
      const some = rows.filter((row) => row.half === half)
      const distinct = [...new Map(some.map((row) => [row.message, row])).values()]
      console.log(`${strictness}, ${half}: ${some.length} messages`)
      console.log(report(some).join('\n'))
      if (distinct.length < some.length) {
        console.log(` each text once (${distinct.length}):`)
        console.log(report(distinct).join('\n'))
      }
    }
    if (!process.argv.includes('--errors')) continue
    for (const row of rows.filter((r) => r.half === 'dev' && r.expected !== r.given)) {
      const { expected, given, object, message, reason } = row
      console.log(
        `${strictness}: ${expected} but ${given} · ${object} · ${JSON.stringify(message)} · ${reason}`,
      )
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
