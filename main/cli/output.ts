// What a command prints: its result on stdout, all else on stderr.
// Owns: the two forms of a result (text, one JSON document), the progress line, and how numbers and tables look.
// Not: what a command does.
import type { ErrorReport } from '../contract/errors.ts'

/** Where nothing can be overwritten, progress is a line this often. */
const LINE_EVERY_MS = 10_000

/** Where things are written and what the time is; a test hands in its own. */
export interface OutputEnds {
  result: { write(text: string): unknown }
  log: { write(text: string): unknown; isTTY?: boolean }
  /** Milliseconds from any start. */
  now: () => number
}

/**
 * Text from a model or a file as a person may see it: control characters, which a terminal would obey, as their pictures
 * (␛ for escape). Line breaks and tabs stay.
 */
const harmless = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '\ufffd'
  })

/** Typed arrays become plain ones, so that the document can be read anywhere. */
function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float32Array) : value
}

export class Output {
  private readonly json: boolean
  private readonly ends: OutputEnds
  private lineOpen = false
  private hasDocument = false
  private lastLineMs: number

  constructor(
    json: boolean,
    ends: OutputEnds = { result: process.stdout, log: process.stderr, now: () => performance.now() },
  ) {
    this.json = json
    this.ends = ends
    this.lastLineMs = ends.now()
  }

  /** The command's one result. @param text  the same for a person. */
  result(document: unknown, text: () => string): void {
    this.endLine()
    if (this.json) this.document(document)
    else this.ends.result.write(`${harmless(text())}\n`)
  }

  note(text: string): void {
    this.endLine()
    this.ends.log.write(`${harmless(text)}\n`)
  }

  /** Overwrites itself on a terminal; elsewhere a line every ten seconds. */
  progress(text: string): void {
    const { log, now } = this.ends
    if (log.isTTY) {
      log.write(`\r\u001b[K${harmless(text)}`)
      this.lineOpen = true
    } else if (now() - this.lastLineMs >= LINE_EVERY_MS) {
      log.write(`${harmless(text)}\n`)
      this.lastLineMs = now()
    }
  }

  failure(report: ErrorReport): void {
    this.document({ error: report })
    this.note(`${report.title}: ${report.message}\n${report.cure}`)
  }

  /** A command that Ctrl-C ended has no result, and a reader of JSON still gets its document. */
  interrupted(): void {
    this.document({ interrupted: true })
    this.note('Stopped.')
  }

  /** The first only: closing the workspace may fail after a result. */
  private document(value: unknown): void {
    if (!this.json || this.hasDocument) return
    this.hasDocument = true
    this.ends.result.write(`${JSON.stringify(value, plain)}\n`)
  }

  private endLine(): void {
    if (this.lineOpen) this.ends.log.write('\n')
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
  bytes >= 2 ** 30
    ? `${(bytes / 2 ** 30).toFixed(1)} GiB`
    : bytes >= 2 ** 20
      ? `${(bytes / 2 ** 20).toFixed(0)} MiB`
      : `${(bytes / 2 ** 10).toFixed(0)} KiB`

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`

/** Rounded before it is split, so that no part reaches sixty. */
export function duration(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(0)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** For instance `135 M`, `1.5 M`, `4.2 k`. */
export const shortCount = (count: number): string =>
  count >= 1e7
    ? `${(count / 1e6).toFixed(0)} M`
    : count >= 1e6
      ? `${(count / 1e6).toFixed(1)} M`
      : `${(count / 1e3).toFixed(1)} k`
