// What a report is made of.
// Owns: the kinds of blocks. Not: their content (studyBlocks.ts) or how they are written (htmlReport.ts, markdownReport.ts).

export interface Table {
  kind: 'table'
  /** For its file where tables are files. */
  name: string
  caption: string
  head: string[]
  rows: string[][]
}

export interface Figure {
  kind: 'figure'
  name: string
  caption: string
  svg: string
}

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'text'; text: string; tone?: 'finding' | 'warning' | 'quiet' }
  | { kind: 'list'; items: string[] }
  /** Formulas, commands, JSON. */
  | { kind: 'code'; text: string }
  | { kind: 'quote'; who: string; text: string }
  | Table
  | Figure

export interface Report {
  title: string
  subtitle: string
  blocks: Block[]
}
