// Prints docs/hook-table.md: `node scripts/printHookTable.ts > docs/hook-table.md`.
// A test compares the two, so the page cannot fall behind.
import { hookTable } from './hookTable.ts'

process.stdout.write(await hookTable())
