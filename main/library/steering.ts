// Contrast vectors and verdicts for programs.
// Owns: settings as a program gives them, with defaults. Not: the mathematics (analysis/steering/).
import { contrastVectors as vectorsOf, type ContrastVectors } from '../analysis/steering/contrastVectors.ts'
import type { ContrastRows } from '../analysis/steering/contrastRows.ts'
import { verdictCard, type SteeringSweep } from '../analysis/steering/verdictCard.ts'
import { contrastSettings, type ContrastSettingsInput } from '../contract/contrasts.ts'
import { verdictSettings, type VerdictDocument, type VerdictSettingsInput } from '../contract/steering.ts'
import { checkSettings } from './settings.ts'

/**
 * Vectors from one class of steps to the other, with all that tells whether to trust them: docs/methods/steering.md.
 * @param rows  N×D residuals with labels 0 and 1 @param settings  what is left out takes its default
 * @throws invalid_input, activations_not_finite; TypeError where arrays do not fit
 */
export function contrastVectors(rows: ContrastRows, settings: ContrastSettingsInput = {}): ContrastVectors {
  return vectorsOf(rows, checkSettings(contrastSettings, settings))
}

/**
 * Judges a sweep: every effect against baseline, chance and random directions, side effects, and one sentence for all: docs/methods/verdict.md.
 * @param settings  what is left out takes its default
 * @throws invalid_input; TypeError where there is not exactly one baseline, or something comes twice
 */
export function steeringVerdict(sweep: SteeringSweep, settings: VerdictSettingsInput = {}): VerdictDocument {
  return verdictCard(sweep, checkSettings(verdictSettings, settings))
}
