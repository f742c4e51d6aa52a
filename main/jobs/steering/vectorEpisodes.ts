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
