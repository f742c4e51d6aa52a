// The options of `collect` as a run's settings.
// Owns: their defaults and words, and which option a setting comes from. Not: the ranges (contract/) or starting the run.
import { Option, type Command } from 'commander'
import { readFile } from 'node:fs/promises'
import type { ComputeDevice } from '../contract/devices.ts'
import { errors } from '../contract/errors.ts'
import type { ComputeDtype } from '../contract/models.ts'
import { collectSettings, type CollectSettings } from '../contract/runs.ts'
import { readInterventions } from '../jobs/interventions.ts'
import { residualHooks, type LayerChoice } from '../jobs/layers.ts'
import { parseSettings } from '../jobs/settings.ts'
import {
  decimal,
  deviceOption,
  dtypeOption,
  integer,
  layerChoice,
  words,
  type OptionNames,
} from './options.ts'

export interface CollectOptions {
  model: string
  name: string
  environment: 'twenty_questions' | 'number_hunt'
  episodes: number
  oracle: 'kb' | 'openai' | 'human'
  strictness: 'lenient' | 'strict'
  oracleUrl?: string
  oracleModel?: string
  oracleTimeout?: number
  oracleRetries?: number
  seed: number
  layers: LayerChoice
  hooks: string[]
  capture: 'decision' | 'all'
  captureDtype: 'float32' | 'float16'
  dtype: ComputeDtype
  device: ComputeDevice
  temperature: number
  topK: number
  topP: number
  maxNewTokens: number
  maxNew?: number
  maxSteps?: number
  upTo?: number
  stop: string[]
  intervene?: string
  system: string
  select: string
  protocol: 'history-only' | 'keep-instructions'
  winRule: 'whole-word' | 'substring'
  stopTokenInHistory: boolean
  objects: string
  batch: number
  estimate: boolean
}

/** Where each setting comes from, for messages. */
export const collectOptionNames: OptionNames = {
  name: '--name',
  episodes: '--episodes',
  seed: '--seed',
  batch: '--batch',
  'sampling.temperature': '--temperature',
  'sampling.topK': '--top-k',
  'sampling.topP': '--top-p',
  'sampling.maxNewTokens': '--max-new-tokens',
  'sampling.stopTokens': '--stop',
  'capture.hooks': '--hooks',
  'environment.maxSteps': '--max-steps',
  'environment.upTo': '--up-to',
  'environment.objects': '--objects',
  'environment.selection': '--select',
  'oracle.baseUrl': '--oracle-url',
  'oracle.model': '--oracle-model',
  'oracle.timeoutMs': '--oracle-timeout',
  'oracle.retries': '--oracle-retries',
}

