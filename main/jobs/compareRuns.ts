// Any number of runs beside the first of them.
// Owns: which figures are compared, which episodes are alike, which settings differ. Not: intervals (analysis/runComparison.ts).
import { isDeepStrictEqual } from 'node:util'
import { compareEpisodes, ratioOf, type EpisodeShare } from '../analysis/runComparison.ts'
import type { ComparedMetric, ComparedRun, ComparisonQuery, RunComparison } from '../contract/comparison.ts'
import { errors } from '../contract/errors.ts'
import type { EpisodeSummary, RunRecord } from '../contract/runs.ts'
import type { Workspace } from '../store/workspace.ts'

const shares: Record<ComparedMetric, (episode: EpisodeSummary) => [sum: number, weight: number]> = {
  invalidRate: ({ invalid, steps }) => [invalid, steps],
  winRate: ({ outcome }) => [Number(outcome === 'win'), 1],
  steps: ({ steps }) => [steps, 1],
  newTokens: ({ newTokens, steps }) => [newTokens, steps],
  promptTokens: ({ promptTokens, steps }) => [promptTokens, steps],
}
const metrics = Object.keys(shares) as ComparedMetric[] // an object literal's own keys

/** A page of the store's list holds no more. */
const PAGE = 5000

/** @throws not_found for a run that is not there, invalid_input for one that is named twice */
export function compareRuns(
  workspace: Workspace,
  { runIds, bootstraps, seed }: ComparisonQuery,
): RunComparison {
  const twice = runIds.find((id, index) => runIds.indexOf(id) !== index)
  if (twice !== undefined) throw errors.invalidInput({ field: 'runIds', reason: `${twice} is named twice` })
  const runs = runIds.map((id) => workspace.runs.get(id))
  const ended = runs.map((run) => endedEpisodes(workspace, run.id))
  return {
    runs: runs.map((run, index) => comparedRun(run, ended[index])),
    differences: settingsDifferences(runs),
  }

  function comparedRun({ id, name, status, settings }: RunRecord, episodes: EpisodeSummary[]): ComparedRun {
    const first = { settings: runs[0].settings, episodes: ended[0] }
    const isFirst = id === runs[0].id
    let pairs = episodes.length
    const figures = metrics.map((metric) => {
      const own = sharesOf(metric, episodes, settings.seed)
      const value = ratioOf(own)
      if (isFirst) return { metric, value, difference: null, isPaired: true }
      const found = compareEpisodes(sharesOf(metric, first.episodes, first.settings.seed), own, {
        bootstraps,
        seed: String(seed),
      })
      pairs = found.pairs
      return { metric, value, difference: found.difference, isPaired: found.isPaired }
    })
    const steps = episodes.reduce((sum, episode) => sum + episode.steps, 0)
    return { runId: id, name, status, episodes: episodes.length, steps, pairs, metrics: figures }
  }
}

/** Draws come from the run's seed and the episode's number: with the same object these make a pair. */
const sharesOf = (
  metric: ComparedMetric,
  episodes: readonly EpisodeSummary[],
  seed: number,
): EpisodeShare[] =>
  episodes.map((episode) => {
    const [sum, weight] = shares[metric](episode)
    return { key: `${seed}/${episode.episode}/${episode.task}`, sum, weight }
  })

function endedEpisodes(workspace: Workspace, runId: string): EpisodeSummary[] {
  const found: EpisodeSummary[] = []
  for (let offset = 0; ; offset += PAGE) {
    const { episodes } = workspace.episodes.list({
      runId,
      task: '',
      outcomes: ['win', 'limit'],
      minInvalidRate: 0,
      maxInvalidRate: 1,
      sort: 'episode',
      descending: false,
      offset,
      limit: PAGE,
    })
    found.push(...episodes)
    if (episodes.length < PAGE) return found
  }
}

/** Names of runs always differ and say nothing of what was asked. */
function settingsDifferences(runs: readonly RunRecord[]): RunComparison['differences'] {
  const flat = runs.map(({ settings: { name: _, ...settings }, manifest }) =>
    leaves({
      ...settings,
      model: manifest.modelName,
      modelHash: manifest.modelHash,
      device: manifest.device,
    }),
  )
  const paths = [...new Set(flat.flatMap((each) => [...each.keys()]))]
  return paths.flatMap((setting) => {
    const values = flat.map((each) => each.get(setting) ?? null)
    return values.every((value) => isDeepStrictEqual(value, values[0])) ? [] : [{ setting, values }]
  })
}

/** Values by path, `sampling.temperature`; lists are values. */
function leaves(value: object, prefix = ''): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [key, each] of Object.entries(value) as [string, unknown][])
    if (typeof each === 'object' && each !== null && !Array.isArray(each))
      for (const [path, leaf] of leaves(each, `${prefix}${key}.`)) found.set(path, leaf)
    else found.set(prefix + key, each)
  return found
}
