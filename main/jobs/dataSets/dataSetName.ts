// A name for a data set that was given none.
// Owns: what of the recipe is in it. Not: that names need not differ.
import type { DataSetRecipe } from '../../contract/dataSets.ts'

/** A run's name may be long: of two there is enough to tell them apart, of more how many more. */
const RUN_NAME_LENGTH = 48

function runsText(names: readonly string[]): string {
  const short = names
    .slice(0, 2)
    .map((name) => (name.length > RUN_NAME_LENGTH ? `${name.slice(0, RUN_NAME_LENGTH - 1)}…` : name))
  return [short.join(', '), ...(names.length > 2 ? [`${names.length - 2} more`] : [])].join(' and ')
}

/**
 * For instance `invalid · first try, second try and 2 more · 3`.
 * @param runNames  of the recipe's runs, in its order
 */
export function dataSetName(
  { label }: Pick<DataSetRecipe, 'label'>,
  runNames: readonly string[],
  number: number,
): string {
  const what =
    label.kind === 'environment' || label.kind === 'classes'
      ? label.label
      : label.kind === 'text'
        ? `“${label.contains}”`
        : label.kind === 'hand'
          ? label.name
          : label.kind
  return `${what} · ${runsText(runNames)} · ${number}`.slice(0, 200)
}
