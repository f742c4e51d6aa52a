// innerview collect, and the progress of a run that it shares with `runs resume`.
import { Command, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import { errors } from '../contract/errors.ts'
import { collectSettings, type CollectSettings, type RunProgress, type RunRecord } from '../contract/runs.ts'
import { parseSettings } from '../jobs/settings.ts'
import { residualHooks, type LayerChoice } from '../jobs/layers.ts'
import type { EngineService } from '../jobs/engineService.ts'
import { runCommand, withEngine, type CommandContext } from './context.ts'
import { answerInTerminal } from './humanOracle.ts'
import { decimal, integer, layerChoice, words } from './options.ts'
import { duration, percent } from './output.ts'

interface CollectOptions {
  model: string
  name: string
  environment: 'twenty_questions' | 'number_hunt'
  episodes: number
  oracle: 'kb' | 'openai' | 'human'
  strictness: 'lenient' | 'strict'
  oracleUrl?: string
  oracleModel?: string
  seed: number
  layers: LayerChoice
  capture: 'decision' | 'all'
  captureDtype: 'float32' | 'float16'
  temperature: number
  topK: number
  topP: number
  maxNewTokens: number
  maxSteps?: number
  stop: string[]
  system: string
  select: string
  protocol: 'history-only' | 'keep-instructions'
  winRule: 'whole-word' | 'substring'
  stopTokenInHistory: boolean
  objects: string
  batch: number
}

/** A list that ships, or a text file with one object a line. */
async function objectList(text: string): Promise<'archer' | 'simple' | string[]> {
  if (text === 'archer' || text === 'simple') return text
  const content = await readFile(text, 'utf8').catch((cause: Error) => {
    throw errors.invalidInput({
      field: '--objects',
      reason: `neither archer, simple nor a readable file: ${cause.message}`,
    })
  })
  return content
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

async function settingsOf(
  options: CollectOptions,
  modelId: string,
  layers: number,
): Promise<CollectSettings> {
  const { environment: name, maxSteps, system: systemPrompt, select: selection } = options
  const shared = { systemPrompt, selection, ...(maxSteps === undefined ? {} : { maxSteps }) }
  return parseSettings(collectSettings, {
    modelId,
    name: options.name,
    environment:
      name === 'number_hunt'
        ? { name, ...shared }
        : {
            name,
            ...shared,
            protocol: options.protocol,
            winRule: options.winRule,
            stopTokenInHistory: options.stopTokenInHistory,
            objects: await objectList(options.objects),
          },
    oracle:
      options.oracle === 'kb'
        ? { kind: 'kb', strictness: options.strictness }
        : options.oracle === 'human'
          ? { kind: 'human' }
          : {
              kind: 'openai',
              ...(options.oracleUrl ? { baseUrl: options.oracleUrl } : {}),
              ...(options.oracleModel ? { model: options.oracleModel } : {}),
            },
    episodes: options.episodes,
    seed: options.seed,
    sampling: {
      temperature: options.temperature,
      topK: options.topK,
      topP: options.topP,
      maxNewTokens: options.maxNewTokens,
      stopTokens: options.stop,
    },
    capture: {
      hooks: residualHooks(options.layers, layers),
      positions: options.capture,
      dtype: options.captureDtype,
    },
    batch: options.batch,
  })
}

export function collectCommand(resources: string): Command {
  return new Command('collect')
    .description('play episodes with a model and store every step with its activations')
    .requiredOption('--model <model>', 'id of a model of the workspace, or a path (it is added)')
    .option('--name <text>', 'name of the run', '')
    .addOption(
      new Option('--environment <name>')
        .choices(['twenty_questions', 'number_hunt'])
        .default('twenty_questions'),
    )
    .option('--episodes <n>', 'number of episodes', integer, 30)
    .addOption(new Option('--oracle <kind>', 'who answers').choices(['kb', 'openai', 'human']).default('kb'))
    .addOption(
      new Option('--strictness <rule>', 'knowledge base: is a question taken out of a longer message?')
        .choices(['lenient', 'strict'])
        .default('lenient'),
    )
    .option('--oracle-url <url>', 'base address of an OpenAI-compatible endpoint')
    .option('--oracle-model <name>', 'model at that endpoint')
    .option('--seed <n>', 'seed of tasks and sampling', integer, 0)
    .option(
      '--layers <layers>',
      'hook_resid_post to capture: 0,15 or all, middle, none',
      layerChoice,
      'middle',
    )
    .addOption(
      new Option('--capture <positions>', 'decision points or all positions')
        .choices(['decision', 'all'])
        .default('decision'),
    )
    .addOption(new Option('--capture-dtype <dtype>').choices(['float32', 'float16']).default('float32'))
    .option('--temperature <t>', '0 is greedy', decimal, 1)
    .option('--top-k <n>', '0 is off', integer, 0)
    .option('--top-p <p>', '1 is off', decimal, 1)
    .option('--max-new-tokens <n>', 'tokens an answer may have', integer, 64)
    .option('--max-steps <n>', 'steps an episode may have', integer)
    .option('--stop <tokens>', 'further tokens that end an answer, comma-separated', words, [])
    .option('--system <text>', 'system prompt', '')
    .option('--select <tasks>', 'tasks: :5, :0:10 or @2/8', '')
    .addOption(
      new Option('--protocol <protocol>')
        .choices(['history-only', 'keep-instructions'])
        .default('history-only'),
    )
    .addOption(new Option('--win-rule <rule>').choices(['whole-word', 'substring']).default('whole-word'))
    .option('--stop-token-in-history', 'leave the stop token’s text in the history, as upstream does', false)
    .option('--objects <list>', 'archer, simple, or a text file with one object a line', 'archer')
    .option('--batch <n>', 'episodes played at once', integer, 16)
    .action((_options: unknown, command: Command) =>
      runCommand(command, resources, async (context) => {
        const options = command.opts<CollectOptions>()
        await withEngine(context, 'write', async (engine) => {
          const model = await engine.models.findOrAdd(
            options.model,
            (p) => context.output.progress(`${p.label} ${(100 * p.fraction).toFixed(0)} %`),
            context.signal,
          )
          const settings = await settingsOf(options, model.id, model.shape.layers)
          await followRun(context, engine, await engine.runs.start(settings))
        })
      }),
    )
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

/** Shows a run's progress until it ends, answers for a person if asked to, pauses it on Ctrl-C, prints the result. */
export async function followRun(
  context: CommandContext,
  engine: EngineService,
  run: RunRecord,
): Promise<void> {
  const { output, signal } = context
  output.note(`Run ${run.id}: ${run.name}`)
  const watching = new AbortController()
  const watch = (async () => {
    for await (const event of engine.events(watching.signal))
      if (event.kind === 'run' && event.run.id === run.id && event.run.status === 'running')
        output.progress(progressLine(event.run.progress))
  })()
  if (run.settings.oracle.kind === 'human') answerInTerminal(engine, watching.signal, output)
  const pause = (): void => void engine.runs.pause(run.id)
  signal.addEventListener('abort', pause, { once: true })
  if (signal.aborted) pause()
  const ended = await engine.runs.ended(run.id)
  signal.removeEventListener('abort', pause)
  watching.abort()
  await watch
  const { progress: p } = ended
  if (ended.status === 'failed' && ended.error) {
    output.note(
      `Run ${ended.id} failed after ${p.steps} steps; resume it with: innerview runs resume ${ended.id}`,
    )
    output.failure(ended.error)
    process.exitCode = 1
    return
  }
  if (ended.status === 'paused') output.note(`Paused. Go on with: innerview runs resume ${ended.id}`)
  output.result(
    {
      runId: ended.id,
      status: ended.status,
      episodes: p.episodesDone,
      steps: p.steps,
      invalid: p.invalid,
      wins: p.wins,
      promptTokens: p.promptTokens,
      newTokens: p.newTokens,
      seconds: p.seconds,
    },
    () =>
      `Run ${ended.id} ${ended.status}: ${p.episodesDone} episodes, ${p.steps} steps, ${p.invalid} invalid (${percent(p.invalid, p.steps)}), ${p.wins} wins, ${duration(p.seconds)}`,
  )
}
