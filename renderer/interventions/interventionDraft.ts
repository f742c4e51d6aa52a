// A run's interventions while they are written: JSON text, the items in it, and what is wrong with each.
// Owns: text ↔ items, a new item of each kind, faults by item and field. Not: how it is shown (InterventionList.svelte).
import type * as z from 'zod'
import { interventionList, type InterventionSetting } from '../../main/contract/interventions.ts'
import type { HookPointRecord } from '../../main/contract/models.ts'
import { hookFault, splitHook } from './hookWords.ts'
import type { Kind } from './interventionText.ts'

/** As it stands in the text: keys and values that may still be wrong. */
export type DraftItem = Record<string, unknown>

export interface ItemFault {
  /** Null for a fault of the whole text. */
  index: number | null
  /** First key of its path in the item, for instance `vector`; empty for the item itself. */
  field: string
  /** Its whole path in the item, for instance `vector.file`. */
  path: string
  message: string
  /** Nothing was given there yet: of a new item that is no mistake of anyone's. */
  isMissing: boolean
}

export interface InterventionCheck {
  /** Null where the text is no list of objects: then only the text itself can be edited. */
  items: DraftItem[] | null
  settings: InterventionSetting[] | null
  faults: ItemFault[]
}

const isItem = (value: unknown): value is DraftItem =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An empty text is an empty list.
 * @param points  the model's hook points; null where they are not known: then the engine says which there are
 */
export function checkInterventions(
  text: string,
  points: readonly HookPointRecord[] | null = null,
): InterventionCheck {
  const whole = (message: string): InterventionCheck => ({
    items: null,
    settings: null,
    faults: [{ index: null, field: '', path: '', message, isMissing: false }],
  })
  let value: unknown = []
  try {
    if (text.trim() !== '') value = JSON.parse(text)
  } catch (error) {
    return whole(`This is not JSON: ${(error as Error).message}`)
  }
  if (isItem(value) && Array.isArray(value['interventions'])) value = value['interventions']
  if (!Array.isArray(value) || !value.every(isItem))
    return whole('A list of interventions is wanted: [{ … }].')
  const items: DraftItem[] = value
  const parsed = interventionList.safeParse(items)
  const faults = (parsed.error?.issues ?? []).map((issue) => faultOf(issue, items))
  items.forEach((item, index) => {
    if (!faults.some((fault) => fault.index === index && fault.field === 'hook'))
      faults.push(...hookFaults(item, index, points))
  })
  return { items, settings: parsed.success && faults.length === 0 ? parsed.data : null, faults }
}

/** The first of its hook points that the model does not have. */
function hookFaults(item: DraftItem, index: number, points: readonly HookPointRecord[] | null): ItemFault[] {
  for (const hook of [item['hook']].flat()) {
    const message = typeof hook === 'string' ? hookFault(splitHook(hook), points) : null
    if (message !== null) return [{ index, field: 'hook', path: 'hook', message, isMissing: false }]
  }
  return []
}

function faultOf(issue: z.core.$ZodIssue, items: readonly DraftItem[]): ItemFault {
  const [index, field = ''] = issue.path
  const item = typeof index === 'number' ? items[index] : undefined
  const { inner, path: place } = deepest(issue, item && (item[String(field)] as unknown))
  const path = [...issue.path.slice(1), ...place]
  return {
    index: typeof index === 'number' ? index : null,
    field: String(field),
    path: path.join('.'),
    message: messageOf(inner, String(path.at(-1))),
    isMissing: inner.code === 'too_small' && (inner.origin === 'string' || inner.origin === 'array'),
  }
}

