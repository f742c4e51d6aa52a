// A hook point taken apart as a form has it: its name within a block, and the layers.
// Owns: `blocks.{4..8}.hook_resid_post` ↔ `hook_resid_post` and `4-8`, and what a model offers of both. Not: the table (models.hookPoints).
import type { HookPointRecord } from '../../main/contract/models.ts'
import { nearestNames } from '../../main/contract/nearestNames.ts'
import { readNumbers, writeNumbers } from '../shared/numberWords.ts'

export interface HookWords {
  /** `hook_resid_post`, `attn.hook_z`; in full outside the blocks and where it cannot be taken apart. */
  name: string
  /** `15`, `4-8,10`, `all`; null where the name says it all. */
  layers: string | null
}

const inBlock = /^blocks\.(\d+|\*|\{[^{}]*\})\.(.+)$/

export function splitHook(hook: string): HookWords {
  const found = inBlock.exec(hook)
  if (!found) return { name: hook, layers: null }
  const [, layers = '', name = ''] = found
  if (layers === '*') return { name, layers: 'all' }
  return { name, layers: layers.replace(/[{}]/g, '').replaceAll('..', '-') }
}

/** What a person typed as layers stays as it is, in braces, where it names none yet. */
export function joinHook({ name, layers }: HookWords): string {
  if (layers === null) return name
  if (layers.trim().toLowerCase() === 'all') return `blocks.*.${name}`
  const numbers = readNumbers(layers)
  if (!numbers || numbers.length === 0) return `blocks.{${layers.replace(/[{}]/g, '')}}.${name}`
  if (numbers.length === 1) return `blocks.${numbers[0]}.${name}`
  return `blocks.{${writeNumbers(numbers).replaceAll('-', '..')}}.${name}`
}

export interface HookChoice {
  name: string
  isInBlock: boolean
  /** For instance `B S H K`, 9 × 64. */
  hint: string
}

/** The names that a model has, each once, in the order of a forward pass. */
export function hookChoices(points: readonly HookPointRecord[]): HookChoice[] {
  const found = new Map<string, HookChoice>()
  for (const { name, axes, sizes } of points) {
    const short = name.replace(/^blocks\.\d+\./, '')
    const isInBlock = short !== name
    if (!found.has(short)) found.set(short, { name: short, isInBlock, hint: `${axes}, ${sizes.join(' × ')}` })
  }
  return [...found.values()]
}

/** What is wrong with a hook point, as far as the model's table tells; null where nothing is, or where it is a pattern of its own. */
export function hookFault(
  { name, layers }: HookWords,
  points: readonly HookPointRecord[] | null,
): string | null {
  if (!points || /[*{},]/.test(name)) return null
  const choices = hookChoices(points)
  const choice = choices.find((each) => each.name === name)
  if (name === '') return 'Choose a hook point.'
  if (!choice) {
    const near = nearestNames(
      name,
      choices.map((each) => each.name),
    )
    return `This model has no such hook point. Near: ${near.join(', ')}.`
  }
  if (!choice.isInBlock) return null
  if (layers === null || layers.trim() === '') return 'Give its layers.'
  if (layers.trim().toLowerCase() === 'all') return null
  const numbers = readNumbers(layers)
  if (!numbers) return `“${layers}” names no layers. Write for instance 4,8-10 or all.`
  const missing = numbers.find((layer) => !points.some((point) => point.name === `blocks.${layer}.${name}`))
  return missing === undefined ? null : `There is no blocks.${missing}.${name} in this model.`
}
