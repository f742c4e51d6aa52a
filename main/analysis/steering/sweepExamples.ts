// Steps worth reading, chosen from a sweep as upstream chooses them.
// Owns: which ones. Not: counts (sweepTables.ts). Chosen to impress: they illustrate and prove nothing.
// Source: ARES, examples/20q_case_study/analyse_steering.py.
import type { ExampleStep, SweepTables, TableCondition } from '../../contract/sweepTables.ts'

type TableEpisode = TableCondition['episodes'][number]

/** @param conditions  the baseline first, then by α */
export function sweepExamples([baseline, ...steered]: readonly TableCondition[]): SweepTables['examples'] {
  const best = steered.reduce<TableCondition | null>(
    (lowest, next) => (lowest && rateOf(lowest.episodes) <= rateOf(next.episodes) ? lowest : next),
    null,
  )
  const strongest = steered.at(-1)
  return {
    best: best?.id ?? null,
    rescued: best ? rescuedEpisode(baseline, best) : [],
    statements: firstOfEpisodes(baseline, ({ isInvalid }) => isInvalid),
    questions: best ? firstOfEpisodes(best, ({ isInvalid, isSteered }) => !isInvalid && isSteered) : [],
    sameStep: [0, 1, 2, 3, 4].flatMap((episode) =>
      [baseline, ...steered].flatMap((condition) => stepsOf(condition, episode, 1, 1)),
    ),
    strongest: strongest
      ? strongest.episodes
          .map(({ episode }) => episode)
          .sort((a, b) => a - b)
          .slice(0, 2)
          .flatMap((episode) => stepsOf(strongest, episode, 0, 6))
      : [],
  }
}

function rateOf(episodes: readonly TableEpisode[]): number {
  const steps = episodes.flatMap((episode) => episode.steps)
  return steps.filter(({ isInvalid }) => isInvalid).length / Math.max(1, steps.length)
}

function stepsOf(
  { id, episodes }: TableCondition,
  episode: number,
  first: number,
  last: number,
): ExampleStep[] {
  const found = episodes.find((each) => each.episode === episode)?.steps ?? []
  return found
    .filter(({ step }) => step >= first && step <= last)
    .map(({ step, isInvalid, completion }) => ({ condition: id, episode, step, isInvalid, completion }))
}

/** Of the episodes that both have, the one whose invalid rate fell most; the earlier of equals. */
function rescuedEpisode(baseline: TableCondition, best: TableCondition): ExampleStep[] {
  const falls = baseline.episodes.flatMap(({ episode, steps }) => {
    const other = best.episodes.find((each) => each.episode === episode)
    return other ? [{ episode, fall: rateOf([{ episode, steps }]) - rateOf([other]) }] : []
  })
  const [most] = falls.sort((a, b) => b.fall - a.fall || a.episode - b.episode)
  if (!most || most.fall <= 0) return []
  return [baseline, best].flatMap((condition) => stepsOf(condition, most.episode, 0, 5))
}

function firstOfEpisodes(
  condition: TableCondition,
  holds: (step: TableEpisode['steps'][number]) => boolean,
): ExampleStep[] {
  return condition.episodes
    .flatMap(({ episode, steps }) => {
      const found = steps.find((each) => each.step <= 9 && holds(each))
      return found ? stepsOf(condition, episode, found.step, found.step) : []
    })
    .slice(0, 5)
}
