// Invented vectors, sweeps and verdicts for component tests and screenshots. Never part of the build.
// Figures follow from invented rates, so that they agree with each other as real ones do.
import { contrastSettings, type ContrastDocument, type VectorReport } from '../../main/contract/contrasts.ts'
import type { DataSetRecord } from '../../main/contract/dataSets.ts'
import type { Estimate } from '../../main/contract/estimates.ts'
import type { RunRecord, RunStatus } from '../../main/contract/runs.ts'
import {
  verdictSettings,
  type ConditionVerdict,
  type VerdictColour,
  type VerdictDocument,
} from '../../main/contract/steering.ts'
import { sweepSettings, type SweepInput, type SweepRecord } from '../../main/contract/sweeps.ts'
import type { SweepTables } from '../../main/contract/sweepTables.ts'
import { vectorRecipe, type VectorRecord } from '../../main/contract/vectors.ts'
import { inventRun, randomOf } from './invented.ts'

const around = (value: number, half: number): Estimate => ({ value, low: value - half, high: value + half })

interface ReportWish {
  step: number
  lastStep?: number
  away: number
  towards: number
  episodes: number
  /** How much signal there is beside the noise; 0 for none. */
  strength: number
}

function inventReport({
  step,
  lastStep = step,
  away,
  towards,
  episodes,
  strength,
}: ReportWish): VectorReport {
  const random = randomOf(97 + step * 31 + Math.round(strength * 1000))
  const rows = away + towards
  const noise = 140 / Math.sqrt(Math.max(1, Math.min(away, towards)))
  if (Math.min(away, towards) < 5 || step === 0)
    return {
      ...{ firstStep: step, lastStep, away, towards, episodes, norm: null, normFraction: null },
      ...{ dPrime: null, heldOutDPrime: null, shuffled: null, stability: null },
      flags: [
        step === 0
          ? {
              kind: 'zero',
              isRefusal: true,
              text: 'All prompts are the same here: there is nothing between the classes.',
            }
          : {
              kind: 'fewSamples',
              isRefusal: true,
              text: `One class has ${Math.min(away, towards)} rows; at least 5 are needed.`,
            },
      ],
    }
  const norm = Math.hypot(strength * 70, noise) * (0.9 + random() * 0.2)
  const c = (noise / Math.max(1, strength * 70)) ** 2 * episodes
  const halves = [5, 10, 15, 20, 25].filter((k) => 2 * k <= episodes)
  const needed = Math.round(9 * c)
  const isUnstable = needed > 4 * episodes
  return {
    ...{ firstStep: step, lastStep, away, towards, episodes, norm, normFraction: norm / 140 },
    dPrime: strength * 2.2 + 0.5 + random() * 0.3,
    heldOutDPrime: strength * 2 + (random() - 0.5) * 0.3,
    shuffled: { mean: noise, deviation: noise * 0.14, p: norm > noise * 1.25 ? 0.005 : 0.2 + random() * 0.4 },
    stability: {
      curve: halves.map((k) => {
        const cosine = 1 / (1 + c / k)
        const half = 0.5 * (1 - cosine) + 0.25 / k
        return {
          episodes: k,
          cosine,
          low: Math.max(-0.3, cosine - half),
          high: Math.min(0.995, cosine + half * 0.7),
        }
      }),
      reliability: 1 / (1 + c / episodes),
      episodesNeeded: isUnstable ? null : needed,
      episodesNeededLow: isUnstable ? null : Math.max(2, Math.round(needed * 0.6)),
      episodesNeededHigh: isUnstable ? null : Math.round(needed * 1.9),
    },
    flags: [
      ...(isUnstable
        ? [
            {
              kind: 'unstable',
              isRefusal: false,
              text: `Vectors from two halves of the episodes have a cosine of ${(1 / (1 + (2 * c) / episodes)).toFixed(2)}: another run would give another vector.`,
            },
          ]
        : []),
      ...(rows < 40
        ? [{ kind: 'fewRows', isRefusal: false, text: 'It is made from fewer than 40 rows.' }]
        : []),
    ],
  }
}