export function addCollectOptions(command: Command): Command {
  const choice = (flags: string, description: string, values: string[]): Command =>
    command.addOption(new Option(flags, description).choices(values).default(values[0]))
  command
    .requiredOption('--model <model>', 'id of a model of the workspace, or a path (it is added)')
    .option('--name <text>', 'name of the run', '')
  choice('--environment <name>', 'what is played', ['twenty_questions', 'number_hunt'])
    .option('--episodes <n>', 'number of episodes', integer, 30)
    .option('--max-steps <n>', 'steps an episode may have', integer)
    .option('--seed <n>', 'seed of tasks and sampling', integer, 0)
    .option('--system <text>', 'system prompt', '')
    .option('--select <tasks>', 'tasks: :5, :0:10 or @2/8', '')
    .option('--objects <list>', 'archer, simple, or a text file with one object a line', 'archer')
    .option('--up-to <n>', 'number hunt: the largest number', integer)
  choice('--protocol <protocol>', 'what of the game a prompt repeats', ['history-only', 'keep-instructions'])
  choice('--win-rule <rule>', 'what counts as naming the object', ['whole-word', 'substring'])
  command.option('--stop-token-in-history', 'leave the stop token’s text in the history', false)
  choice('--oracle <kind>', 'who answers', ['kb', 'openai', 'human'])
  choice('--strictness <rule>', 'kb: lenient takes a question out of a longer message', ['lenient', 'strict'])
    .option('--oracle-url <url>', 'base address of an OpenAI-compatible endpoint')
    .option('--oracle-model <name>', 'model at that endpoint')
    .option('--oracle-timeout <ms>', 'how long to wait for it', integer)
    .option('--oracle-retries <n>', 'how often to ask again where it is busy or away', integer)
    .option('--temperature <t>', '0 is greedy', decimal, 1)
    .option('--top-k <n>', '0 is off', integer, 0)
    .option('--top-p <p>', '1 is off', decimal, 1)
    .option('--max-new-tokens <n>', 'tokens an answer may have', integer, 64)
    .addOption(new Option('--max-new <n>', 'as --max-new-tokens').argParser(integer).hideHelp())
    .option('--stop <tokens>', 'further tokens that end an answer, comma-separated', words, [])
    .option('--layers <layers>', 'hook_resid_post of: 0,15 or all, middle, none', layerChoice, 'middle')
    .option('--hooks <hooks>', 'further hook points to capture, comma-separated', words, [])
  choice('--capture <positions>', 'decision points, or all positions as well', ['decision', 'all'])
  return choice('--capture-dtype <dtype>', 'how they are stored', ['float32', 'float16'])
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .option('--intervene <file>', 'JSON file with interventions (docs/interventions.md)')
    .option('--batch <n>', 'episodes played at once; 0: as many as memory allows, at most 64', integer, 0)
    .option('--estimate', 'tell what the run would take, and do not start it', false)
}

/** @param layers  of the model   @throws invalid_input, layer_out_of_range */
export async function collectSettingsOf(
  options: CollectOptions,
  modelId: string,
  layers: number,
): Promise<CollectSettings> {
  const { temperature, topK, topP, stop: stopTokens } = options
  const maxNewTokens = options.maxNew ?? options.maxNewTokens
  const hooks = [...new Set([...residualHooks(options.layers, layers), ...options.hooks])]
  return parseSettings(collectSettings, {
    modelId,
    name: options.name,
    environment: await environmentOf(options),
    oracle: oracleOf(options),
    episodes: options.episodes,
    seed: options.seed,
    sampling: { temperature, topK, topP, maxNewTokens, stopTokens },
    capture: { hooks, positions: options.capture, dtype: options.captureDtype },
    computeDtype: options.dtype,
    device: options.device,
    interventions:
      options.intervene === undefined ? [] : await readInterventions(options.intervene, '--intervene'),
    batch: options.batch,
  })
}

async function environmentOf(options: CollectOptions): Promise<object> {
  const { environment: name, maxSteps, upTo, system: systemPrompt, select: selection } = options
  if (name === 'number_hunt') return { name, maxSteps, upTo, systemPrompt, selection }
  const { protocol, winRule, stopTokenInHistory } = options
  const objects = await objectList(options.objects)
  return { name, maxSteps, systemPrompt, selection, protocol, winRule, stopTokenInHistory, objects }
}

function oracleOf({ oracle: kind, strictness, ...options }: CollectOptions): object {
  if (kind === 'kb') return { kind, strictness }
  if (kind === 'human') return { kind }
  const { oracleUrl: baseUrl, oracleModel: model, oracleTimeout: timeoutMs, oracleRetries: retries } = options
  return { kind, baseUrl, model, timeoutMs, retries }
}

/** A list that ships, or a text file with one object a line. */
async function objectList(text: string): Promise<'archer' | 'simple' | string[]> {
  if (text === 'archer' || text === 'simple') return text
  const fault = (reason: string): Error => errors.invalidInput({ field: '--objects', reason })
  const content = await readFile(text, 'utf8').catch((cause: Error) => {
    throw fault(`neither archer, simple nor a readable file: ${cause.message}`)
  })
  const objects = content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (objects.length === 0) throw fault(`${text} names no object`)
  return objects
}
