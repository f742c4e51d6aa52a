// Stored episodes as a window shows them.
// Owns: joining a step's ids with the texts of its model's tokeniser. Not: the rows (store/) or the tokeniser (model/).
import type { EpisodeStep, EpisodeView, TokenTexts, WorkProgress } from '../contract/api.ts'
import type { InspectionQuery, StepInspection } from '../contract/inspection.ts'
import type {
  EpisodePage,
  EpisodeQuery,
  EpisodeSummary,
  RunRecord,
  StepRecord,
  StepStatistics,
} from '../contract/runs.ts'
import type { ComparisonQuery, RunComparison } from '../contract/comparison.ts'
import { commonPrefix } from '../inference/prefixChain.ts'
import type { Workspace } from '../store/workspace.ts'
import { compareRuns } from './compareRuns.ts'
import { inspectStep } from './inspectStep.ts'
import type { ModelLibrary } from './modelLibrary.ts'
import { ProbeOrder, type ScoresOf } from './probes/probeOrder.ts'
import type { TokenReader } from './tokenReaders.ts'

export class EpisodeBrowser {
  private readonly workspace: Workspace
  private readonly models: ModelLibrary
  private readonly readerOf: (run: RunRecord) => Promise<TokenReader>
  private readonly probeOrder: ProbeOrder

  /**
   * @param readerOf  the tokeniser that a run used, or a stand-in that shows ids where it is gone
   * @param scoresOf  what a probe reads in each episode of a run
   */
  constructor(
    workspace: Workspace,
    models: ModelLibrary,
    readerOf: (run: RunRecord) => Promise<TokenReader>,
    scoresOf: ScoresOf,
  ) {
    this.workspace = workspace
    this.models = models
    this.readerOf = readerOf
    this.probeOrder = new ProbeOrder(scoresOf)
  }

  list(query: EpisodeQuery): EpisodePage {
    const run = this.workspace.runs.get(query.runId) // an unknown run is an error, not an empty page
    // Whoever lists episodes will open one: its tokeniser takes up to a second to read.
    void this.readerOf(run).catch(() => {})
    const { episodes } = this.workspace
    const { probe } = query
    if (probe === undefined) return episodes.list(query)
    return this.probeOrder.page((part) => episodes.list(part), run, { ...query, probe })
  }

  summary(runId: string, episode: number): EpisodeSummary {
    return this.workspace.episodes.get(runId, episode)
  }

  steps(runId: string, episode: number): StepRecord[] {
    return this.workspace.steps.list(runId, episode)
  }

  statistics(runId: string): StepStatistics {
    this.workspace.runs.get(runId)
    return this.workspace.episodes.statistics(runId)
  }

  /** @throws not_found, invalid_input */
  compare(query: ComparisonQuery): Promise<RunComparison> {
    return compareRuns(this.workspace, query)
  }

  /** @throws as inspectStep */
  inspect(
    query: InspectionQuery,
    tell: (progress: WorkProgress) => void,
    signal: AbortSignal,
  ): Promise<StepInspection> {
    const { workspace, models, readerOf } = this
    return inspectStep(query, { workspace, models, readerOf }, tell, signal)
  }

  async view(runId: string, episode: number): Promise<EpisodeView> {
    const run = this.workspace.runs.get(runId)
    const read = await this.readerOf(run)
    const summary = this.summary(runId, episode)
    const records = this.steps(runId, episode)
    const steps = records.map((record, i) => ({
      record,
      sharedWithPrevious: i === 0 ? 0 : commonPrefix(records[i - 1].promptIds, record.promptIds),
    }))
    return { summary, steps, texts: textsOf(steps, read) }
  }
}

const topPerToken = 5

/** The texts of every token that occurs in the steps. */
export function textsOf(steps: readonly EpisodeStep[], read: TokenReader): TokenTexts {
  const seen = new Set<number>()
  const leading = new Set<number>()
  for (const { record, sharedWithPrevious } of steps) {
    const { promptIds, completionIds, topIds } = record
    // What a prompt shares with the one before was seen there.
    for (const ids of [promptIds.subarray(sharedWithPrevious), completionIds, topIds])
      ids.forEach((id) => seen.add(id))
    for (const ids of [
      promptIds.subarray(0, 1),
      completionIds.subarray(0, 1),
      topIds.subarray(0, topPerToken),
    ])
      ids.forEach((id) => leading.add(id))
  }
  const ids = [...seen]
  // With one before them, none of them begins the sequence.
  const views = read(Int32Array.from([0, ...ids])).slice(1)
  const texts = views.map((view) => view.text)
  const elsewhere = new Map(ids.map((id, i) => [id, texts[i]]))
  return {
    ids,
    texts,
    specialIds: views.filter((view) => view.isSpecial).map((view) => view.id),
    leading: [...leading]
      .map((id) => ({ id, text: read(Int32Array.of(id))[0].text }))
      .filter(({ id, text }) => text !== elsewhere.get(id)),
  }
}
