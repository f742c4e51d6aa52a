// The options of `sweep` as a sweep's settings, beside those that it shares with `collect`.
// Owns: their words and defaults. Not: the ranges (contract/), the shared ones (collectOptions.ts) or what is done with them.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { errors } from '../contract/errors.ts'
import type { ModelRecord } from '../contract/models.ts'
import {
  sweepChanges,
  sweepPresets,
  sweepSettings,
  usualInstruction,
  type SteeringPlace,
  type SweepChanges,
  type SweepSettings,
} from '../contract/sweeps.ts'
import { parseSettings } from '../jobs/settings.ts'
import {
  addCollectOptions,
  collectOptionNames,
  collectSettingsOf,
  type CollectOptions,
} from './collectOptions.ts'
import { decimal, integer, integers, words, type OptionNames } from './options.ts'
import { labelRule } from './probeOptions.ts'

export interface SweepOptions extends CollectOptions {
  vector: string[]
  preset?: keyof typeof sweepPresets
  alphas?: number[]
  unit: 'vector' | 'valueNorm'
  normMatched: boolean
  steerLayers?: number[]
  where?: SteeringPlace[]
  steps?: number[]
  gate?: Partial<NonNullable<SweepSettings['gate']>>
  controls?: ControlWords
  prompt: string
  outcome: SweepSettings['outcome']
  wanted: 'down' | 'up'
  worthwhile: number
  scoredSteps: number
}

interface ControlWords {
  random: number
  shuffled: boolean
  negated: boolean
  orthogonalTo: string[]
  at: 'every' | 'largest'
  /** A condition in the usual words. */
  prompt: boolean
}

export const sweepOptionNames: OptionNames = {
  ...collectOptionNames,
  vectors: '--vector',
  alphas: '--alphas',
  layers: '--steer-layers',
  places: '--where',
  steps: '--steps',
  gate: '--gate',
  controls: '--controls',
  outcome: '--outcome',
  'verdict.worthwhile': '--worthwhile',
  scoredSteps: '--scored-steps',
}

export function addSweepOptions(command: Command): Command {
  return addConditionOptions(addCollectOptions(command))
    .requiredOption('--vector <vectors>', 'vectors of the library, comma-separated', words)
    .addOption(
      new Option('--preset <preset>', 'episodes, doses and controls of a quick or a careful sweep').choices(
        Object.keys(sweepPresets),
      ),
    )
    .addOption(
      new Option('--unit <unit>', 'doses as factors of the vector, or of the residual’s own norm')
        .choices(['vector', 'value-norm'])
        .default('vector'),
    )
    .option('--norm-matched', 'bring the residual back to the norm it had', false)
    .option('--steps <steps>', 'only at these steps of the episode, comma-separated', integers)
    .option(
      '--prompt <text>',
      'the instruction in words, for a condition that is told instead of steered (--controls prompt has the usual words)',
      '',
    )
    .addOption(
      new Option('--outcome <rule>', 'what is counted: invalid, won, LABEL=VALUE, text:WORDS')
        .argParser(labelRule)
        .default({ kind: 'invalid' }, 'invalid'),
    )
    .addOption(
      new Option('--wanted <way>', 'which way it shall move').choices(['down', 'up']).default('down'),
    )
    .option('--worthwhile <share>', 'smallest change worth having', decimal, 0.1)
    .option(
      '--scored-steps <n>',
      'answers of an episode that are scored under the unsteered model',
      integer,
      4,
    )
}

/** Options that say which conditions there are, but the vectors. */
function addConditionOptions(command: Command): Command {
  return command
    .option('--alphas <doses>', 'doses, comma-separated (0.5,1,2,4)', decimals)
    .option('--steer-layers <layers>', 'layers to steer after (where the vectors were made)', integers)
    .addOption(
      new Option(
        '--where <places>',
        'last-prompt, every-prompt, every-generated, every, first:N, decay:N; several with commas (last-prompt)',
      ).argParser(places),
    )
    .addOption(
      new Option(
        '--gate <rule>',
        'a conditional arm too: v4>2.5, where the residual · v4 is above; probe:p1@.05, where the probe sounds its alarm',
      ).argParser(gate),
    )
    .addOption(
      new Option(
        '--controls <controls>',
        'random:N, shuffled, negated, orthogonal:VECTOR, prompt (told in words), largest (beside the largest dose only), none',
      ).argParser(controls),
    )
}

export type ExtendOptions = Partial<
  Pick<SweepOptions, 'vector' | 'alphas' | 'steerLayers' | 'where' | 'gate' | 'controls'>
>

/** Options of `sweeps extend`: what it has beside those that are there. */
export const addExtendOptions = (command: Command): Command =>
  addConditionOptions(command.option('--vector <vectors>', 'vectors of the library, comma-separated', words))

