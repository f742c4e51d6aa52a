// Any number of runs beside the first of them.
// Owns: which figures are compared, which episodes are alike, which settings differ. Not: intervals (analysis/runComparison.ts).
import { isDeepStrictEqual } from 'node:util'
import {
  compareEpisodes,
  EpisodeResamples,
  ratioOf,
  type ColumnRatio,
  type EpisodeColumns,
} from '../analysis/runComparison.ts'
import type { ComparedMetric, ComparedRun, ComparisonQuery, RunComparison } from '../contract/comparison.ts'
import { errors } from '../contract/errors.ts'
import type { EpisodeSummary, RunRecord } from '../contract/runs.ts'
import type { Workspace } from '../store/workspace.ts'

const ratios: Record<ComparedMetric, ColumnRatio> = {
  invalidRate: { sum: 'invalid', weight: 'steps' },
  winRate: { sum: 'wins', weight: 'episodes' },
  steps: { sum: 'steps', weight: 'episodes' },
  newTokens: { sum: 'newTokens', weight: 'steps' },
  promptTokens: { sum: 'promptTokens', weight: 'steps' },
}
const metrics = Object.keys(ratios) as ComparedMetric[] // an object literal's own keys

/** A page of the store's list holds no more. */
const PAGE = 5000

/**
 * The engine goes on with other work between two runs.
 * @throws not_found for a run that is not there, invalid_input for one that is named twice
 */
export async function compareRuns(
  workspace: Workspace,
  { runIds, bootstraps, seed }: ComparisonQuery,
): Promise<RunComparison> {
  const twice = runIds.find((id, index) => runIds.indexOf(id) !== index)
  if (twice !== undefined) throw errors.invalidInput({ field: 'runIds', reason: `${twice} is named twice` })
  const runs = runIds.map((id) => workspace.runs.get(id))
  const first = endedEpisodes(workspace, runs[0])
  const resamples = new EpisodeResamples(bootstraps, String(seed))
  const compared = [comparedRun(runs[0], first, null)]
  for (const run of runs.slice(1)) {
    await new Promise(setImmediate)
    const own = endedEpisodes(workspace, run)
    compared.push(comparedRun(run, own, compareEpisodes(first, own, Object.values(ratios), resamples)))
  }
  return { runs: compared, differences: settingsDifferences(runs) }
}

/** @param found  null for the first run */
function comparedRun(
  { id, name, status }: RunRecord,
  episodes: EpisodeColumns,
  found: ReturnType<typeof compareEpisodes> | null,
): ComparedRun {
  const count = episodes.keys.length
  return {
    runId: id,
    name,
    status,
    episodes: count,
    steps: episodes.columns.steps.reduce((sum, steps) => sum + steps, 0),
    pairs: found?.pairs ?? count,
    metrics: metrics.map((metric, index) => ({
      metric,
      value: ratioOf(episodes, ratios[metric]),
      difference: found?.differences[index] ?? null,
      isPaired: found?.isPaired ?? true,
    })),
  }
}

/** Draws come from the run's seed and the episode's number: with the same object these make a pair. */
function endedEpisodes(workspace: Workspace, { id, settings }: RunRecord): EpisodeColumns {
  const found = listEnded(workspace, id)
  return {
    keys: found.map(({ episode, task }) => `${settings.seed}/${episode}/${task}`),
    objects: found.map(({ task }) => task),
    columns: {
      episodes: new Float64Array(found.length).fill(1),
      invalid: Float64Array.from(found, ({ invalid }) => invalid),
      wins: Float64Array.from(found, ({ outcome }) => Number(outcome === 'win')),
      steps: Float64Array.from(found, ({ steps }) => steps),
      newTokens: Float64Array.from(found, ({ newTokens }) => newTokens),
      promptTokens: Float64Array.from(found, ({ promptTokens }) => promptTokens),
    },
  }
}

function listEnded(workspace: Workspace, runId: string): EpisodeSummary[] {
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