/** Of a choice of forms, what is wrong with the one that was begun, and where in the value; forms may have forms within. */
function deepest(issue: z.core.$ZodIssue, value: unknown): { inner: z.core.$ZodIssue; path: PropertyKey[] } {
  const begun =
    issue.code === 'invalid_union' && isItem(value)
      ? issue.errors.find((issues) =>
          issues.every(
            ({ code, path }) => code !== 'unrecognized_keys' && path.length > 0 && path[0]! in value,
          ),
        )?.[0]
      : undefined
  if (!begun) return { inner: issue, path: [] }
  const within = begun.path.reduce<unknown>((at, key) => (isItem(at) ? at[String(key)] : undefined), value)
  const { inner, path } = deepest(begun, within)
  return { inner, path: [...begun.path, ...path] }
}

const wantedWords: Record<string, string> = {
  file: 'Give its full path.',
  tensor: 'Give its name.',
  run: 'Choose a run.',
  vector: 'Choose a vector.',
  to: 'Choose a vector.',
  dataSet: 'Choose a data set.',
}

function messageOf(issue: z.core.$ZodIssue, key: string): string {
  if (issue.code === 'too_small' && issue.origin === 'string') return wantedWords[key] ?? 'Cannot be empty.'
  if (issue.code === 'too_small' && issue.origin === 'array') return 'Give at least one.'
  if (issue.code === 'too_small') return `At least ${issue.minimum}.`
  if (issue.code === 'invalid_type' && issue.expected === 'number') return 'Give a number.'
  if (issue.code === 'invalid_type' && issue.expected === 'int') return 'A whole number, please.'
  if (issue.code === 'unrecognized_keys') return `No such word: ${issue.keys.join(', ')}.`
  const { message } = issue
  return message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? '' : '.')
}

/** Indented, with rows of numbers on one line. */
export const writeItems = (items: readonly DraftItem[]): string =>
  items.length === 0
    ? ''
    : JSON.stringify(items, null, 2).replace(/\[[\s\d.,eE+-]+\]/g, (row) =>
        row.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
      )

const vector = { file: '', tensor: '' }
const further: Record<Kind, DraftItem> = {
  add: { vector, alpha: 1 },
  projectOut: { vector },
  clamp: { vector, low: 0, high: 0 },
  zeroAblate: {},
  meanAblate: { source: vector },
  resampleAblate: { source: vector },
  patch: { source: vector },
  freezePattern: { source: vector },
}

/** @param layer  that it begins with */
export function newItem(kind: Kind, layer: number): DraftItem {
  const name = kind === 'freezePattern' ? 'attn.hook_pattern' : 'hook_resid_post'
  const positions = kind === 'freezePattern' ? 'allPrompt' : 'lastPrompt'
  return { kind, hook: `blocks.${layer}.${name}`, positions, ...structuredClone(further[kind]) }
}

/** What two kinds have in common stays, a vector as a source too. */
export function changeKind(item: DraftItem, kind: Kind): DraftItem {
  const shared = ['name', 'hook', 'heads', 'positions', 'phase', 'applyAtSteps', 'gate', 'ifAbsent']
  const kept = Object.fromEntries(Object.entries(item).filter(([key]) => shared.includes(key)))
  const own = structuredClone(further[kind])
  const numbers = item['vector'] ?? item['source']
  for (const key of ['vector', 'source']) if (key in own && numbers !== undefined) own[key] = numbers
  return { kind, ...kept, ...own }
}

/** Paths that a file names relative to itself. @param folder  of that file; null in a browser, which does not tell */
export function withFolder(items: readonly DraftItem[], folder: string | null): DraftItem[] {
  const isFull = (path: string): boolean => /^([\\/]|[A-Za-z]:[\\/])/.test(path)
  const absolute = (value: unknown): unknown => {
    if (!isItem(value)) return value
    if ('vector' in value) return { ...value, vector: absolute(value['vector']) } // a gate
    const { file } = value
    return typeof file === 'string' && folder && file && !isFull(file)
      ? { ...value, file: `${folder}/${file}` }
      : value
  }
  return items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([key, value]) =>
        ['vector', 'source', 'gate'].includes(key) ? [key, absolute(value)] : [key, value],
      ),
    ),
  )
}
