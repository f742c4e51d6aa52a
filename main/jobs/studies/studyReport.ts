// The facts of a study, gathered for its report.
// Owns: reading them, choosing examples, the command that does the same. Not: what the report says (reports/).
import { errors } from '../../contract/errors.ts'
import type { ReportFormat, StageName, StudyPlan, StudyRecord, StudyReport } from '../../contract/studies.ts'
import type { SweepRecord } from '../../contract/sweeps.ts'
import { htmlReport } from '../../reports/htmlReport.ts'
import { markdownReport } from '../../reports/markdownReport.ts'
import { studyBlocks, type ReportExample, type StudyFacts } from '../../reports/studyBlocks.ts'
import type { Workspace } from '../../store/workspace.ts'

export interface ReportGround {
  workspace: Workspace
  /** With its verdict. @throws not_found */
  sweepOf: (id: string) => SweepRecord
}

/** @throws invalid_input before there is a run; not_found where what a stage made was removed */
export function studyReport(
  { workspace, sweepOf }: ReportGround,
  study: StudyRecord,
  format: ReportFormat,
): StudyReport {
  const idOf = (name: StageName): string | null =>
    study.stages.find((stage) => stage.name === name)?.id ?? null
  const [runId, probeId, vectorId, sweepId] = (['collect', 'probe', 'vector', 'sweep'] as const).map(idOf)
  if (runId === null) throw errors.invalidInput({ field: 'id', reason: `${study.id} has no episodes yet` })
  const sweep = sweepId === null ? null : sweepOf(sweepId)
  const facts: StudyFacts = {
    study,
    run: workspace.runs.get(runId),
    statistics: workspace.episodes.statistics(runId),
    probe: probeId === null ? null : workspace.probes.document(probeId),
    vector: vectorId === null ? null : workspace.vectors.get(vectorId),
    sweep,
    examples: sweep ? examplesOf(workspace, sweep) : [],
    command: commandOf(study.plan),
  }
  const report = studyBlocks(facts)
  return format === 'html'
    ? { files: [{ path: `${study.id}.html`, text: htmlReport(report) }] }
    : { files: markdownReport(report) }
}

const mostExamples = 6

/** First steps at which the verdict's condition and the baseline differ in what the oracle says, an episode each, in the episodes' order. */
function examplesOf({ episodes, steps }: Workspace, sweep: SweepRecord): ReportExample[] {
  const baseline = sweep.conditions.find(({ role }) => role === 'baseline')
  const steered = sweep.conditions.find(({ id }) => id === sweep.verdict?.overall.conditionId)
  if (!baseline || !steered) return []
  const found: ReportExample[] = []
  for (let episode = 0; episode < sweep.settings.episodes && found.length < mostExamples; episode++) {
    const others = steps.list(steered.runId, episode)
    const own = steps.list(baseline.runId, episode)
    const step = own.findIndex(({ isInvalid }, i) => i < others.length && isInvalid !== others[i].isInvalid)
    if (step < 0) continue
    const { task } = episodes.get(baseline.runId, episode)
    found.push({ task, step, baseline: own[step], steered: others[step] })
  }
  return found
}

/** The plan's settings that are not its preset's, as options. */
function commandOf({ given: _given, ...plan }: StudyPlan): string {
  const options: [string, string | number | undefined][] = [
    ['--model', plan.modelId],
    ['--preset', plan.preset],
    ['--episodes', plan.episodes],
    ['--sweep-episodes', plan.sweepEpisodes],
    ['--max-steps', plan.maxSteps],
    ['--temperature', plan.temperature],
    ['--max-new-tokens', plan.maxNewTokens],
    ['--layer', plan.layer],
    ['--seed', plan.seed],
    ['--system', plan.systemPrompt === undefined ? undefined : JSON.stringify(plan.systemPrompt)],
  ]
  const switches = Object.entries(plan.switches).map(
    ([name, isOn]) => `--switch ${name}=${isOn ? 'on' : 'off'}`,
  )
  const skips = plan.skipped.map((name) => `--skip ${name}`)
  const named = options.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
  return ['npm run -s cli -- study', ...named, ...switches, ...skips].join(' ')
}
