// One step of invented runs side by side. Never part of the build.
import type { InspectionQuery, StepInspection } from '../../main/contract/inspection.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import { readEpisode } from '../episodes/stepView.ts'
import { inventEpisode, inventEpisodeView, randomOf } from './invented.ts'

export function inventInspection(
  { runIds, episode, step }: InspectionQuery,
  find: (id: string) => RunRecord,
): StepInspection {
  const steps = runIds.map((id) => {
    const run = find(id)
    if (episode >= run.progress.episodesDone) return { run, view: null, task: null }
    const { summary, steps: views } = readEpisode(inventEpisodeView(run, inventEpisode(run, episode)))
    return { run, view: views.find(({ record }) => record.step === step) ?? null, task: summary.task }
  })
  const first = steps[0]?.view ?? null
  return {
    runs: steps.map(({ run, view, task }, index) => {
      const title = run.sweep?.title ?? run.name
      const common = { runId: run.id, title, task }
      if (!view) {
        const missing =
          task === null ? 'The episode has not begun.' : `The episode ended before step ${step}.`
        return { ...common, message: null, missing }
      }
      const { record } = view
      const random = randomOf(index * 31 + step)
      const isSteered = run.settings.interventions.length > 0
      const ids = first?.record.completionIds ?? new Int32Array()
      const place = record.completionIds.findIndex((id, i) => id !== ids[i])
      return {
        ...common,
        missing: null,
        message: {
          messages: record.messages,
          isPromptSame:
            index === 0 || !first ? null : first.record.promptIds.length === record.promptIds.length,
          tokens: [...view.completionTokens],
          logProbabilities: record.logProbabilities,
          plain: record.logProbabilities.map((value) =>
            isSteered ? Math.min(-0.001, value + (random() - 0.6) * 3) : value,
          ),
          firstDifference: index === 0 || place < 0 ? null : place,
          completion: record.completion,
          finish: record.finish,
          answer: record.answer,
          isInvalid: record.isInvalid,
          isWin: record.isWin,
          isSteered,
          refusal: null,
        },
      }
    }),
  }
}
