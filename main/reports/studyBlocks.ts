// What the report of a study says, in which order.
// Owns: sections, sentences, tables and the choice of figures. Not: the figures' drawing (figures.ts), markup, or gathering the facts (jobs/studies/studyReport.ts).
import type { Estimate } from '../contract/estimates.ts'
import type { ProbeDocument } from '../contract/probes.ts'
import type { RunRecord, StepStatistics } from '../contract/runs.ts'
import type { StudyRecord } from '../contract/studies.ts'
import type { SweepRecord } from '../contract/sweeps.ts'
import type { VectorRecord } from '../contract/vectors.ts'
import type { Block, Report } from './blocks.ts'
import { curveFigure, intervalFigure, type Scale } from './figures.ts'

/** The same object and step in two conditions. */
export interface ReportExample {
  task: string
  step: number
  baseline: { completion: string; answer: string }
  steered: { completion: string; answer: string }
}

/** All that a report rests on; null where a stage was skipped or has not been done. */
export interface StudyFacts {
  study: StudyRecord
  run: RunRecord
  statistics: StepStatistics
  probe: ProbeDocument | null
  vector: VectorRecord | null
  sweep: SweepRecord | null
  examples: readonly ReportExample[]
  /** That does the same once more. */
  command: string
}

const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`)
const digits = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
/** Never 0: what was not drawn once may be drawn. */
const probability = (p: number | null): string => (p !== null && p < 0.001 ? '< 0.001' : digits(p))
const points = (value: number): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(100 * value).toFixed(0)}`
const withInterval = ({ value, low, high }: Estimate, write: (value: number) => string): string => {
  if (value === null) return '–'
  return low === null || high === null ? write(value) : `${write(value)} [${write(low)}, ${write(high)}]`
}
const areaScale: Scale = {
  title: 'AUROC on held-out episodes',
  low: 0.3,
  high: 1,
  reference: 0.5,
  write: (value) => value.toFixed(1),
}

export function studyBlocks(facts: StudyFacts): Report {
  const { study, run } = facts
  return {
    title: study.name,
    subtitle: `${run.manifest.modelName}, ${study.createdAt.slice(0, 10)}, Innerview ${run.manifest.innerview}`,
    blocks: [
      ...question(facts),
      ...episodes(facts),
      ...probed(facts.probe),
      ...direction(facts.vector),
      ...steered(facts.sweep),
      ...examples(facts.examples),
      ...methods(facts),
      ...reproduction(facts),
    ],
  }
}

function question({ study, sweep, probe }: StudyFacts): Block[] {
  const finding = sweep?.verdict?.overall.sentence ?? probe?.headline.sentence ?? null
  const left = study.stages.filter(
    ({ status, name }) => name !== 'report' && status !== 'done' && status !== 'given',
  )
  return [
    {
      kind: 'text',
      text: 'Does the model know, before it answers, that its next message will not be a yes/no question; and does adding that knowledge’s direction to its residual stream make it ask better?',
    },
    ...(finding === null ? [] : [{ kind: 'text', text: finding, tone: 'finding' } as const]),
    ...left.map(({ name, status }): Block => ({
      kind: 'text',
      tone: 'warning',
      text: `The stage “${name}” is ${status}: this report knows nothing of it.`,
    })),
  ]
}

function episodes({ run, statistics }: StudyFacts): Block[] {
  const { settings, progress } = run
  const { environment, sampling } = settings
  const rates = statistics.step.map((step, i) => ({
    x: step,
    estimate: {
      value: statistics.invalid[i] / statistics.n[i],
      low: statistics.invalidLow[i],
      high: statistics.invalidHigh[i],
    },
  }))
  const scale: Scale = { title: 'invalid', low: 0, high: 1, write: (value) => `${Math.round(100 * value)} %` }
  return [
    { kind: 'heading', text: 'Episodes' },
    {
      kind: 'text',
      text: `${progress.episodes} games of Twenty Questions of at most ${environment.maxSteps} steps; ${progress.steps} steps, ${percent(progress.invalid / Math.max(1, progress.steps))} of them invalid; ${progress.wins} games won. Temperature ${sampling.temperature}, at most ${sampling.maxNewTokens} new tokens, seed ${settings.seed}; oracle: ${run.manifest.oracle}.`,
    },
    {
      kind: 'figure',
      name: 'invalid-by-step',
      svg: curveFigure(rates, scale, { title: 'step of the episode', write: String }, 'Invalid rate by step'),
      caption: `Share of invalid messages by step, with Wilson’s 95 % interval; ${statistics.n[0] ?? 0} episodes at step 0, ${statistics.n.at(-1) ?? 0} at the last.`,
    },
  ]
}

