// The options of `probe` as a data set's recipe and a probe's settings.
// Owns: their words and defaults, and which option a setting comes from. Not: the ranges (contract/) or what is done with them.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { dataSetRecipe, pooling, type DataSetRecipe, type LabelRule } from '../contract/dataSets.ts'
import { probeSettings, type EstimatorSettings, type ProbeSettings } from '../contract/probes.ts'
import { parseSettings } from '../jobs/settings.ts'
import { decimal, integer, integers, words, type OptionNames } from './options.ts'

/** Which steps, with which labels and activations. */
export interface DataSetOptions {
  run: string[]
  name: string
  label: LabelRule
  hook: string
  layers: DataSetRecipe['layers']
  pooling: DataSetRecipe['poolings']
  lastK: number
  keepSink: boolean
  steps?: [number, number | null]
  tasks: string[]
  conditions: string[]
  truncated: DataSetRecipe['filter']['truncated']
  replay: boolean
}

export interface ProbeOptions extends DataSetOptions, FeatureOptions {
  scope: ProbeSettings['scope']
  laterRivals: boolean
  randomWeights: boolean
}

/** What foreign features take too. */
export interface FeatureOptions {
  split: SplitWord
  seed: number
  estimator: EstimatorSettings['kind']
  solver: 'liblinear' | 'lbfgs'
  c: number | 'nested'
  alpha: number
  tolerance: number
  maxIterations: number
  standardize: boolean
  classWeight: 'none' | 'balanced'
  permutations: number
  bootstraps: number
}

function moreRuns(text: string, before: readonly string[]): string[] {
  if (text.startsWith('-')) throw new InvalidArgumentError('Expected the id of a run, such as r1.')
  return [...before, ...words(text)]
}

/** A split without its seed, which has an option of its own. */
type SplitWord =
  | { kind: 'episode'; testShare: number }
  | { kind: 'grouped' | 'object'; folds: number }
  | { kind: 'category' }
  | { kind: 'transfer'; testRunIds: string[] }

export const probeOptionNames: OptionNames = {
  runIds: '--run',
  label: '--label',
  hook: '--hook',
  layers: '--layers',
  poolings: '--pooling',
  lastK: '--last-k',
  filter: '--steps',
  'split.seed': '--seed',
  split: '--split',
  seed: '--seed',
  name: '--name',
  'estimator.C': '--c',
  'estimator.tolerance': '--tolerance',
  'estimator.maxIterations': '--max-iterations',
  'estimator.alpha': '--alpha',
  permutations: '--permutations',
  bootstraps: '--bootstraps',
  classWeight: '--class-weight',
}

export function addProbeOptions(command: Command): Command {
  addDataSetOptions(command)
    .addOption(
      new Option('--scope <scope>', 'global, per-step, windows:N, step-by-step')
        .argParser(scope)
        .default({ kind: 'global' }, 'global'),
    )
    .option(
      '--later-rivals',
      'compare with rivals that read what was written after the probe’s moment',
      false,
    )
    .option(
      '--random-weights',
      'rival: the same model with its weights drawn anew, read over the same steps',
      false,
    )
  return addFeatureOptions(command)
}

