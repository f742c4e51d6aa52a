import { expect, test } from 'vitest'
import { errors } from '../contract/errors.ts'
import { duration, megabytes, Output, percent, shortCount, table } from './output.ts'

/** Collects what is written; the clock stands until it is moved. */
function recorded(json: boolean, isTTY = false) {
  const written = { out: '', log: '', nowMs: 0 }
  const output = new Output(json, {
    result: { write: (text) => (written.out += text) },
    log: { write: (text) => (written.log += text), isTTY },
    now: () => written.nowMs,
  })
  return { written, output }
}

test('progress overwrites itself on a terminal and leaves its line before anything else is said', () => {
  const { written, output } = recorded(false, true)
  output.progress('one')
  output.progress('two')
  output.note('three')
  expect(written.log).toBe('\r\u001b[Kone\r\u001b[Ktwo\nthree\n')
})

test('elsewhere progress is a line every ten seconds', () => {
  const { written, output } = recorded(true)
  for (let second = 0; second <= 25; second++) {
    written.nowMs = second * 1000
    output.progress(`at ${second} s`)
  }
  expect(written).toMatchObject({ out: '', log: 'at 10 s\nat 20 s\n' })
})

test('a result is text for a person and one line of JSON for a program, typed arrays as plain ones', () => {
  const [person, program] = [recorded(false), recorded(true)]
  for (const { output } of [person, program])
    output.result({ ids: Int32Array.of(1, 2), mean: Float32Array.of(0.5) }, () => 'two ids')
  expect(person.written.out).toBe('two ids\n')
  expect(program.written.out).toBe('{"ids":[1,2],"mean":[0.5]}\n')
})

test('what a model wrote cannot command the terminal', () => {
  const { written, output } = recorded(false)
  output.result({}, () => 'a\tb\n\u001b[2J\u009b1m\u007f\r')
  output.note('\u001b]0;title\u0007')
  expect(written.out).toBe('a\tb\n␛[2J\ufffd1m␡␍\n')
  expect(written.log).toBe('␛]0;title␇\n')
})

test('a failure says what to do on the log, and is the one document of a program', () => {
  const report = errors.notFound({ kind: 'run', id: 'r7' }).report()
  const [person, program] = [recorded(false), recorded(true)]
  for (const { output } of [person, program]) output.failure(report)
  expect(person.written.out).toBe('')
  expect(JSON.parse(program.written.out)).toEqual({ error: report })
  for (const { written } of [person, program]) expect(written.log).toContain(report.cure)
})

test('a program gets one document, whatever goes wrong after it', () => {
  const { written, output } = recorded(true)
  output.result([1], () => '')
  output.failure(errors.diskFull({ path: 'w' }).report())
  output.interrupted()
  expect(written.out).toBe('[1]\n')
  expect(written.log).toContain('The disk is full')
})

test.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [119.7, '2 min 0 s'],
  [3599.6, '1 h 0 min'],
  [5400, '1 h 30 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('a share of nothing is no number, and columns are as wide as their widest cell', () => {
  expect([percent(0, 0), percent(1, 3)]).toEqual(['–', '33.3 %'])
  expect(
    table([
      ['a', 'b'],
      ['long', ''],
    ]),
  ).toBe('a     b\nlong')
})

test('small things have small units', () => {
  expect([3 * 2 ** 30, 94 * 2 ** 20, 285 * 2 ** 10].map(megabytes)).toEqual(['3.0 GiB', '94 MiB', '285 KiB'])
  expect([134_515_008, 1_480_000, 4_240].map(shortCount)).toEqual(['135 M', '1.5 M', '4.2 k'])
})