/** @param strength  0 for a vector of nothing but noise */
export function inventContrast(
  scope: 'pooled' | 'perStep',
  strength: number,
  episodes = 50,
): ContrastDocument {
  const settings = contrastSettings.parse({ scope: { kind: scope } })
  const vectors =
    scope === 'pooled'
      ? [inventReport({ step: 1, lastStep: 19, away: 637, towards: 321, episodes, strength })]
      : Array.from({ length: 20 }, (_, step) =>
          inventReport({
            step,
            away: Math.round(episodes * (0.5 + step * 0.024)),
            towards: Math.round(episodes * (0.5 - step * 0.024)),
            episodes,
            strength: strength * (0.7 + 0.3 * Math.sin(step / 3)),
          }),
        )
  const there = (i: number): boolean => vectors[i]?.norm !== null && vectors[i] !== undefined
  const cosine = (a: number, b: number): number | null =>
    !there(a) || !there(b)
      ? null
      : a === b
        ? 1
        : (0.15 + 0.75 * strength) * Math.exp(-Math.abs(a - b) / 9) - 0.08
  return {
    ...{ settings, width: 576, rows: 958, episodes, residualNorm: 140.2, sinkRows: 0, vectors },
    cosines: vectors.map((_, a) => vectors.map((__, b) => cosine(a, b))),
    path:
      vectors.length < 2
        ? null
        : {
            points: vectors.map((_, i) =>
              there(i) ? { x: 40 * Math.cos(i / 5) + i, y: 30 * Math.sin(i / 4) - i / 2 } : null,
            ),
            explained: [0.46, 0.21],
          },
  }
}

export function inventVector(
  id: string,
  dataSet: DataSetRecord,
  wish: { scope?: 'pooled' | 'perStep'; strength?: number } = {},
  change: Partial<VectorRecord> = {},
): VectorRecord {
  const { scope = 'pooled', strength = 0.9 } = wish
  const document = inventContrast(scope, strength)
  const recipe = vectorRecipe.options[0].parse({
    kind: 'contrast',
    dataSetId: dataSet.id,
    settings: { scope: { kind: scope } },
  })
  const rows = document.vectors.flatMap(({ norm, firstStep, lastStep }) =>
    norm === null
      ? []
      : [
          {
            hook: 'blocks.15.hook_resid_post',
            steps: scope === 'pooled' ? null : ([firstStep, lastStep] satisfies [number, number]),
            norm,
          },
        ],
  )
  return {
    ...{ id, name: `invalid → valid, ${dataSet.name}`, createdAt: '2026-01-11T09:00:00.000Z' },
    origin: {
      ...{ kind: 'contrast', recipe, dataSetHash: dataSet.hash, dataSetRecipe: dataSet.recipe },
      ...{ away: 'invalid', towards: 'valid' },
    },
    model: dataSet.models[0] ?? null,
    ...{ computeDtype: 'float32', width: 576, rows, hash: '4c'.repeat(32), hasShuffled: true },
    flags: document.vectors.flatMap(({ flags, firstStep }) =>
      flags.slice(0, 1).map(({ text }) => (scope === 'pooled' ? text : `step ${firstStep}: ${text}`)),
    ),
    documents: [{ hook: 'blocks.15.hook_resid_post', document }],
    ...change,
  }
}

export const fileVector = (): VectorRecord => ({
  ...{ id: 'v9', name: 'honesty.gguf', createdAt: '2026-01-08T09:00:00.000Z' },
  origin: {
    ...{ kind: 'file', fileName: 'honesty.gguf', format: 'gguf', sha256: 'ab'.repeat(32) },
    metadata: { 'general.architecture': 'controlvector', 'controlvector.model_hint': 'llama' },
  },
  ...{ model: null, computeDtype: null, width: 2048, hash: '9d'.repeat(32), hasShuffled: false },
  rows: Array.from({ length: 6 }, (_, i) => ({
    ...{ hook: `blocks.${i + 4}.hook_resid_post`, steps: null, norm: 3.2 + i / 4 },
  })),
  ...{ flags: ['Which model it was made with is not known.'], documents: [] },
})

interface Effect {
  /** Of a dose of 1 on the rate. */
  slope: number
  /** Harm of a dose of 1, in tolerances. */
  harm: number
  /** Intervals' half-width. */
  half: number
}
const baselineRate = 0.69

