// innerview run: one prompt through a model, with its activations.
// Owns: a prompt in one of three forms, and the options around it. Not: running it (jobs/runPrompt.ts).
import { Command, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { ComputeDevice } from '../contract/devices.ts'
import { errors } from '../contract/errors.ts'
import type { ComputeDtype } from '../contract/models.ts'
import { chatMessage, collectSettings, samplingSettings, type ChatMessage } from '../contract/runs.ts'
import { defaultCache } from '../folders.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import { namesRuns, readInterventions } from '../jobs/interventions.ts'
import { runPrompt, type PromptInput, type PromptResult, type PromptRun } from '../jobs/runPrompt.ts'
import { parseSettings } from '../jobs/settings.ts'
import { runCommand, withEngine } from './context.ts'
import { modelPath } from './modelPath.ts'
import {
  decimal,
  deviceOption,
  dtypeOption,
  integer,
  integers,
  moreHooks,
  namingOptions,
  writableFile,
  type OptionNames,
} from './options.ts'

interface RunOptions {
  model: string
  prompt?: string
  ids?: number[]
  chat?: string
  maxNew: number
  maxNewTokens?: number
  greedy: boolean
  temperature: number
  topK: number
  topP: number
  seed: number
  capture: string[]
  logits: boolean
  out?: string
  intervene?: string
  dtype: ComputeDtype
  device: ComputeDevice
}

async function readChat(file: string): Promise<ChatMessage[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw errors.invalidInput({ field: '--chat', reason: cause.message })
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw errors.invalidInput({ field: '--chat', reason: `${file} is not JSON: ${(cause as Error).message}` })
  }
  // Either the bare list or a request as chat endpoints take it.
  const messages = Array.isArray(value) ? value : (value as { messages?: unknown } | null)?.messages
  return parseSettings(z.object({ '--chat': z.array(chatMessage).min(1) }), { '--chat': messages })['--chat']
}

/** One prompt is drawn from the same ranges as a run. */
const drawing = samplingSettings.omit({ stopTokens: true }).extend({ seed: collectSettings.shape.seed })
const optionNames: OptionNames = {
  temperature: '--temperature',
  topK: '--top-k',
  topP: '--top-p',
  maxNewTokens: '--max-new',
  seed: '--seed',
}

const drawingOf = ({ greedy, maxNew, ...options }: RunOptions): Promise<z.infer<typeof drawing>> =>
  namingOptions(optionNames, () =>
    parseSettings(drawing, {
      temperature: greedy ? 0 : options.temperature,
      topK: options.topK,
      topP: options.topP,
      maxNewTokens: options.maxNewTokens ?? maxNew,
      seed: options.seed,
    }),
  )

/** Larger ones would come round to small ones in 32 bits. */
const LARGEST_ID = 2 ** 31 - 1

async function promptOf(options: RunOptions): Promise<PromptInput> {
  const given = [options.prompt, options.ids, options.chat].filter((value) => value !== undefined)
  if (given.length !== 1)
    throw errors.invalidInput({ field: '--prompt', reason: 'give exactly one of --prompt, --ids and --chat' })
  if (options.prompt !== undefined) return { kind: 'text', text: options.prompt }
  if (options.ids !== undefined) {
    const wrong = options.ids.find((id) => id < 0 || id > LARGEST_ID)
    if (wrong !== undefined)
      throw errors.invalidInput({ field: '--ids', reason: `${wrong} is no token’s id` })
    return { kind: 'ids', ids: Int32Array.from(options.ids) }
  }
  return { kind: 'chat', messages: await readChat(options.chat!) }
}

export function promptCommand(resources: string): Command {
  return new Command('run')
    .description('run one prompt through a model and look inside')
    .requiredOption('--model <model>', 'path of a model, or id of one of the workspace')
    .option('--prompt <text>', 'plain text, no chat template')
    .option('--ids <ids>', 'token ids, comma-separated', integers)
    .option('--chat <file>', 'JSON file with a list of {role, content}')
    .option('--max-new <n>', 'tokens to generate', integer, 64)
    .addOption(new Option('--max-new-tokens <n>', 'as --max-new').argParser(integer).hideHelp())
    .option('--greedy', 'always the likeliest token', false)
    .option('--temperature <t>', '0 is greedy', decimal, 1)
    .option('--top-k <n>', '0 is off', integer, 0)
    .option('--top-p <p>', '1 is off', decimal, 1)
    .option('--seed <n>', 'seed of the sampling', integer, 0)
    .option(
      '--capture <hooks>',
      'hook points, comma-separated; *, {4,8} and {4..8} for several layers',
      moreHooks,
      [],
    )
    .option('--logits', 'logits of every position', false)
    .option('--out <file>', 'write logits and activations to a safetensors file')
    .addOption(dtypeOption())
    .addOption(deviceOption())
    .option('--intervene <file>', 'JSON file with interventions (docs/interventions.md)')
    .action((options: RunOptions, command: Command) =>
      runCommand(command, resources, async (context) => {
        const input = await promptOf(options)
        if ((options.capture.length > 0 || options.logits) && options.out === undefined)
          throw errors.invalidInput({ field: '--out', reason: 'needed with --capture and --logits' })
        const interventions =
          options.intervene === undefined ? [] : await readInterventions(options.intervene, '--intervene')
        const path = await modelPath(context, options.model)
        const run: Omit<PromptRun, 'readRun'> = {
          path,
          input,
          ...(await drawingOf(options)),
          hooks: options.capture,
          wantLogits: options.logits,
          out: options.out === undefined ? null : writableFile(options.out),
          cacheFolder: defaultCache(),
          dtype: options.dtype,
          device: options.device,
          interventions,
        }
        const play = (readRun: ReadRun | null): Promise<PromptResult> =>
          runPrompt({ ...run, readRun }, context.tell, context.signal)
        const result = namesRuns(interventions)
          ? await withEngine(context, 'read', (engine) => play(engine.readRun))
          : await play(null)
        if (run.out !== null) context.output.note(`Wrote ${result.tensors.length} tensors to ${run.out}`)
        context.output.result(result, () => result.completion)
      }),
    )
}