/** Options that say which rows there are. */
export function addDataSetOptions(command: Command): Command {
  return command
    .option('--run <runs...>', 'runs whose steps are the rows', moreRuns, [])
    .option('--name <text>', 'name of data set and probe', '')
    .addOption(
      new Option(
        '--label <rule>',
        'invalid, won, LABEL=VALUE, classes:LABEL, text:WORDS, prompt-text:WORDS, hand:NAME',
      )
        .argParser(labelRule)
        .default({ kind: 'invalid' }, 'invalid'),
    )
    .option('--hook <name>', 'hook point, {layer} stands for the layer', 'blocks.{layer}.hook_resid_post')
    .addOption(
      new Option('--layers <layers>', 'captured, all, or a list such as 8,15')
        .argParser(layers)
        .default('captured'),
    )
    .addOption(
      new Option(
        '--pooling <poolings>',
        'last-prompt, mean-prompt, first-generated, mean-generated, mean, last, last-k; several with commas',
      )
        .argParser(poolings)
        .default(['lastPrompt'], 'last-prompt'),
    )
    .option('--last-k <k>', 'prompt tokens that last-k takes', integer, 5)
    .option('--keep-sink', 'let position 0 into means', false)
    .option('--steps <range>', 'only steps such as 2-9 or 5-', stepRange)
    .option('--tasks <tasks>', 'only these tasks, comma-separated', words, [])
    .option('--conditions <titles>', 'only runs of these conditions of a sweep, comma-separated', words, [])
    .addOption(
      new Option('--truncated <rule>', 'steps whose prompt lost its oldest turns')
        .choices(['keep', 'leave-out', 'only'])
        .default('keep'),
    )
    .option(
      '--replay',
      'compute what the runs did not store from their tokens, the rivals’ activations too, and keep it',
      false,
    )
}

/** Options that foreign features share. */
export function addFeatureOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--split <split>', 'groupedN, episode (80/20), objectN, category, transfer:RUNS')
        .argParser(split)
        .default({ kind: 'grouped', folds: 5 }, 'grouped5'),
    )
    .option('--seed <n>', 'seed of folds, resamples and permutations', integer, 42)
    .addOption(new Option('--estimator <kind>', 'what is trained').argParser(estimator).default('logistic'))
    .addOption(
      new Option('--solver <solver>', 'logistic: liblinear penalises the intercept, lbfgs does not')
        .choices(['liblinear', 'lbfgs'])
        .default('liblinear'),
    )
    .option('--c <value>', 'logistic: inverse penalty, or nested', inversePenalty, 1)
    .option('--alpha <value>', 'ridge: penalty', decimal, 1)
    .option('--tolerance <t>', 'logistic: where the solver stops', decimal, 1e-4)
    .option('--max-iterations <n>', 'logistic: at most so many', integer, 1000)
    .option('--standardize', 'scale features on the training rows', false)
    .addOption(
      new Option('--class-weight <weight>', 'weight of the classes')
        .choices(['none', 'balanced'])
        .default('none'),
    )
    .option('--permutations <n>', 'label permutations behind the control', integer, 100)
    .option('--bootstraps <n>', 'resamples of episodes behind each interval', integer, 1000)
}

/** @throws invalid_input */
export const recipeOf = (options: DataSetOptions): DataSetRecipe =>
  parseSettings(dataSetRecipe, {
    name: options.name,
    runIds: options.run,
    label: options.label,
    hook: options.hook,
    layers: options.layers,
    poolings: options.pooling,
    lastK: options.lastK,
    leaveOutSink: !options.keepSink,
    filter: {
      firstStep: options.steps?.[0] ?? 0,
      lastStep: options.steps?.[1] ?? null,
      tasks: options.tasks,
      conditions: options.conditions,
      truncated: (options.truncated as string) === 'leave-out' ? 'leaveOut' : options.truncated,
    },
    replayMissing: options.replay,
  })

/** @throws invalid_input */
export const probeSettingsOf = (options: ProbeOptions, dataSetId: string): ProbeSettings =>
  parseSettings(probeSettings, {
    dataSetId,
    name: options.name,
    scope: options.scope,
    laterRivals: options.laterRivals,
    costlyRivals: [
      ...(options.replay ? ['replayed'] : []),
      ...(options.randomWeights ? ['randomWeights'] : []),
    ],
    ...judgementOf(options),
  })

/** What is trained and how it is judged, whatever the features come from. */
export const judgementOf = (options: FeatureOptions) => ({
  estimator: estimatorOf(options),
  standardize: options.standardize,
  classWeight: options.classWeight,
  split: {
    ...options.split,
    ...('folds' in options.split || 'testShare' in options.split ? { seed: options.seed } : {}),
  },
  permutations: options.permutations,
  bootstraps: options.bootstraps,
  seed: options.seed,
})

