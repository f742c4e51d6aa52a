// Where the shipped data lies.
// Owns: finding resources/ from the sources as well as from a built engine. Not: what is in it.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Full path of resources/: beside main/ in the sources, two levels above out/engine/ in a build.
 * @throws TypeError when neither is there: a build that was packed without its data.
 */
export function resourcesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const candidates = [join(here, '../resources'), join(here, '../../resources')]
  const found = candidates.find((folder) => existsSync(folder))
  if (!found) throw new TypeError(`There is no resources folder beside ${here}.`)
  return found
}
