// Reading what a person typed after a command's name.
// Owns: words → values, with an error that names the option. Not: the ranges of settings (contract/ checks those).
import { InvalidArgumentError } from 'commander'
import type { LayerChoice } from '../jobs/layers.ts'

export function integer(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value))
    throw new InvalidArgumentError('Expected a whole number.')
  return value
}

export function decimal(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

/** `1,2,3` → [1, 2, 3]. */
export function integers(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(integer)
}

export function words(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** `all`, `none`, `middle`, or a list such as `0,15`. */
export function layerChoice(text: string): LayerChoice {
  if (text === 'all' || text === 'none' || text === 'middle') return text
  return integers(text)
}