function inventCondition(
  member: SweepRecord['conditions'][number],
  settings: SweepRecord['settings'],
  { slope, harm, half }: Effect,
): ConditionVerdict {
  const random = randomOf(member.id.length * 7919 + Math.round((member.alpha ?? 0) * 100))
  const { role, alpha } = member
  const size = Math.abs(alpha ?? 0)
  const noise = (random() - 0.5) * 0.03
  const moved =
    role === 'steered' || role === 'orthogonal'
      ? slope * size
      : role === 'negated'
        ? -slope * size * 0.6
        : role === 'prompt'
          ? -0.21
          : role === 'shuffled'
            ? slope * size * 0.25
            : 0
  const value = Math.max(-baselineRate, Math.min(1 - baselineRate, moved + noise))
  const effect = around(value, half)
  const isSteered = role === 'steered'
  const isClaim = isSteered && Math.abs(value) > 1.2 * half
  const colour: VerdictColour = isClaim ? (value < 0 ? 'green' : 'red') : 'amber'
  const sideEffects = verdictSettings.parse({}).sideEffects.map((one, i) => {
    const times = (harm * size * (0.4 + ((i * 37) % 5) / 5)) as number
    const tolerance = one.isToleranceShare ? 8 : one.tolerance
    const isRatio = one.scale === 'ratio'
    const sign = one.harm === 'down' ? -1 : 1
    const change = isRatio ? (1 + tolerance) ** times : sign * times * tolerance
    const isHarm = times > 1.3
    const judged: VerdictColour = isHarm ? 'red' : times > 0.5 ? 'amber' : 'green'
    return {
      ...{ name: one.name, title: one.title, baseline: isRatio ? 4.2 : 0.4, tolerance, notFinite: 0 },
      steered: isRatio ? 4.2 * change : 0.4 + change,
      effect: isRatio
        ? { value: change, low: change * 0.9, high: change * 1.12 }
        : around(change, tolerance * 0.45),
      colour: judged,
      sentence: `${one.title}: ${isHarm ? 'changed for the worse' : 'no change that matters'}.`,
    }
  })
  return {
    ...{ id: member.id, title: member.title, role, cell: member.cell, alpha },
    ...{ pairs: settings.episodes, unpaired: 0, steps: settings.episodes * 20 },
    ...{ rate: baselineRate + value, effect, p: Math.max(0.0001, 0.6 - Math.abs(value) * 4) },
    holm: isSteered ? Math.max(0.0004, 0.9 - Math.abs(value) * 5) : null,
    random: isSteered
      ? {
          directions: settings.controls.random,
          meanEffect: 0.004,
          advantage: around(value - 0.004, half),
          p: 0.01,
        }
      : null,
    wrongWay: { moved: 18, wrong: 3, share: 3 / 18, low: 0.06, high: 0.39 },
    sideEffects,
    ...{ lengthShare: null, isClaim, colour },
    sentence: `${member.title} changes the invalid rate by ${Math.round(value * 100)} points.`,
  }
}

