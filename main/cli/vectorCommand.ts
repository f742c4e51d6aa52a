// innerview vector: a data set from runs, or two lists of prompts, or a probe; then the direction between.
// Owns: their options, progress, where the file goes. Not: making it (jobs/steering/) or the card (vectorText.ts).
import { InvalidArgumentError, Option, type Command as Commander } from 'commander'
import { Command } from 'commander'
import { readFile, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { errors } from '../contract/errors.ts'
import type { LabelRule } from '../contract/dataSets.ts'
import type { ComputeDtype } from '../contract/models.ts'
import type { SteeringPlace } from '../contract/sweeps.ts'
import { vectorFormat, vectorRecipe, type VectorExport, type VectorFormat } from '../contract/vectors.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine, type CommandContext } from './context.ts'
import {
  decimal,
  dtypeOption,
  integer,
  integers,
  namingOptions,
  writableFile,
  type OptionNames,
} from './options.ts'
import {
  addDataSetOptions,
  labelRule,
  probeOptionNames,
  recipeOf,
  type DataSetOptions,
} from './probeOptions.ts'
import { places } from './sweepOptions.ts'
import { vectorCard } from './vectorText.ts'

interface VectorOptions extends DataSetOptions {
  probe?: string
  model?: string
  positive?: string
  negative?: string
  form: 'chat' | 'text'
  dtype: ComputeDtype
  method: 'meanDifference' | 'whitened' | 'pairedComponent'
  each: { kind: string; size?: number }
  towards?: string
  away?: string
  least: number
  seed: number
  learn?: number
  components: number
  trainEpisodes: number
  heldOut: number
  longest: number
  where: SteeringPlace[]
  outcome: LabelRule
  wanted: 'down' | 'up'
  out?: string
}

const optionNames: OptionNames = {
  ...probeOptionNames,
  towards: '--towards',
  away: '--away',
  modelId: '--model',
  probeId: '--probe',
  pairs: '--positive',
  'settings.leastPerClass': '--least',
  budget: '--learn',
  components: '--components',
  trainEpisodes: '--train-episodes',
  heldOutEpisodes: '--held-out',
  longest: '--longest',
  outcome: '--outcome',
}

export function vectorCommand(resources: string): Command {
  const command = new Command('vector').description(
    'a steering vector between two classes of stored steps, or two lists of prompts',
  )
  addVectorOptions(addDataSetOptions(command))
  return command.action((options: VectorOptions, self: Commander) =>
    runCommand(self, resources, async (context) => {
      const place = options.out === undefined ? null : vectorPlace('--out', options.out)
      await withEngine(context, options.model === undefined ? 'change' : 'create', async (engine) => {
        const recipe = await namingOptions(optionNames, async () =>
          parseSettings(vectorRecipe, await recipeFrom(options, context, engine)),
        )
        const record = await namingOptions(optionNames, () =>
          engine.vectors.make(recipe, context.tell, context.signal),
        )
        if (place) await writeVector(engine.vectors.export(record.id, place.format), place.file)
        context.output.result(record, () => vectorCard(record))
      })
    }),
  )
}

function addVectorOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--method <method>',
        'mean-difference (CAA), whitened (LDA) or paired-component (PCA of differences)',
      )
        .argParser(method)
        .default('meanDifference', 'mean-difference'),
    )
    .addOption(
      new Option(
        '--each <scope>',
        'one vector for all steps, for each step, or for windows of N: pooled, step, N',
      )
        .argParser(each)
        .default({ kind: 'pooled' }, 'pooled'),
    )
    .option('--towards <class>', 'class that it points to (of invalid steps: valid)')
    .option('--away <class>', 'class that it points away from')
    .option('--least <n>', 'rows that either class must have', integer, 5)
    .option('--seed <n>', 'seed of halves and shuffles, or of the search', integer, 42)
    .option(
      '--learn <episodes>',
      'search for a direction instead, by playing so many episodes as in the run',
      integer,
    )
    .option(
      '--components <n>',
      'with --learn: principal components of the steps that are searched',
      integer,
      8,
    )
    .option('--train-episodes <n>', 'with --learn: episodes that each candidate plays', integer, 12)
    .option('--held-out <n>', 'with --learn: further episodes for the effect that is told', integer, 20)
    .option(
      '--longest <share>',
      'with --learn: longest vector, as a share of the usual residual',
      decimal,
      0.5,
    )
    .addOption(
      new Option('--where <place>', 'with --learn: which tokens are steered, as in sweep')
        .argParser(places)
        .default([{ kind: 'lastPrompt' }], 'last-prompt'),
    )
    .addOption(
      new Option('--outcome <rule>', 'with --learn: what is counted, as in sweep')
        .argParser(labelRule)
        .default({ kind: 'invalid' }, 'invalid'),
    )
    .addOption(
      new Option('--wanted <way>', 'with --learn: which way it shall move')
        .choices(['down', 'up'])
        .default('down'),
    )
    .option('--probe <probe>', 'the direction of a probe of the workspace instead')
    .option('--model <model>', 'with --positive and --negative: the model that reads them')
    .option('--positive <file>', 'prompts that it points to, one a line')
    .option('--negative <file>', 'prompts that it points away from; line i of both is a pair')
    .addOption(
      new Option('--form <form>', 'prompts as a user’s turn of a chat, or as plain text')
        .choices(['chat', 'text'])
        .default('chat'),
    )
    .addOption(dtypeOption())
    .option('--out <file>', 'write it to .safetensors, .npy or .gguf (for llama.cpp)')
}

