// What a sweep is widened by. Owns: keeping all that was asked of it before. Not: which conditions come of it (the engine).
import type { SweepSettings } from '../../main/contract/sweeps.ts'
import type { SweepChanges } from './sweepActions.svelte.ts'

const united = <T>(before: readonly T[], after: readonly T[]): T[] => {
  const known = new Set(before.map((one) => JSON.stringify(one)))
  return [...before, ...after.filter((one) => !known.has(JSON.stringify(one)))]
}

/** What was there stays, whatever the fields say now: its conditions were played and are part of the sweep. */
export function changesOf(before: SweepSettings, after: SweepSettings): SweepChanges {
  return {
    vectors: united(before.vectors, after.vectors),
    alphas: united(before.alphas, after.alphas),
    places: united(before.places, after.places),
    ...(after.layers ? { layers: united(before.layers ?? [], after.layers) } : {}),
    ...(after.gate ? { gate: after.gate } : {}),
    controls: {
      ...after.controls,
      random: Math.max(before.controls.random, after.controls.random),
      shuffled: before.controls.shuffled || after.controls.shuffled,
      negated: before.controls.negated || after.controls.negated,
      prompt: before.controls.prompt || after.controls.prompt,
      orthogonalTo: united(before.controls.orthogonalTo, after.controls.orthogonalTo),
      seed: before.controls.seed,
    },
  }
}
