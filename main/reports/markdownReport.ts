// A report as Markdown, with figures and tables as files of their own beside it.
// Owns: the text and the files' names. Not: what the report says.
import type { Block, Report } from './blocks.ts'

export interface ReportFile {
  /** Relative to the report's folder. */
  path: string
  text: string
}

export function markdownReport({ title, subtitle, blocks }: Report): ReportFile[] {
  const text = [`# ${title}`, subtitle, ...blocks.map(textOf), ''].join('\n\n')
  const files = blocks.flatMap((block): ReportFile[] => {
    if (block.kind === 'figure') return [{ path: `figures/${block.name}.svg`, text: block.svg }]
    if (block.kind === 'table')
      return [{ path: `tables/${block.name}.csv`, text: csvOf([block.head, ...block.rows]) }]
    return []
  })
  return [{ path: 'report.md', text }, ...files]
}

/** What a model wrote must not become a heading, a link or a tag. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&').replaceAll('\n', ' ')

function textOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${block.text}`
    case 'text':
      return block.tone === 'finding' || block.tone === 'warning'
        ? `> ${plain(block.text)}`
        : plain(block.text)
    case 'list':
      return block.items.map((item) => `- ${plain(item)}`).join('\n')
    case 'code':
      return `\`\`\`\n${block.text.replaceAll('```', '`​``')}\n\`\`\``
    case 'quote':
      return `> ${plain(block.who)}: ${plain(block.text)}`
    case 'figure':
      return `![${plain(block.caption)}](figures/${block.name}.svg)`
    case 'table': {
      const row = (cells: string[]): string => `| ${cells.map(plain).join(' | ')} |`
      const rule = `| ${block.head.map(() => '---').join(' | ')} |`
      return [
        row(block.head),
        rule,
        ...block.rows.map(row),
        '',
        `${plain(block.caption)} ([CSV](tables/${block.name}.csv))`,
      ].join('\n')
    }
  }
}

/** RFC 4180; a cell that a spreadsheet would take for a formula is quoted as text. */
const csvOf = (rows: readonly string[][]): string =>
  rows
    .map((row) =>
      row
        .map((cell) => (/^[=+@]/.test(cell) ? `'${cell}` : cell))
        .map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
        .join(','),
    )
    .join('\n') + '\n'
