// The page that says which hook points each architecture has, made from its tiny model in tests/parity.
// A mark stands for a value that another program has computed, too: it is read from the reference files, not from the table in the code.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownArchitectures } from '../main/model/architectures/knownArchitectures.ts'
import { hookKindNames } from '../main/model/hookNames.ts'
import { referenceName } from '../main/model/referenceFile.ts'
import { readSafetensorsHeader } from '../main/model/safetensors.ts'

const decoders = join(import.meta.dirname, '..', 'tests', 'parity', 'golden', 'decoders')

/** How many layers of an architecture's tiny models have each kind of hook point. */
interface Column {
  type: string
  layers: number
  found: Map<string, number>
}

async function columnOf(type: string): Promise<Column> {
  const folders = readdirSync(decoders).filter((name) => configOf(name).model_type === type)
  const column: Column = { type, layers: 0, found: new Map() }
  for (const folder of folders) {
    column.layers += Number(configOf(folder).num_hidden_layers ?? configOf(folder).n_layer)
    const { tensors } = await readSafetensorsHeader(join(decoders, folder, referenceName))
    for (const name of tensors.keys()) {
      const kind = name.replace(/^blocks\.\d+\./, 'blocks.{i}.')
      column.found.set(kind, (column.found.get(kind) ?? 0) + 1)
    }
  }
  return column
}

const configOf = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(decoders, folder, 'config.json'), 'utf8')) as Record<string, unknown> // our own files

function cell({ layers, found }: Column, kind: string): string {
  const count = found.get(kind) ?? 0
  if (count === 0) return '–'
  return kind.includes('{i}') && count < layers ? 'some' : '✓'
}

/** Cells as Markdown, padded to the width of their column. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column])).join(' | ')} |\n`
  const [head, ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('')
}

/** Markdown. */
export async function hookTable(): Promise<string> {
  const columns = await Promise.all(knownArchitectures.map(({ type }) => columnOf(type)))
  const families = knownArchitectures.map(({ type, models }) => `- \`${type}\`: ${models}\n`)
  const rows = hookKindNames.map((kind) => [`\`${kind}\``, ...columns.map((column) => cell(column, kind))])
  return [
    '# Hook points by architecture\n\n',
    'Made by `scripts/printHookTable.ts` from the reference files in `tests/parity/golden/decoders/`; see [hook-points.md](hook-points.md) for what each is.\n\n',
    '- ✓: there, in every layer, and compared with transformers (largest error below 1e-4 of the largest value)\n',
    '- some: in some layers or variants only (SmolLM3 rotates in three layers of four; GPT-NeoX has a middle of the stream only where attention and MLP are not side by side)\n',
    '- –: the architecture has no such value\n\n',
    markdownTable([['hook point', ...columns.map(({ type }) => type)], ...rows]),
    '\n',
    ...families,
  ].join('')
}