/** @param settings  of the sweep that is widened @throws invalid_input, usage_wrong */
export const sweepChangesOf = (
  { vector, alphas, steerLayers, where, gate, controls }: ExtendOptions,
  { outcome, verdict: { wanted } }: Pick<SweepSettings, 'outcome' | 'verdict'>,
): SweepChanges =>
  parseSettings(sweepChanges, {
    ...{ vectors: vector, alphas, layers: steerLayers, places: where, gate },
    controls: controls && {
      ...controls,
      prompt: instructionOf({ prompt: '', controls, outcome, wanted }),
      at: controls.at === 'largest' ? controls.at : undefined,
    },
  })

/** @throws invalid_input, layer_out_of_range, usage_wrong */
export async function sweepSettingsOf(
  options: SweepOptions,
  { id, shape }: Pick<ModelRecord, 'id' | 'shape'>,
  isGiven: (option: string) => boolean,
): Promise<SweepSettings> {
  if (options.intervene !== undefined)
    throw errors.usageWrong({ reason: 'A sweep makes its interventions itself; --intervene is for collect.' })
  const { interventions: _, ...shared } = await collectSettingsOf(options, id, shape.layers)
  const preset = options.preset && sweepPresets[options.preset]
  const { steerLayers: layers, gate: gated } = options
  return parseSettings(sweepSettings, {
    ...shared,
    ...(preset && !isGiven('episodes') && { episodes: preset.episodes }),
    vectors: options.vector,
    alphas: options.alphas ?? preset?.alphas,
    unit: (options.unit as string) === 'value-norm' ? 'valueNorm' : 'vector',
    normMatched: options.normMatched,
    places: options.where,
    ...(layers && { layers }),
    ...(options.steps && { steps: options.steps }),
    ...(gated && { gate: gated }),
    controls: { ...preset?.controls, ...options.controls, prompt: instructionOf(options) },
    outcome: options.outcome,
    verdict: { wanted: options.wanted, worthwhile: options.worthwhile },
    scoredSteps: options.scoredSteps,
  })
}

/** The usual words where nothing is said of controls. @throws usage_wrong where words are asked for and none are usual */
function instructionOf({
  prompt,
  controls: asked,
  outcome,
  wanted,
}: Pick<SweepOptions, 'prompt' | 'controls' | 'outcome' | 'wanted'>): string {
  if (prompt !== '' || asked?.prompt === false) return prompt
  const usual = usualInstruction(outcome, wanted)
  if (usual === null && !asked) return ''
  if (usual === null)
    throw errors.usageWrong({
      reason: '--controls prompt has words for fewer invalid questions only: give others with --prompt TEXT.',
    })
  return usual
}

const decimals = (text: string): number[] => words(text).map(decimal)

const expected = (what: string): InvalidArgumentError => new InvalidArgumentError(`Expected ${what}.`)

const plainPlaces = {
  'last-prompt': 'lastPrompt',
  'every-prompt': 'allPrompt',
  'every-generated': 'everyGenerated',
  every: 'all',
} as const

/** `last-prompt, first:5` → places. */
export function places(text: string): SteeringPlace[] {
  return words(text).map((word): SteeringPlace => {
    if (Object.hasOwn(plainPlaces, word)) return { kind: plainPlaces[word as keyof typeof plainPlaces] } // asked for
    const [, kind, number] = /^(first|decay):(\d+(?:\.\d+)?)$/.exec(word) ?? []
    if (kind === 'first') return { kind: 'firstGenerated', count: Number(number) }
    if (kind === 'decay') return { kind: 'decaying', halfLife: Number(number) }
    throw expected('last-prompt, every-prompt, every-generated, every, first:5 or decay:8')
  })
}

function gate(text: string): SweepOptions['gate'] {
  const [, probe, rate] = /^probe:(\w+)(?:@(\d*\.?\d+))?$/.exec(text) ?? []
  if (probe) return { probe: { id: probe, falsePositiveRate: rate === undefined ? 0.05 : Number(rate) } }
  const [, vector, sign, threshold] = /^(\w+)\s*([<>])\s*(-?\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (!vector) throw expected('a rule such as v4>2.5, v4<0 or probe:p1@.05')
  return sign === '>' ? { vector, above: Number(threshold) } : { vector, below: Number(threshold) }
}

function controls(text: string): ControlWords {
  const found: ControlWords = {
    random: 0,
    shuffled: false,
    negated: false,
    orthogonalTo: [],
    at: 'every',
    prompt: false,
  }
  for (const word of words(text)) {
    const [, kind, value] = /^(random|orthogonal):(\w+)$/.exec(word) ?? []
    if (kind === 'random') found.random = integer(value)
    else if (kind === 'orthogonal') found.orthogonalTo.push(value)
    else if (word === 'random') found.random = 5
    else if (word === 'shuffled' || word === 'negated' || word === 'prompt') found[word] = true
    else if (word === 'largest') found.at = 'largest'
    else if (word !== 'none')
      throw expected('random:5, shuffled, negated, orthogonal:v2, prompt, largest or none')
  }
  return found
}
