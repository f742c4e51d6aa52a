// Prints docs/errors.md from the catalogue: `node scripts/printErrors.ts > docs/errors.md`.
// A test compares the two, so the page cannot fall behind.
import { errorsPage } from './errorsPage.ts'

process.stdout.write(errorsPage())