function probed(probe: ProbeDocument | null): Block[] {
  if (!probe) return []
  const { figures, rivals, data, headline, permutation, warnings, layer, pooling } = probe
  const judged = rivals.filter(({ missing }) => missing === null)
  const rows = [
    { label: 'probe', estimate: figures.auroc, isChief: true },
    ...judged.map(({ title, auroc, available }) => ({
      label: available ? title : `${title} (later)`,
      estimate: auroc,
    })),
  ]
  return [
    { kind: 'heading', text: 'What a probe reads' },
    { kind: 'text', text: headline.sentence },
    {
      kind: 'figure',
      name: 'probe-and-rivals',
      svg: intervalFigure(rows, areaScale, 'The probe beside what is simpler'),
      caption: `A linear probe on layer ${layer} (${pooling}) beside what is simpler, on the same folds; 95 % intervals over ${data.groups} episodes, ${data.rows} steps. “Later” reads what is only known after the probe’s moment.`,
    },
    {
      kind: 'table',
      name: 'probe',
      caption: `Judged on held-out episodes, ${figures.n} steps.`,
      head: ['figure', 'value [95 % interval]'],
      rows: [
        ['AUROC', withInterval(figures.auroc, digits)],
        ['accuracy', withInterval(figures.accuracy, digits)],
        ['majority class', digits(figures.majority)],
        ['balanced accuracy', withInterval(figures.balancedAccuracy, digits)],
        ...(permutation
          ? [
              ['p, shuffled labels', probability(permutation.p)],
              ['selectivity', digits(permutation.selectivity)],
            ]
          : []),
      ],
    },
    ...warnings.map(({ text }): Block => ({ kind: 'text', tone: 'warning', text })),
  ]
}

const splitHalf = (point?: { cosine: number; low: number; high: number }): string =>
  point ? withInterval({ ...point, value: point.cosine }, (value) => value.toFixed(2)) : '–'

function direction(vector: VectorRecord | null): Block[] {
  if (!vector) return []
  const rows = vector.documents.flatMap(({ document }) =>
    document.vectors.map((each) => [
      each.firstStep === each.lastStep ? String(each.firstStep) : `${each.firstStep}–${each.lastStep}`,
      `${each.away} : ${each.towards}`,
      digits(each.norm),
      percent(each.normFraction),
      digits(each.heldOutDPrime),
      splitHalf(each.stability?.curve.at(-1)),
      each.shuffled ? probability(each.shuffled.p) : '–',
    ]),
  )
  return [
    { kind: 'heading', text: 'The direction' },
    {
      kind: 'table',
      name: 'vector',
      caption:
        'Difference of class means. d′ on episodes that it was not made from; cosine of vectors from two halves of the episodes; p: share of vectors from shuffled labels that are as long.',
      head: ['steps', 'rows', 'norm', 'of residual', 'd′ unseen', 'split-half cosine', 'p'],
      rows,
    },
    ...vector.flags.map((text): Block => ({ kind: 'text', tone: 'warning', text })),
  ]
}

function steered(sweep: SweepRecord | null): Block[] {
  const verdict = sweep?.verdict
  if (!verdict) return []
  const { conditions, baseline, items, sensitivity } = verdict
  const known = conditions.flatMap(({ effect }) => [effect.low ?? 0, effect.high ?? 0])
  const reach = Math.max(0.1, ...known.map(Math.abs))
  const scale: Scale = {
    title: 'change of the rate against the baseline, points',
    low: -reach,
    high: reach,
    reference: 0,
    write: points,
  }
  const rows = conditions.map(({ title, effect, role }) => ({
    label: title,
    estimate: effect,
    isChief: role === 'steered',
  }))
  return [
    { kind: 'heading', text: 'Steering, beside its controls' },
    { kind: 'text', text: verdict.overall.sentence, tone: 'finding' },
    {
      kind: 'figure',
      name: 'effects',
      svg: intervalFigure(rows, scale, 'Effect of each condition'),
      caption: `Change of the ${verdict.settings.metric} against the baseline (${percent(baseline.rate)} of ${baseline.steps} steps), paired by object and seed, with 95 % intervals over ${baseline.episodes} episodes. Strong: the vector; weak: its controls.`,
    },
    {
      kind: 'table',
      name: 'conditions',
      caption:
        'Holm’s correction over all steered conditions; “lead” is the effect minus the mean effect of random directions of the same norm at the same dose.',
      head: ['condition', 'role', 'rate', 'effect, points', 'p', 'Holm', 'lead, points'],
      rows: conditions.map(({ title, role, rate, effect, p, holm, random }) => [
        title,
        role,
        percent(rate),
        withInterval(effect, points),
        probability(p),
        probability(holm),
        random ? withInterval(random.advantage, points) : '–',
      ]),
    },
    {
      kind: 'table',
      name: 'verdict',
      caption: 'The verdict’s rows for the condition that it speaks of.',
      head: ['question', 'colour', 'answer'],
      rows: items.map(({ title, colour, sentence }) => [title, colour, sentence]),
    },
    {
      kind: 'text',
      tone: 'quiet',
      text: `With ${baseline.episodes} pairs an effect of ${sensitivity.smallestEffect === null ? 'no size' : `${points(sensitivity.smallestEffect)} points`} is found with a chance of 80 %.`,
    },
  ]
}

