// The objects of Twenty Questions and what is true of them, as data that ships with the app.
// Owns: reading resources/twentyQuestions/knowledge.json and checking that it hangs together. Not: understanding questions.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { errors } from '../contract/errors.ts'

const names = z.array(z.string().min(1))

const knowledgeSchema = z.object({
  version: z.string(),
  /** Ten objects of the short list. */
  simple: names.min(1),
  categories: z.array(z.object({ name: z.string().min(1), questionForms: names })).min(1),
  objects: z
    .array(
      z.object({
        name: z.string().min(1),
        category: z.string(),
        aliases: names.default([]),
        /** Nouns that are true of it: a basketball is a ball. */
        isA: names.default([]),
      }),
    )
    .min(1),
  attributes: z.array(
    z.object({
      id: z.string().min(1),
      /** Reads after the object's name: `is a living thing`. */
      statement: z.string().min(1),
      /** Ways to ask for it, lower case, subject `it`, no question mark. */
      phrases: names,
      /** Words that point to it by themselves. */
      keywords: names.default([]),
      /** Objects of which it is true; of all others it is false. */
      yes: z.array(z.string()),
      /** Ways to ask for its contrary. */
      opposite: names.default([]),
    }),
  ),
  /** Questions whose answer is yes, and no, for every object. */
  always: names.default([]),
  never: names.default([]),
  /** Nouns that people guess and that are true of no object. */
  absentNouns: names.default([]),
})

export type Knowledge = z.infer<typeof knowledgeSchema>

/**
 * The knowledge base below a resources folder.
 * @param resources path of the folder `resources/`, wherever the build has put it
 * @throws resource_invalid where the file is missing, is not JSON, has another shape, or names objects that it does not list.
 */
export function loadKnowledge(resources: string): Knowledge {
  const path = join(resources, 'twentyQuestions', 'knowledge.json')
  const invalid = (reason: string, cause?: unknown) => errors.resourceInvalid({ path, reason }, cause)
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error)
  }
  const parsed = knowledgeSchema.safeParse(json)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error), parsed.error)
  const fault = faultIn(parsed.data)
  if (fault !== null) throw invalid(fault)
  return parsed.data
}

/** The first reference that leads nowhere, in words; null where all is sound. */
function faultIn(knowledge: Knowledge): string | null {
  const objects = new Set(knowledge.objects.map((object) => object.name))
  const categories = new Set(knowledge.categories.map((category) => category.name))
  if (objects.size < knowledge.objects.length) return 'an object is listed twice'
  for (const name of knowledge.simple)
    if (!objects.has(name)) return `simple names “${name}”, which is no object`
  for (const { name, category } of knowledge.objects) {
    if (!categories.has(category)) return `object “${name}” is of the unknown category “${category}”`
  }
  for (const { id, yes } of knowledge.attributes) {
    const stranger = yes.find((name) => !objects.has(name))
    if (stranger !== undefined) return `attribute “${id}” names “${stranger}”, which is no object`
  }
  return null
}

/** The lists a run may choose by name, in the file's order. */
export function objectLists(knowledge: Knowledge): { archer: string[]; simple: string[] } {
  return { archer: knowledge.objects.map((object) => object.name), simple: [...knowledge.simple] }
}

/** Category of each object, by name. */
export const categoriesOf = ({ objects }: Knowledge): ReadonlyMap<string, string> =>
  new Map(objects.map(({ name, category }) => [name, category]))
