// The two episodes that stand side by side, each with what a probe reads in it.
// Owns: which are read, and that they follow what is played. Not: which belong together (episodePairs.ts), drawing (PairedSteps.svelte).
import type { EpisodeSummary } from '../../main/contract/runs.ts'
import { Timeline, type GetEpisode } from '../episodes/timeline.svelte.ts'
import { EpisodeReadOut, type GetReadOut } from '../probes/readOut.svelte.ts'

interface PairedSide {
  timeline: Timeline
  readOut: EpisodeReadOut
}

/** An episode of a run; null where there is none to show. */
interface ShownEpisode {
  run: string | null
  episode: number | null
}

export class PairedSides {
  readonly base: PairedSide
  readonly own: PairedSide

  constructor(getEpisode: GetEpisode, getReadOut: GetReadOut) {
    const side = (): PairedSide => ({
      timeline: new Timeline(getEpisode),
      readOut: new EpisodeReadOut(getReadOut),
    })
    this.base = side()
    this.own = side()
  }

  show(base: ShownEpisode, own: ShownEpisode, probe: string | null): void {
    open(this.base, base, probe)
    open(this.own, own, probe)
  }

  /** Of both, as far as they are read. */
  get steps(): number {
    return this.base.timeline.steps.length + this.own.timeline.steps.length
  }

  /** Steps that were played meanwhile are read by the probe, too. */
  followReadOuts(): void {
    for (const { timeline, readOut } of [this.base, this.own]) readOut.played(timeline.steps.length)
  }

  receive(summary: EpisodeSummary): void {
    for (const { timeline } of [this.base, this.own]) timeline.receive(summary)
  }

  retry(): void {
    for (const { timeline } of [this.base, this.own]) timeline.retry()
  }

  close(): void {
    const nothing = { run: null, episode: null }
    this.show(nothing, nothing, null)
  }
}

function open({ timeline, readOut }: PairedSide, { run, episode }: ShownEpisode, probe: string | null): void {
  if (run !== null && episode !== null) timeline.open(run, episode)
  else timeline.close()
  readOut.open(probe, run, episode)
}
