// A probe that is read while a run is played.
// Owns: the lines as steps come, and each episode's scores at the end. Not: reading (jobs/probes/probeReader.ts) or the run's own progress (followRun.ts).
import type { EngineService } from '../jobs/engineService.ts'
import type { Output } from './output.ts'
import { programName } from './programName.ts'

const verdicts: Record<string, string> = { v: 'valid', i: 'invalid', w: 'win' }

/** Prints what the probe reads in each new step of the run, until the signal is aborted. */
export async function watchProbe(
  engine: EngineService,
  { output, probe, runId }: { output: Output; probe: string; runId: string },
  signal: AbortSignal,
): Promise<void> {
  const { classes, threshold } = engine.probeReader.liveNeeds(probe)
  output.note(
    `Probe ${probe} reads “${classes}”${threshold === null ? '' : `; ! from ${threshold.toFixed(2)}, 5 % false alarms`}`,
  )
  const shown = new Map<number, number>()
  const show = async (episode: number): Promise<void> => {
    const { verdicts: letters } = engine.episodes.summary(runId, episode)
    const asked = { id: probe, runId, episode, tokens: false }
    const { steps } = await engine.probeReader.readOut(asked, () => {}, new AbortController().signal)
    for (const { step, probability } of steps.slice(shown.get(episode) ?? 0)) {
      const read = probability === null ? '–' : probability.toFixed(2)
      const alarm = probability !== null && threshold !== null && probability >= threshold ? ' !' : ''
      output.note(
        `episode ${episode} step ${step}  ${read}${alarm}  ${verdicts[letters[step]] ?? ''}`.trimEnd(),
      )
    }
    shown.set(episode, steps.length)
  }
  for await (const event of engine.events(signal))
    if (event.kind === 'episode' && event.episode.runId === runId) await show(event.episode.episode)
  // Steps of the last moment, which no event told of before the run's end.
  for (const { episode } of engine.probeReader.scores(probe, runId)) await show(episode)
}

/** For the result: mean and largest probability of each episode. */
export const probeResult = (engine: EngineService, probe: string, runId: string) => ({
  id: probe,
  episodes: engine.probeReader.scores(probe, runId),
})

/** How to look at the scores again. */
export const probeLine = (probe: string, { episodes }: ReturnType<typeof probeResult>): string => {
  const means = episodes.flatMap(({ mean }) => mean ?? [])
  const mean = means.length > 0 ? means.reduce((sum, each) => sum + each, 0) / means.length : null
  return `Probe ${probe}: mean ${mean === null ? '–' : mean.toFixed(2)} over ${means.length} episodes (${programName} probes show ${probe})`
}
