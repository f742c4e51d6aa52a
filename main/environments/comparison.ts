// Questions that compare the object with something: `is it bigger than a cat`.
// Owns: answering them where no phrase of the knowledge base does. Not: sizes themselves, which are its attributes.
import type { KnowledgeIndex } from './knowledgeIndex.ts'

const comparison =
  /^is it (?:much |lot |bit )?(bigger|larger|taller|longer|smaller|tinier|shorter|heavier|lighter) (?:in size )?than (.+)$/
const ladders = { size: 'bigger-than-', weight: 'heavier-than-' }

/**
 * The answer for a comparison with an object of the knowledge base, by how many of the attributes `bigger-than-…` or
 * `heavier-than-…` are true of each; equal numbers mean about the same, so no.
 * @param text canonical @returns null where the question compares nothing, or with something unknown that no phrase settles
 */
export function byComparison(
  text: string,
  object: string,
  index: KnowledgeIndex,
): { isYes: boolean; confidence: number; how: string } | null {
  const [, word = '', reference = ''] = comparison.exec(text) ?? []
  const other = index.objectNamed(reference)
  if (word === '' || other === undefined) return null
  const prefix = word === 'heavier' || word === 'lighter' ? ladders.weight : ladders.size
  const own = index.rung(prefix, object)
  const theirs = index.rung(prefix, other)
  const asksForLess = /^(?:smaller|tinier|shorter|lighter)$/.test(word)
  return {
    isYes: asksForLess ? own < theirs : own > theirs,
    confidence: own === theirs ? 0.5 : 0.85,
    how: `${object} stands on rung ${own} of “${prefix}…”, ${other} on rung ${theirs}`,
  }
}
