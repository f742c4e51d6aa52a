// Runs of the invented engine beside one another. Never part of the build.
// Intervals are of the normal kind: the real engine resamples episodes.
import type { ComparedMetric, ComparedRun, RunComparison } from '../../main/contract/comparison.ts'
import type { EpisodeSummary, RunRecord } from '../../main/contract/runs.ts'
import { inventEpisode } from './invented.ts'

const amounts: Record<ComparedMetric, (episode: EpisodeSummary) => number> = {
  invalidRate: ({ invalid, steps }) => invalid / Math.max(1, steps),
  winRate: ({ outcome }) => Number(outcome === 'win'),
  steps: ({ steps }) => steps,
  newTokens: ({ newTokens, steps }) => newTokens / Math.max(1, steps),
  promptTokens: ({ promptTokens, steps }) => promptTokens / Math.max(1, steps),
}
const metrics = Object.keys(amounts) as ComparedMetric[] // an object literal's own keys

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

function spread(values: readonly number[]): number {
  const middle = mean(values) ?? 0
  return Math.sqrt((mean(values.map((value) => (value - middle) ** 2)) ?? 0) / Math.max(1, values.length))
}

function difference(
  own: number[],
  first: number[],
  isPaired: boolean,
): ComparedRun['metrics'][number]['difference'] {
  const [mine, theirs] = [mean(own), mean(first)]
  if (mine === null || theirs === null) return { value: null, low: null, high: null }
  const error = isPaired
    ? spread(own.map((value, i) => value - (first[i] ?? 0)))
    : Math.hypot(spread(own), spread(first))
  const value = mine - theirs
  return { value, low: value - 1.96 * error, high: value + 1.96 * error }
}

const episodesOf = (run: RunRecord): EpisodeSummary[] =>
  Array.from({ length: run.progress.episodesDone }, (_, episode) => inventEpisode(run, episode))

/** Settings by path; lists are values. */
function leaves(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? leaves(each, `${prefix}${key}.`)
      : [[prefix + key, each]],
  )
}

export function inventComparison(runs: readonly RunRecord[]): RunComparison {
  const episodes = runs.map(episodesOf)
  const firstEpisodes = episodes[0] ?? []
  const byKey = new Map(firstEpisodes.map((one) => [`${one.episode}/${one.task}`, one]))
  const compared = runs.map((run, index): ComparedRun => {
    const owns = episodes[index] ?? []
    const isSeedSame = run.settings.seed === runs[0]?.settings.seed
    const shared = isSeedSame ? owns.filter((one) => byKey.has(`${one.episode}/${one.task}`)) : []
    const isPaired = shared.length >= 2
    const ownPart = isPaired ? shared : owns
    const firstPart = isPaired
      ? shared.flatMap((one) => byKey.get(`${one.episode}/${one.task}`) ?? [])
      : firstEpisodes
    return {
      runId: run.id,
      name: run.name,
      status: run.status,
      episodes: owns.length,
      steps: owns.reduce((sum, { steps }) => sum + steps, 0),
      pairs: index === 0 ? owns.length : shared.length,
      metrics: metrics.map((metric) => ({
        metric,
        value: mean(owns.map(amounts[metric])),
        difference:
          index === 0
            ? null
            : difference(ownPart.map(amounts[metric]), firstPart.map(amounts[metric]), isPaired),
        isPaired: index === 0 || isPaired,
      })),
    }
  })
  const flat = runs.map(({ settings: { name: _, ...settings } }) => new Map(leaves(settings)))
  const paths = [...new Set(flat.flatMap((each) => [...each.keys()]))]
  return {
    runs: compared,
    differences: paths.flatMap((setting) => {
      const values = flat.map((each) => each.get(setting) ?? null)
      return new Set(values.map((value) => JSON.stringify(value))).size > 1 ? [{ setting, values }] : []
    }),
  }
}