function inventVerdict({ conditions, settings }: SweepRecord, effect: Effect): VerdictDocument {
  const verdicts = conditions
    .filter(({ role }) => role !== 'baseline')
    .map((condition) => inventCondition(condition, settings, effect))
  const steered = verdicts.filter(({ role }) => role === 'steered')
  const best = steered.toSorted((a, b) => Math.abs(b.effect.value ?? 0) - Math.abs(a.effect.value ?? 0))[0]
  const isClaim = best?.isClaim ?? false
  const has = (role: string): boolean => conditions.some((condition) => condition.role === role)
  const harmful = best?.sideEffects.some(({ colour }) => colour === 'red') ?? false
  const overall: VerdictColour = isClaim ? (harmful ? 'amber' : 'green') : 'red'
  const written = (value: number | null): string => String(Math.round(100 * (value ?? 0))).replace('-', '−')
  const moved = written(best?.effect.value ?? null)
  const range = `[${written(best?.effect.low ?? null)}, ${written(best?.effect.high ?? null)}]`
  const item = (kind: string, title: string, colour: VerdictColour, sentence: string) => ({
    ...{ kind, title, colour, sentence },
  })
  return {
    settings: verdictSettings.parse({ ...settings.verdict, metric: 'invalid rate' }),
    baseline: {
      id: 'baseline',
      episodes: settings.episodes,
      steps: settings.episodes * 20,
      rate: baselineRate,
    },
    conditions: verdicts,
    doseResponses: [],
    ...{ gates: [], missing: [] },
    sensitivity: {
      ...{ clusterCorrelation: 0.12, designEffect: 3.3, pairCorrelation: 0.31, smallestEffect: 0.14 },
    },
    items: [
      item(
        'effect',
        'Effect',
        isClaim ? 'green' : 'amber',
        `${best?.title ?? ''} changes the invalid rate by ${moved} points ${range}.`,
      ),
      item(
        'random',
        'Random directions',
        isClaim ? 'green' : 'red',
        isClaim
          ? 'Random directions change it by 0 points on average; the vector’s lead lies beyond their spread.'
          : 'Random directions do as well.',
      ),
      item(
        'shuffled',
        'Shuffled labels',
        has('shuffled') ? 'green' : 'grey',
        has('shuffled')
          ? 'A vector from shuffled labels changes it by a quarter of that.'
          : 'No vector of shuffled labels was tried.',
      ),
      item('negated', 'Opposite sign', has('negated') ? 'green' : 'grey', '−α changes it the other way.'),
      item('doseResponse', 'Dose and response', isClaim ? 'green' : 'amber', 'More with every dose.'),
      item(
        'wrongWay',
        'Moved the wrong way',
        'green',
        '3 of the 18 episodes that changed moved the wrong way (17 % [6, 39]).',
      ),
      item(
        'sideEffects',
        'Side effects',
        harmful ? 'red' : 'green',
        harmful
          ? 'Perplexity under the unsteered model: changed for the worse.'
          : 'None of what was measured changed in a way that matters.',
      ),
      item(
        'promptArm',
        'Just asking',
        has('prompt') ? 'amber' : 'grey',
        has('prompt')
          ? 'The words change it by −21 points: about as much.'
          : 'The instruction in words was not tried.',
      ),
      item(
        'stability',
        'Stability of the vector',
        isClaim ? 'green' : 'amber',
        'Two halves of the episodes give vectors with a cosine of 0.86 [0.71, 0.94].',
      ),
      item(
        'sensitivity',
        'What could be found',
        'amber',
        `With ${settings.episodes} pairs an effect of 14 points is found four times in five.`,
      ),
    ],
    overall: {
      colour: overall,
      sentence: isClaim
        ? `${best?.title ?? ''} moves the invalid rate by ${moved} points ${range} (69 % → ${Math.round(100 * (best?.rate ?? 0))} %); random directions 0 points${harmful ? '; in doubt because of: side effects' : ''}.`
        : `No effect that random directions do not have: ${best?.title ?? ''} moves the invalid rate by ${moved} points ${range}.`,
      conditionId: best?.id ?? null,
    },
  }
}

/** The conditions that settings name, one vector and one place. */
function inventMembers(
  sweep: string,
  settings: SweepRecord['settings'],
  layer = 15,
): SweepRecord['conditions'] {
  const { controls, alphas } = settings
  const plain = { runId: '', status: 'done' as RunStatus, episodesDone: 0, steps: 0, hits: 0 }
  const cells = settings.vectors.map((vector) => `${vector} · layer ${layer} · last prompt token`)
  const largest = Math.max(...alphas.map(Math.abs))
  const members: Omit<SweepRecord['conditions'][number], 'runId'>[] = [
    { ...plain, id: 'baseline', title: 'baseline', role: 'baseline', cell: '', alpha: null },
    ...cells.flatMap((cell) =>
      alphas.flatMap((alpha) => {
        const one = (role: ConditionVerdict['role'], words: string, sign = 1) => {
          const title = `α = ${sign * alpha}${words}`
          return { ...plain, id: `${cell} · ${title}`, title, role, cell, alpha: sign * alpha }
        }
        const isControlled = controls.at === 'every' || Math.abs(alpha) === largest
        return [
          one('steered', ''),
          ...(isControlled
            ? [
                ...Array.from({ length: controls.random }, (_, i) => one('random', `, random ${i + 1}`)),
                ...(controls.shuffled ? [one('shuffled', ', shuffled labels')] : []),
                ...(controls.negated ? [one('negated', ', negated', -1)] : []),
              ]
            : []),
        ]
      }),
    ),
    ...(controls.prompt
      ? [{ ...plain, id: 'prompt', title: 'told in words', role: 'prompt' as const, cell: '', alpha: null }]
      : []),
  ]
  return members.map((member, i) => ({ ...member, runId: `${sweep} ${i}` }))
}

