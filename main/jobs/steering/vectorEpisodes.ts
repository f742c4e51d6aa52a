// The episodes that a vector was made from.
// Owns: which runs they are in, and which episodes of a sweep are among them. Not: what follows for a verdict (sweepVerdict.ts).
import { AppError } from '../../contract/errors.ts'
import type { Workspace } from '../../store/workspace.ts'

/** Runs whose episodes a vector was made from; none for one that was made from prompts or read from a file. @throws not_found */
export function originRuns(workspace: Workspace, vector: string): string[] {
  const { origin } = workspace.vectors.summary(vector)
  switch (origin.kind) {
    case 'contrast':
      return origin.dataSetRecipe.runIds
    case 'learned':
      return [origin.runId]
    case 'probe':
      return probeRuns(workspace, origin.recipe.probeId)
    case 'prompts':
    case 'file':
      return []
  }
}

/** A probe may have been removed since. */
function probeRuns(workspace: Workspace, id: string): string[] {
  try {
    return workspace.probes.origin(id).recipe.runIds
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return []
    throw error
  }
}

/** Hidden objects, and episodes as `seed/episode/object`, which fixes their draws. */
export interface MadeFrom {
  objects: ReadonlySet<string>
  draws: ReadonlySet<string>
}

/** The episodes that a vector was made from; `unknown` where it came from a file, or where what it was made from is gone. */
export function madeFrom(workspace: Workspace, vector: string): MadeFrom | 'prompts' | 'unknown' {
  const known = workspace.vectors.list().find(({ id }) => id === vector)
  if (!known || known.origin.kind === 'file') return 'unknown'
  const { origin } = known
  if (origin.kind === 'prompts') return 'prompts'
  const there = new Set(workspace.runs.list().map(({ id }) => id))
  const runs = originRuns(workspace, vector)
  if (runs.length === 0 || runs.some((run) => !there.has(run))) return 'unknown'
  const kept = origin.kind === 'contrast' ? origin.dataSetRecipe.filter.tasks : []
  const objects = new Set<string>()
  const draws = new Set<string>()
  for (const run of runs) {
    const { settings, manifest } = workspace.runs.get(run)
    if (manifest.fork) return 'unknown' // its one episode was drawn in two runs
    const { seed, episodes } = settings
    // A search plays the first episodes of the run's seed, however many the run itself has.
    const count = origin.kind === 'learned' ? Math.min(origin.recipe.trainEpisodes, episodes) : episodes
    const missing = new Set(workspace.episodes.notBegun(run))
    for (let episode = 0; episode < count; episode++) {
      if (missing.has(episode)) continue
      const { task } = workspace.episodes.get(run, episode)
      if (kept.length > 0 && !kept.includes(task)) continue
      objects.add(task)
      draws.add(`${seed}/${episode}/${task}`)
    }
  }
  return { objects, draws }
}
