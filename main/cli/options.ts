// Reading what a person typed after a command's name.
// Owns: words → values, with an error that names the option. Not: the ranges of settings (contract/ checks those).
import { InvalidArgumentError, Option } from 'commander'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { AppError, errors } from '../contract/errors.ts'
import { codeOf } from '../contract/faultCode.ts'
import { computeDevice } from '../contract/devices.ts'
import { computeDtype } from '../contract/models.ts'
import type { LayerChoice } from '../jobs/layers.ts'

export function integer(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Expected a whole number.')
  return value
}

/** 0 … 65535; 0 takes any that is free. */
export function port(text: string): number {
  const value = integer(text)
  if (value < 0 || value > 65535) throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return value
}

export function decimal(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

/** `1,2,3` → [1, 2, 3]. */
export function integers(text: string): number[] {
  return words(text).map(integer)
}

/** `a, b` → ['a', 'b'] */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Hook points of an option that may be given several times; commas within braces belong to a pattern. */
export const moreHooks = (text: string, before: readonly string[]): string[] => [
  ...before,
  ...text
    .split(/,(?![^{}]*\})/)
    .map((part) => part.trim())
    .filter((part) => part !== ''),
]

/** `all`, `none`, `middle`, or a list such as `0,15`. */
export function layerChoice(text: string): LayerChoice {
  if (text === 'all' || text === 'none' || text === 'middle') return text
  return integers(text)
}

/** `--dtype`, which every command that loads a model takes. */
export const dtypeOption = (): Option =>
  new Option(
    '--dtype <dtype>',
    'what the weights are computed with: int8 and int4 round them, gguf takes a GGUF file’s own blocks',
  )
    .choices(computeDtype.options)
    .default(computeDtype.options[0])

/** `--device`, which every command that computes takes. */
export const deviceOption = (
  description = 'what the model is computed on; any but cpu once “models check --device” has passed',
): Option =>
  new Option('--device <device>', description)
    .choices(computeDevice.options)
    .default(computeDevice.options[0])

/** A folder's path; an empty one would be the folder one stands in. */
export function folder(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected the path of a folder.')
  return text
}

/**
 * The path of a file that will be written, tried before any work is done for it.
 * @throws file_unwritable where its folder is missing or closed to us, or a folder has the name
 */
export function writableFile(path: string): string {
  const full = resolve(path)
  const refuse = (reason: string, cause?: unknown): Error =>
    errors.fileUnwritable({ path: full, reason }, cause)
  if (statSync(full, { throwIfNoEntry: false })?.isDirectory()) throw refuse('it is a folder')
  try {
    accessSync(dirname(full), constants.W_OK)
  } catch (error) {
    throw refuse(codeOf(error), error)
  }
  return full
}

/** Option by settings field: `sampling.temperature` → `--temperature`. */
export type OptionNames = Readonly<Record<string, string>>

/** Runs `work`; a fault in a setting is told by the option that a person can correct. */
export async function namingOptions<T>(names: OptionNames, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid_input') throw error
    const { field, reason } = error.details
    throw errors.invalidInput({ field: optionOf(String(field), names), reason: String(reason) }, error)
  }
}

/** A fault may lie deeper than the field that has an option: `environment.objects.3`. */
function optionOf(field: string, names: OptionNames): string {
  const known = Object.keys(names).find((name) => field === name || field.startsWith(`${name}.`))
  return known === undefined ? field : names[known]
}
