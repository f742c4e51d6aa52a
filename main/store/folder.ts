// A folder and the folders above it.
// Owns: making what is missing. Not: what lies in it.
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../contract/faultCode.ts'

/**
 * Makes a folder, level by level: Node's own `recursive` never returns where a file system refuses new folders with
 * ENOENT, as /proc does. @throws the system's error
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent)
  try {
    mkdirSync(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error // made by another process meanwhile
  }
}
