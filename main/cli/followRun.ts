// A run seen from the terminal, from its start to its end.
// Owns: progress, pausing on Ctrl-C, the summary and the exit code of `collect` and `runs resume`. Not: the run (jobs/).
import type { RunProgress, RunRecord } from '../contract/runs.ts'
import type { EngineService } from '../jobs/engineService.ts'
import type { CommandContext } from './context.ts'
import { answerInTerminal } from './humanOracle.ts'
import { interventionLines } from './interventionLines.ts'
import { duration, percent } from './output.ts'
import { programName } from './programName.ts'
import { probeLine, probeResult, watchProbe } from './watchProbe.ts'

/** Shows a run's progress, and what a probe reads in it, until it ends, answers for a person if asked to, pauses it on Ctrl-C, prints the result. */
export async function followRun(
  context: CommandContext,
  engine: EngineService,
  run: RunRecord,
  probe?: string,
): Promise<void> {
  const { output, signal } = context
  output.note(`Run ${run.id}: ${run.name}`)
  const watching = new AbortController()
  const watchers = [showProgress(context, engine, run.id, watching.signal)]
  if (probe !== undefined)
    watchers.push(watchProbe(engine, { output, probe, runId: run.id }, watching.signal))
  const pause = (): void => {
    const hasEnded = !engine.runs.active().some(({ id }) => id === run.id) // a moment ago, perhaps
    if (!hasEnded) engine.runs.pause(run.id)
  }
  if (run.settings.oracle.kind === 'human') {
    const onEnd = (): void => {
      output.note('Standard input has ended and a question waits for its answer, so the run is paused.')
      process.exitCode = 1
      pause()
    }
    watchers.push(answerInTerminal(engine, { output, input: process.stdin, onEnd }, watching.signal))
  }
  signal.addEventListener('abort', pause, { once: true })
  if (signal.aborted) pause()
  const ended = await engine.runs.ended(run.id)
  signal.removeEventListener('abort', pause)
  watching.abort()
  await Promise.all(watchers)
  if (ended.status === 'failed' && ended.error) {
    output.note(
      `Run ${ended.id} failed after ${ended.progress.steps} steps; resume it with: ${programName} runs resume ${ended.id}`,
    )
    output.failure(ended.error)
    process.exitCode = 1
    return
  }
  if (ended.status === 'paused') output.note(`Paused. Go on with: ${programName} runs resume ${ended.id}`)
  printEnd(context, ended, probe === undefined ? null : probeResult(engine, probe, run.id))
}

async function showProgress(
  { output }: CommandContext,
  engine: EngineService,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of engine.events(signal))
    if (event.kind === 'run' && event.run.id === runId && event.run.status === 'running')
      output.progress(progressLine(event.run.progress))
}

function progressLine(p: RunProgress): string {
  if (p.activity) return `${p.activity} …`
  const parts = [
    `${p.episodesDone}/${p.episodes} episodes`,
    `${p.steps} steps`,
    `invalid ${percent(p.invalid, p.steps)}`,
    `${p.wins} wins`,
  ]
  if (p.tokensPerSecond !== null) parts.push(`${p.tokensPerSecond.toFixed(0)} tokens/s`)
  if (p.secondsLeft !== null) parts.push(`at most ${duration(p.secondsLeft)} left`)
  return parts.join(' · ')
}

function printEnd(
  { output }: CommandContext,
  run: RunRecord,
  probe: ReturnType<typeof probeResult> | null,
): void {
  const { id, status, progress: p } = run
  output.result(
    {
      runId: id,
      status,
      episodes: p.episodesDone,
      steps: p.steps,
      invalid: p.invalid,
      wins: p.wins,
      promptTokens: p.promptTokens,
      newTokens: p.newTokens,
      seconds: p.seconds,
      interventions: p.interventions,
      ...(probe && { probe }),
    },
    () =>
      [
        `Run ${id} ${status}: ${p.episodesDone} episodes, ${p.steps} steps, ${p.invalid} invalid (${percent(p.invalid, p.steps)}), ${p.wins} wins, ${duration(p.seconds)}`,
        ...interventionLines(run),
        ...(probe ? [probeLine(probe.id, probe)] : []),
      ].join('\n'),
  )
}
