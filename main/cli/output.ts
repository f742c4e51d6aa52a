// What a command prints: its result on stdout, all else on stderr.
// Owns: the two forms of a result (text, one JSON document) and the progress line. Not: what a command does.
import type { ErrorReport } from '../contract/errors.ts'

/** Typed arrays become plain ones, so that the document can be read anywhere. */
function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float32Array) : value
}

export class Output {
  private readonly json: boolean
  private lineOpen = false

  constructor(json: boolean) {
    this.json = json
  }

  /** The command's one result. @param text  the same for a person. */
  result(document: unknown, text: () => string): void {
    this.endLine()
    process.stdout.write(`${this.json ? JSON.stringify(document, plain) : text()}\n`)
  }

  note(text: string): void {
    this.endLine()
    process.stderr.write(`${text}\n`)
  }

  /** Overwrites itself on a terminal; elsewhere only `last` is printed. */
  progress(text: string, last = false): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${text}`)
      this.lineOpen = true
      if (last) this.endLine()
    } else if (last) process.stderr.write(`${text}\n`)
  }

  failure(report: ErrorReport): void {
    this.endLine()
    if (this.json) process.stdout.write(`${JSON.stringify({ error: report })}\n`)
    process.stderr.write(`${report.title}: ${report.message}\n${report.cure}\n`)
  }

  private endLine(): void {
    if (this.lineOpen) process.stderr.write('\n')
    this.lineOpen = false
  }
}

/** Columns padded to their widest cell; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export const megabytes = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(0)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}
