// Which hidden objects to play, as people write it: `:5`, `:0:10`, `@2/8`, or nothing.
// Owns: saying while it is typed what the engine would say at the start. Not: selecting (the engine does).

const form = 'Use :5, :0:10 or @2/8, or leave it empty.'
const counted = (count: number): string => `there are ${count.toLocaleString('en-US')}, from 0`

/** @param count  how many there are to choose from; null where that is not known @returns null where all is well */
export function selectionFault(text: string, count: number | null): string | null {
  const selection = text.trim()
  if (selection === '') return null
  const shard = /^@(\d+)\/(\d+)$/.exec(selection)
  if (shard) return shardFault(Number(shard[1]), Number(shard[2]), count)
  const index = /^:(-?\d+)$/.exec(selection)
  if (index && count !== null) {
    const at = placeOf(Number(index[1]), count)
    return at >= 0 && at < count ? null : `${selection} is none of them: ${counted(count)}.`
  }
  const slice = /^:(-?\d+)?:(-?\d+)?$/.exec(selection)
  if (!index && !slice) return form
  if (!slice || count === null) return null
  const from = slice[1] === undefined ? 0 : placeOf(Number(slice[1]), count)
  const to = slice[2] === undefined ? count : placeOf(Number(slice[2]), count)
  return Math.max(0, from) < Math.min(count, to) ? null : `${selection} selects none: ${counted(count)}.`
}

/** Negative numbers count from the end. */
const placeOf = (given: number, count: number): number => (given < 0 ? count + given : given)

function shardFault(part: number, parts: number, count: number | null): string | null {
  if (parts === 0) return form
  if (part >= parts) return `The parts of ${parts} are @0/${parts} to @${parts - 1}/${parts}.`
  if (count === null) return null
  const begin = roundHalfToEven((part * count) / parts)
  return begin < roundHalfToEven(((part + 1) * count) / parts)
    ? null
    : `@${part}/${parts} is empty: ${counted(count)}.`
}

/** As the engine cuts. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}
