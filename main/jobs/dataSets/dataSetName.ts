// A name for a data set that was given none.
// Owns: what of the recipe is in it. Not: that names need not differ.
import type { DataSetRecipe } from '../../contract/dataSets.ts'

/** For instance `invalid · r1, r2 · 3`. */
export function dataSetName({ label, runIds }: DataSetRecipe, number: number): string {
  const what =
    label.kind === 'environment' || label.kind === 'classes'
      ? label.label
      : label.kind === 'text'
        ? `“${label.contains}”`
        : label.kind === 'hand'
          ? label.name
          : label.kind
  return `${what} · ${runIds.join(', ')} · ${number}`.slice(0, 200)
}