export interface InventedSweep {
  record: SweepRecord
  runs: RunRecord[]
}

/** @param effect  what a dose of 1 does; null for a sweep that has not been judged */
export function inventSweep(
  id: string,
  input: Partial<SweepInput>,
  effect: Effect | null,
  change: { name?: string; status?: RunStatus | 'judging'; minutesAgo?: number } = {},
): InventedSweep {
  const { name = '', status = 'done', minutesAgo = 30 } = change
  const createdAt = new Date(Date.now() - minutesAgo * 60_000).toISOString()
  const settings = sweepSettings.parse({
    modelId: 'smollm2-135m-instruct',
    environment: { name: 'twenty_questions' },
    ...{ oracle: { kind: 'kb' }, sampling: {}, capture: {}, episodes: 20, vectors: ['v1'] },
    ...input,
  })
  const runStatus = status === 'judging' ? 'done' : status
  const members = inventMembers(id, settings)
  const runs = members.map((member): RunRecord => {
    const run = inventRun(
      member.runId,
      runStatus,
      { createdAt, name: member.id },
      { episodes: settings.episodes },
    )
    return { ...run, sweep: { id, title: member.title } }
  })
  const conditions = members.map((member, i) => {
    const { episodesDone, steps, invalid } = runs[i]?.progress ?? { episodesDone: 0, steps: 0, invalid: 0 }
    return { ...member, status: runStatus, episodesDone, steps, hits: invalid }
  })
  const record: SweepRecord = {
    ...{ id, name: name || `${settings.vectors.join(', ')} at ${settings.alphas.join(', ')}`, createdAt },
    ...{ settings, status, conditions, overall: null, error: null, verdict: null },
    isVerdictOutdated: false,
    progress: status === 'judging' ? { label: 'Scoring answers', fraction: 0.4 } : null,
  }
  const verdict = effect ? inventVerdict(record, effect) : null
  return { record: { ...record, verdict, overall: verdict?.overall ?? null }, runs }
}

export function inventTables({ conditions, verdict, settings }: SweepRecord): SweepTables {
  const doses = conditions.filter(({ role }) => role === 'baseline' || role === 'steered')
  const rates = doses.map(({ id }) => verdict?.conditions.find((one) => one.id === id)?.rate ?? baselineRate)
  const cellsOf = (steps: number, shift: number) =>
    rates.map((rate, i) => {
      const n = steps * settings.episodes
      const hits = Math.round(n * Math.max(0, Math.min(1, rate + shift * (1 + i / 10))))
      return { hits, steps: n, rate: hits / n }
    })
  const last = doses.at(-1)?.id ?? 'baseline'
  const example = (condition: string, episode: number, step: number, isInvalid: boolean) => ({
    ...{ condition, episode, step, isInvalid },
    completion: isInvalid ? 'Yes, it is a mammal.\nQ: What color is it?' : 'Is it bigger than a breadbox?',
  })
  return {
    conditions: doses.map(({ id }) => id),
    overall: cellsOf(20, 0).map((cell, i) => ({
      ...cell,
      episodes: settings.episodes,
      difference: i === 0 ? null : cell.rate - (rates[0] ?? 0),
    })),
    phases: [0, 5, 10, 15].map((firstStep, i) => ({
      ...{ name: `phase ${i + 1}`, firstStep, lastStep: firstStep + 4, cells: cellsOf(5, (i - 1.5) * 0.06) },
    })),
    steps: Array.from({ length: 20 }, (_, step) => ({ step, cells: cellsOf(1, (step - 10) * 0.01) })),
    questionMarks: cellsOf(10, -0.16),
    examples: {
      best: last,
      rescued: [0, 1, 2].flatMap((step) => [
        example('baseline', 4, step, true),
        example(last, 4, step, step === 0),
      ]),
      statements: [0, 1, 2].map((episode) => example('baseline', episode, 1, true)),
      questions: [0, 1, 2].map((episode) => example(last, episode, 1, false)),
      sameStep: doses.map(({ id }, i) => example(id, 0, 1, i === 0)),
      strongest: [0, 1].map((step) => example(last, 0, step, false)),
    },
  }
}
