// Outcomes in words and signs. An episode without an outcome may be played now, or its run may have ended before it.
import type { EpisodeOutcome } from '../../main/contract/runs.ts'

export const outcomeNames: Record<EpisodeOutcome, string> = {
  win: 'won',
  limit: 'step limit',
  running: 'unfinished',
}
export const outcomeSigns: Record<EpisodeOutcome, string> = { win: '★', limit: '▪', running: '▸' }
export const outcomeOrder: readonly EpisodeOutcome[] = ['win', 'limit', 'running']