async function recipeFrom(
  options: VectorOptions,
  { tell, signal, output }: CommandContext,
  engine: EngineService,
): Promise<object> {
  const { name, probe, model, positive, negative, towards, away } = options
  const settings = {
    kind: options.method,
    scope: options.each,
    leastPerClass: options.least,
    seed: options.seed,
  }
  if (options.learn !== undefined && options.run.length === 0)
    throw errors.usageWrong({
      reason: '--learn wants --run: whose steps span what is searched, and how episodes are played.',
    })
  const ways = [options.run.length > 0, probe !== undefined, model !== undefined].filter(Boolean)
  if (ways.length !== 1)
    throw errors.usageWrong({
      reason: 'Give one of --run (steps of runs), --probe, and --model with --positive and --negative.',
    })
  if (probe !== undefined) return { kind: 'probe', name, probeId: probe }
  if (model !== undefined) {
    if (positive === undefined || negative === undefined)
      throw errors.usageWrong({ reason: '--model wants --positive and --negative, a file of prompts each.' })
    const pairs = pairsOf(await promptsOf('--positive', positive), await promptsOf('--negative', negative))
    const { id, shape } = await engine.models.findOrAdd(model, tell, signal)
    const layers = Array.isArray(options.layers)
      ? options.layers
      : options.layers === 'all'
        ? Array.from({ length: shape.layers }, (_, layer) => layer)
        : [Math.floor(shape.layers / 2)]
    const { kind, leastPerClass, seed } = settings
    return {
      kind: 'prompts',
      name,
      modelId: id,
      computeDtype: options.dtype,
      pairs,
      form: options.form,
      layers,
      at: options.pooling[0] === 'meanPrompt' ? 'meanPrompt' : 'lastPrompt',
      settings: { kind, leastPerClass, seed },
    }
  }
  const dataSet = await engine.dataSets.create(recipeOf(options), tell, signal)
  output.note(
    `Data set ${dataSet.id}: ${dataSet.rows} steps, ${dataSet.classes.map((one, i) => `${dataSet.counts[i]} ${one}`).join(', ')}`,
  )
  if (options.learn === undefined)
    return { kind: 'contrast', name, dataSetId: dataSet.id, towards, away, settings }
  if (options.where.length !== 1)
    throw errors.usageWrong({ reason: 'With --learn give one place to --where.' })
  return {
    kind: 'learned',
    name,
    dataSetId: dataSet.id,
    components: options.components,
    longest: options.longest,
    place: options.where[0],
    outcome: options.outcome,
    wanted: options.wanted,
    trainEpisodes: options.trainEpisodes,
    heldOutEpisodes: options.heldOut,
    budget: options.learn,
    seed: options.seed,
  }
}

async function promptsOf(option: string, file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw errors.invalidInput({ field: option, reason: cause.message })
  })
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function pairsOf(positive: readonly string[], negative: readonly string[]): object[] {
  if (positive.length !== negative.length)
    throw errors.invalidInput({
      field: '--positive',
      reason: `it has ${positive.length} prompts and --negative ${negative.length}: line i of both is a pair`,
    })
  return positive.map((text, index) => ({ positive: text, negative: negative[index] }))
}

/** A file that can be written, and the format that its name asks for. @throws usage_wrong, file_unwritable */
export function vectorPlace(option: string, path: string): { file: string; format: VectorFormat } {
  const format = vectorFormat.safeParse(extname(path).slice(1))
  if (!format.success)
    throw errors.usageWrong({ reason: `${option} wants a file that ends in .safetensors, .npy or .gguf.` })
  return { file: writableFile(path), format: format.data }
}

export async function writeVector({ data }: VectorExport, file: string): Promise<void> {
  await writeFile(file, data).catch((error: Error) => {
    throw errors.fileUnwritable({ path: file, reason: error.message }, error)
  })
}

function method(text: string): VectorOptions['method'] {
  const names = {
    'mean-difference': 'meanDifference',
    caa: 'meanDifference',
    whitened: 'whitened',
    'paired-component': 'pairedComponent',
  } as const
  if (!Object.hasOwn(names, text))
    throw new InvalidArgumentError('Expected mean-difference, whitened or paired-component.')
  return names[text as keyof typeof names] // asked for in the line before
}

function each(text: string): VectorOptions['each'] {
  if (text === 'pooled') return { kind: 'pooled' }
  if (text === 'step') return { kind: 'perStep' }
  const [size] = integers(text)
  if (!(size >= 1)) throw new InvalidArgumentError('Expected pooled, step or a number of steps.')
  return { kind: 'windows', size }
}
