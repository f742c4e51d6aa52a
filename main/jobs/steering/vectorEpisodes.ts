// The episodes that a vector was made from.
// Owns: which runs they are in, their objects and draws. Not: which of a sweep's are among them and what follows for its verdict (verdictFacts.ts).
import type { DataSetRecipe } from '../../contract/dataSets.ts'
import { AppError } from '../../contract/errors.ts'
import type { VectorOrigin } from '../../contract/vectors.ts'
import type { Workspace } from '../../store/workspace.ts'

/** Runs whose episodes a vector was made from; none for one that was made from prompts or read from a file. @throws not_found */
export function originRuns(workspace: Workspace, vector: string): string[] {
  const { origin } = workspace.vectors.summary(vector)
  switch (origin.kind) {
    case 'contrast':
      return origin.dataSetRecipe.runIds
    case 'learned':
      return [...new Set([origin.runId, ...(dataSetOf(workspace, origin)?.runIds ?? [])])]
    case 'probe':
      return probeRuns(workspace, origin.recipe.probeId)
    case 'prompts':
    case 'file':
      return []
  }
}

type Learned = Extract<VectorOrigin, { kind: 'learned' }>

/** Of the rows that gave a search its components; null where it was not kept and the data set is gone. */
function dataSetOf(
  workspace: Workspace,
  { dataSetRecipe, dataSetHash, recipe }: Learned,
): DataSetRecipe | null {
  if (dataSetRecipe) return dataSetRecipe
  const dataSet = workspace.dataSets.list().find(({ id }) => id === recipe.dataSetId)
  return dataSet?.hash === dataSetHash ? dataSet.recipe : null
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
  /** What they have to do with the vector, after “the episodes have”. */
  part: string
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
  const objects = new Set<string>()
  const draws = new Set<string>()
  const add = (seed: number, episode: number, task: string): void => {
    objects.add(task)
    draws.add(`${seed}/${episode}/${task}`)
  }
  const kept = origin.kind === 'contrast' ? origin.dataSetRecipe.filter.tasks : []
  for (const run of runs) {
    const { settings, manifest } = workspace.runs.get(run)
    if (manifest.fork) return 'unknown' // its one episode was drawn in two runs
    const { seed, episodes } = settings
    const missing = new Set(workspace.episodes.notBegun(run))
    for (let episode = 0; episode < episodes; episode++) {
      if (missing.has(episode)) continue
      const { task } = workspace.episodes.get(run, episode)
      if (kept.length === 0 || kept.includes(task)) add(seed, episode, task)
    }
  }
  if (origin.kind !== 'learned') return { objects, draws, part: 'made the vector' }
  const { seed, episodes } = workspace.runs.get(origin.runId).settings
  const { trainEpisodes, heldOutEpisodes } = origin.recipe
  if (!dataSetOf(workspace, origin)) return 'unknown'
  // A search plays the first episodes of the run's seed, however many the run itself has: not kept, they are the run's own or unknown.
  if (!origin.objects && episodes < trainEpisodes + heldOutEpisodes) return 'unknown'
  origin.objects?.forEach((task, episode) => add(seed, episode, task))
  return { objects, draws, part: 'made the vector or judged its search' }
}