function examples(found: readonly ReportExample[]): Block[] {
  if (found.length === 0) return []
  return [
    { kind: 'heading', text: 'The same object and step, with and without' },
    ...found.flatMap(({ task, step, baseline, steered: other }): Block[] => [
      { kind: 'text', text: `${task}, step ${step}` },
      { kind: 'quote', who: 'without', text: `${baseline.completion}\n→ ${baseline.answer}` },
      { kind: 'quote', who: 'steered', text: `${other.completion}\n→ ${other.answer}` },
    ]),
  ]
}

function methods({ study, probe, vector, sweep }: StudyFacts): Block[] {
  const { switches } = study
  const published = Object.entries(switches)
    .filter(([, isCareful]) => !isCareful)
    .map(([name]) => switchWords[name as keyof typeof switches])
  return [
    { kind: 'heading', text: 'Method' },
    {
      kind: 'list',
      items: [
        ...(probe
          ? [
              'Probe: L2 logistic regression of “invalid” on the residual stream; folds of whole episodes; intervals by resampling episodes.',
            ]
          : []),
        ...(vector
          ? ['Vector: v = mean(x | valid) − mean(x | invalid), x the residual at the last prompt token.']
          : []),
        ...(sweep
          ? [
              'Steering: x′ = x + α·v at the last prompt token, in the first pass of a step. Conditions share objects and random numbers, so that episodes are pairs; intervals by a cluster bootstrap over episodes, p by swapping the arms of pairs, Holm over the doses.',
            ]
          : []),
      ],
    },
    ...(probe
      ? [{ kind: 'code', text: 'min over w, b:  ½(‖w‖² + b²) + C Σᵢ log(1 + exp(−yᵢ(w·xᵢ + b)))' } as const]
      : []),
    ...(published.length > 0
      ? [
          { kind: 'text', text: 'As published, with what a careful reader would do otherwise:' } as const,
          { kind: 'list', items: published } as const,
        ]
      : []),
  ]
}

/** What it means that a switch stands as published. */
const switchWords: Record<keyof StudyRecord['switches'], string> = {
  keepInstructions: 'After the first step the prompt holds the history alone; the instructions are gone.',
  wholeWordWins: 'The object’s name wins inside another word, too.',
  cleanHistory: 'The stop token’s text stands in the history.',
  probeBeforeAnswer:
    'The probe reads the mean over prompt and answer: what it is to foretell is in what it reads.',
  samePrompt: 'The vectors come from runs without the system prompt that is used when steering.',
  pooledVector: 'Each step has a vector of its own, from the few episodes that reach it.',
  controls: 'No random directions, shuffled labels or −α stand beside the doses.',
}

function reproduction({ study, run, command }: StudyFacts): Block[] {
  return [
    { kind: 'heading', text: 'Reproduction' },
    { kind: 'code', text: command },
    {
      kind: 'table',
      name: 'stages',
      caption: 'Stages of the study.',
      head: ['stage', 'status', 'result', 'id', 'seconds'],
      rows: study.stages.map(({ name, status, result, id, seconds }) => [
        name,
        status,
        result ?? '',
        id ?? '',
        seconds.toFixed(1),
      ]),
    },
    {
      kind: 'code',
      text: JSON.stringify({ plan: study.plan, switches: study.switches, manifest: run.manifest }, null, 1),
    },
  ]
}
