// Stored episodes as a window shows them.
// Owns: joining a step's ids with the texts of its model's tokeniser. Not: the rows (store/) or the tokeniser (model/).
import type { StepView } from '../contract/api.ts'
import type {
  EpisodePage,
  EpisodeQuery,
  EpisodeSummary,
  StepRecord,
  StepStatistics,
  TokenView,
} from '../contract/runs.ts'
import type { Workspace } from '../store/workspace.ts'

/** The text of each token within its sequence. */
export type TokenReader = (ids: Int32Array) => TokenView[]

export class EpisodeBrowser {
  private readonly workspace: Workspace
  private readonly readerFor: (modelId: string) => Promise<TokenReader>

  /** @param readerFor  the tokeniser of a model, or a stand-in that shows ids where its files are gone. */
  constructor(workspace: Workspace, readerFor: (modelId: string) => Promise<TokenReader>) {
    this.workspace = workspace
    this.readerFor = readerFor
  }

  list(query: EpisodeQuery): EpisodePage {
    const run = this.workspace.runs.get(query.runId) // an unknown run is an error, not an empty page
    // Whoever lists episodes will open one: its tokeniser takes up to a second to read.
    void this.readerFor(run.settings.modelId).catch(() => {})
    return this.workspace.episodes.list(query)
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

  async views(runId: string, episode: number): Promise<StepView[]> {
    const run = this.workspace.runs.get(runId)
    const read = await this.readerFor(run.settings.modelId)
    const steps = this.steps(runId, episode)
    return steps.map((record, i) => viewOf(record, i === 0 ? null : steps[i - 1].promptIds, read))
  }
}

function viewOf(record: StepRecord, previousPrompt: Int32Array | null, read: TokenReader): StepView {
  return {
    record,
    promptTokens: read(record.promptIds),
    completionTokens: read(record.completionIds),
    // Each alone: they are alternatives, not a sequence.
    topTexts: Array.from(record.topIds, (id) => read(Int32Array.of(id))[0].text),
    sharedWithPrevious: previousPrompt ? sharedLength(previousPrompt, record.promptIds) : 0,
  }
}

/** Length of the longest common prefix. */
export function sharedLength(a: Int32Array, b: Int32Array): number {
  const end = Math.min(a.length, b.length)
  let length = 0
  while (length < end && a[length] === b[length]) length++
  return length
}