function estimatorOf(options: FeatureOptions): object {
  const { estimator: kind, solver, c: C, alpha, tolerance, maxIterations } = options
  if (kind === 'logistic') return { kind, solver, C, tolerance, maxIterations }
  return kind === 'ridge' ? { kind, alpha } : { kind }
}

/** `last-prompt` → `lastPrompt`; words that are so already stay. */
const camelCase = (word: string): string =>
  word.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const expected = (what: string): InvalidArgumentError => new InvalidArgumentError(`Expected ${what}.`)

function poolings(text: string): DataSetRecipe['poolings'] {
  return words(text).map((word) => {
    const found = pooling.safeParse(camelCase(word))
    if (!found.success)
      throw expected('last-prompt, mean-prompt, first-generated, mean-generated, mean, last or last-k')
    return found.data
  })
}

function layers(text: string): DataSetRecipe['layers'] {
  return text === 'all' || text === 'captured' ? text : integers(text)
}

export function labelRule(text: string): LabelRule {
  if (text === 'invalid' || text === 'won') return { kind: text }
  const [, kind, rest] = /^(classes|hand|text|prompt-text):(.+)$/s.exec(text) ?? []
  if (kind === 'classes') return { kind, label: rest }
  if (kind === 'hand') return { kind, name: rest }
  if (kind)
    return { kind: 'text', of: kind === 'text' ? 'completion' : 'prompt', contains: rest, ignoreCase: true }
  const [, label, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (!label)
    throw expected('invalid, won, LABEL=VALUE, classes:LABEL, text:WORDS, prompt-text:WORDS or hand:NAME')
  return { kind: 'environment', label, equals: plainValue(value) }
}

const plainValue = (text: string): string | number | boolean =>
  text === 'true' || text === 'false'
    ? text === 'true'
    : text.trim() !== '' && Number.isFinite(Number(text))
      ? Number(text)
      : text

function stepRange(text: string): [number, number | null] {
  const [, first, dash, last] = /^(\d+)(-)?(\d+)?$/.exec(text) ?? []
  if (first === undefined) throw expected('a range of steps such as 2-9, 5- or 3')
  return [Number(first), dash === undefined ? Number(first) : last === undefined ? null : Number(last)]
}

function scope(text: string): ProbeSettings['scope'] {
  const [, kind, size] = /^(global|per-step|windows|step-by-step)(?::(\d+))?$/.exec(text) ?? []
  if (kind === 'windows' && size) return { kind, size: Number(size) }
  if (kind === 'global') return { kind }
  if (kind === 'per-step') return { kind: 'perStep' }
  if (kind === 'step-by-step') return { kind: 'stepByStep' }
  throw expected('global, per-step, windows:5 or step-by-step')
}

function split(text: string): SplitWord {
  if (text === 'episode') return { kind: 'episode', testShare: 0.2 }
  if (text === 'category') return { kind: 'category' }
  const [, kind, folds] = /^(grouped|object)(\d*)$/.exec(text) ?? []
  if (kind === 'grouped' || kind === 'object') return { kind, folds: folds === '' ? 5 : Number(folds) }
  if (text.startsWith('transfer:'))
    return { kind: 'transfer', testRunIds: words(text.slice('transfer:'.length)) }
  throw expected('grouped5, episode, object5, category or transfer:r2')
}

function estimator(text: string): EstimatorSettings['kind'] {
  const kinds = ['logistic', 'meanDifference', 'lda', 'ridge', 'mlp'] as const
  const found = kinds.find((kind) => kind === camelCase(text))
  if (!found) throw expected('logistic, mean-difference, lda, ridge or mlp')
  return found
}

const inversePenalty = (text: string): number | 'nested' => (text === 'nested' ? text : decimal(text))
