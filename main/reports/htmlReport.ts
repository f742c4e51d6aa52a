// A report as one page: no script, nothing fetched, readable on paper.
// Owns: markup and style. Not: what the report says.
import type { Block, Report } from './blocks.ts'
import { escapeMarkup } from './escapeMarkup.ts'

const style = `
:root { color-scheme: light; }
body { max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; font: 15px/1.55 system-ui, sans-serif; color: #22262e; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.25; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #d9dce3; padding-bottom: .2rem; }
.quiet, figcaption, caption { color: #5b6170; font-size: .9rem; }
.finding { padding: .8rem 1rem; border-left: 4px solid #3b4cca; background: #f3f4fc; font-size: 1.05rem; }
.warning { padding: .4rem 1rem; border-left: 4px solid #b5541c; background: #fdf4ee; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e6e8ee; vertical-align: top; }
figure { margin: 1rem 0; }
svg { width: 100%; height: auto; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f7f9; padding: .7rem .9rem; font-size: .85rem; }
blockquote { margin: .4rem 0; padding-left: .9rem; border-left: 3px solid #d9dce3; white-space: pre-wrap; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } figure, table, blockquote { break-inside: avoid; } }
`

export function htmlReport({ title, subtitle, blocks }: Report): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeMarkup(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escapeMarkup(title)}</h1><p class="quiet">${escapeMarkup(subtitle)}</p>`,
    ...blocks.map(markupOf),
    '</body></html>',
    '',
  ].join('\n')
}

function markupOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escapeMarkup(block.text)}</h2>`
    case 'text':
      return `<p${block.tone ? ` class="${block.tone}"` : ''}>${escapeMarkup(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`
    case 'code':
      return `<pre>${escapeMarkup(block.text)}</pre>`
    case 'quote':
      return `<blockquote><span class="quiet">${escapeMarkup(block.who)}</span>\n${escapeMarkup(block.text)}</blockquote>`
    case 'figure':
      return `<figure>${block.svg}<figcaption>${escapeMarkup(block.caption)}</figcaption></figure>`
    case 'table': {
      const cells = (row: string[], name: string): string =>
        `<tr>${row.map((cell) => `<${name}>${escapeMarkup(cell)}</${name}>`).join('')}</tr>`
      const body = block.rows.map((row) => cells(row, 'td')).join('')
      return `<table><caption>${escapeMarkup(block.caption)}</caption><thead>${cells(block.head, 'th')}</thead><tbody>${body}</tbody></table>`
    }
  }
}
