// A study as a person types it: killed, gone on with, written down.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CommandLine, stepsStored } from './support/commandLine.ts'

let folder: string
let terminal: CommandLine
const words = (text: string): string[] => text.split(' ')
const study =
  'study --preset quick --episodes 12 --sweep-episodes 4 --max-steps 8 --max-new-tokens 16 --skip probe'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-study-'))
  terminal = new CommandLine(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a study that was killed goes on to the numbers of one that was not', async () => {
  const whole = terminal.json(...words(study), '--out', 'whole.html', '--workspace', join(folder, 'whole'))
  expect(whole.document).toMatchObject({ id: 'y1', status: 'done', files: [join(folder, 'whole.html')] })
  const page = await readFile(join(folder, 'whole.html'), 'utf8')
  expect(page).toContain('--preset quick')

  const place = join(folder, 'broken')
  const going = terminal.start(...words(study), '--workspace', place)
  await stepsStored(going, place, 20)
  going.child.kill('SIGKILL')
  await going.ended
  expect(terminal.json('studies', 'show', 'y1', '--workspace', place).document.status).toBe('interrupted')
  const ended = terminal.json('studies', 'resume', 'y1', '--out', 'report', '--workspace', place)
  const resultsOf = ({ stages }: { stages: { name: string; result: string | null }[] }) =>
    stages.map(({ name, result }) => [name, result])
  expect(resultsOf(ended.document)).toEqual(resultsOf(whole.document))
  for (const file of ['report.md', 'figures/effects.svg', 'tables/conditions.csv'])
    expect(existsSync(join(folder, 'report', file))).toBe(true)
}, 240_000)

test('what cannot be done is refused by the option’s name', () => {
  const place = ['--workspace', join(folder, 'faults')]
  const refused = (text: string) => terminal.run(...words(text), ...place).log
  expect(refused('study --switch manners=on')).toContain('manners=on')
  expect(refused('study --episodes 2')).toContain('--episodes')
  expect(refused('study --layer 99')).toContain('99')
  expect(refused('study --run r9')).toContain('r9')
  expect(terminal.json('studies', 'list', ...place).document).toEqual([])
}, 180_000)
