// Invented models, runs, episodes and steps for component tests and screenshots. Never part of the build.
// Everything follows from a seed, so that a screenshot of today can be compared with one of tomorrow.
import type { EpisodeStep, EpisodeView } from '../../main/contract/api.ts'
import type {
  CheckResult,
  DtypeChoice,
  HookPointRecord,
  ModelCheck,
  ModelRecord,
} from '../../main/contract/models.ts'
import {
  collectSettings,
  type CollectInput,
  type EpisodeSummary,
  type RunRecord,
  type RunStatus,
  type StepRecord,
  type StepStatistics,
  type TokenView,
} from '../../main/contract/runs.ts'

/** Mulberry32: small, seeded, good enough to invent with. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const hash = (text: string): number =>
  [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0, 2166136261)
const hex = (text: string, length: number): string => {
  const random = randomOf(hash(text))
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
}

export const inventedGround = {
  innerview: '0.1.0',
  onnxruntime: '1.30.0',
  device: 'cpu: AMD Ryzen 7 7840U with Radeon 780M Graphics',
}

/** Of the model of that name; it passed, and nothing has changed since. */
export const inventedCheck = (
  name = 'SmolLM2-135M-Instruct',
  change: Partial<ModelCheck> = {},
): ModelCheck => ({
  results: [
    result('files', 'every tensor of 30 layers × 576 is there, in its shape'),
    result('tokeniser', '4 texts return unchanged'),
    result('chat template', 'a user’s words reach the prompt'),
    result('finite logits', 'all 2359296 are numbers'),
    result('residual stream', 'resid_pre + attn_out + mlp_out = resid_post', 2.1e-7),
    result('batch', 'a row alone and beside others', 0),
  ],
  reference: null,
  checkedAt: '2026-01-09T15:00:00.000Z',
  ...contentOf(name),
  dtype: 'float32',
  ...inventedGround,
  ...change,
})

const result = (name: string, detail: string, largestError: number | null = null): CheckResult => ({
  name,
  passed: true,
  largestError,
  detail,
})

/** With transformers’ values beside the model. */
export function inventedComparison(name: string): ModelCheck {
  const alone = inventedCheck(name)
  const kinds = ['logits', 'hook_embed', 'blocks.*.attn.hook_pattern', 'blocks.*.mlp.hook_post']
  const compared = kinds.map((kind, i) =>
    result(`reference ${kind}`, 'largest error, relative to the largest value', 2.4e-6 / 4 ** (3 - i)),
  )
  const reference = { program: 'transformers 5.23.0', largestError: 2.4e-6, at: 'blocks.9.mlp.hook_post' }
  return { ...alone, results: [...alone.results, ...compared], reference }
}

const contentOf = (name: string) => ({
  hash: hex(name, 64),
  tokenizerHash: hex(`${name} tokenizer`, 64),
  configHash: hex(`${name} config`, 64),
})

export function inventModel(name: string, change: Partial<ModelRecord> = {}): ModelRecord {
  return {
    id: name.toLowerCase(),
    name,
    path: `/data/ada/models/${name}`,
    format: 'gguf',
    architecture: 'llama',
    shape: {
      layers: 30,
      residualWidth: 576,
      heads: 9,
      keyValueHeads: 3,
      headWidth: 64,
      mlpWidth: 1536,
      vocabulary: 49152,
      contextLength: 2048,
    },
    parameters: 134_515_008,
    dtype: 'Q4_1',
    sizeBytes: 98_566_144,
    ...contentOf(name),
    hasChatTemplate: true,
    memoryBytes: 1.31 * 2 ** 30,
    addedAt: '2026-01-09T14:00:00.000Z',
    notes: ['Weights are dequantised to float32 when loaded.'],
    check: null,
    otherChecks: [],
    ...change,
  }
}

/** What a model can be computed with: a GGUF's blocks are not rounded again, floats are no blocks. */
export function inventedDtypes({ format, dtype }: ModelRecord): DtypeChoice[] {
  const rounded = `its weights are rounded already, to ${dtype}; rounding them again would lose more`
  const isGguf = format === 'gguf'
  return [
    { dtype: 'float32', refusal: null, notes: [] },
    { dtype: 'int8', refusal: isGguf ? rounded : null, notes: [] },
    {
      dtype: 'int4',
      refusal: isGguf ? rounded : null,
      notes: isGguf
        ? []
        : ['Computed with as floats, not int4: model.layers.0.mlp.down_proj.weight (100 wide).'],
    },
    {
      dtype: 'gguf',
      refusal: isGguf ? null : `its weights are ${dtype}, not blocks of a GGUF file`,
      notes: [],
    },
  ]
}

/** A few of a Llama's. */
export function inventedHookPoints({ shape }: ModelRecord): HookPointRecord[] {
  const { layers, residualWidth, heads, headWidth } = shape
  const residual = (name: string): HookPointRecord => ({ name, axes: 'B S D', sizes: [residualWidth] })
  const block = (layer: number): HookPointRecord[] => [
    residual(`blocks.${layer}.hook_resid_pre`),
    { name: `blocks.${layer}.attn.hook_pattern`, axes: 'B H S T', sizes: [heads] },
    { name: `blocks.${layer}.attn.hook_z`, axes: 'B S H K', sizes: [heads, headWidth] },
    residual(`blocks.${layer}.hook_attn_out`),
    residual(`blocks.${layer}.hook_mlp_out`),
    residual(`blocks.${layer}.hook_resid_post`),
  ]
  const blocks = Array.from({ length: layers }, (_, layer) => block(layer)).flat()
  return [residual('hook_embed'), ...blocks, residual('ln_final.hook_normalized')]
}

export const inventedModels: ModelRecord[] = [
  inventModel('SmolLM2-135M-Instruct'),
  inventModel('Llama-3.2-1B-Instruct', {
    format: 'safetensors',
    shape: {
      layers: 16,
      residualWidth: 2048,
      heads: 32,
      keyValueHeads: 8,
      headWidth: 64,
      mlpWidth: 8192,
      vocabulary: 128256,
      contextLength: 131072,
    },
    parameters: 1_235_814_400,
    dtype: 'bfloat16',
    sizeBytes: 2_471_645_608,
    memoryBytes: 7.9 * 2 ** 30,
    addedAt: '2026-01-08T10:00:00.000Z',
    notes: ['bfloat16 weights are held as float32, so loading takes twice the file’s size for a moment.'],
  }),
]

export const inventedInterventions: NonNullable<CollectInput['interventions']> = [
  {
    kind: 'add',
    name: 'towards valid',
    hook: 'blocks.15.hook_resid_post',
    positions: 'lastPrompt',
    vector: { file: '/data/ada/vectors.safetensors', tensor: 'valid_minus_invalid' },
    alpha: 4,
  },
  {
    kind: 'projectOut',
    hook: 'blocks.{20..24}.hook_resid_post',
    positions: 'allPrompt',
    applyAtSteps: [0, 1, 2, 3, 4],
    vector: { run: 'baseline', episode: 0, step: 0, at: 'lastPrompt' },
    gate: { vector: { file: '/data/ada/probe.safetensors', tensor: 'weights' }, above: 1.5 },
  },
]

const objects =
  'Elephant,Trumpet,Banana,Helicopter,Violin,Screwdriver,Penguin,Canoe,Umbrella,Cactus,Guitar,Octopus,Toaster,Sweater,Bicycle,Diamond,Pumpkin,Scissors,Kangaroo,Lighthouse,Notebook,Tomato,Submarine,Chess set,Tulip'.split(
    ',',
  )
const questions = [
  'Is it alive?',
  'Is it bigger than a breadbox?',
  'Can you eat it?',
  'Is it made of metal?',
  'Does it have wheels?',
  'Would you find it in a kitchen?',
  'Is it used for making music?',
  'Can it fly?',
  'Is it an animal that lives in the water?',
]
const lapses = [
  'I’m thinking of an object that is used to make music.',
  'Yes, it is a mammal.\nQ: What color is it?\nA: Brown.',
  'A: No.',
  'Let me think step by step about what the object could be <b>here</b> & there.',
  'Sure! Here are some questions you could ask:\n1. Is it alive\n2. Is it heavy',
  'The object is a common household item that many people have.',
]

const hostileObjects = [
  '<img src=x onerror=alert(1)>',
  '\u202eabc\u2066evil\u2069',
  'e' + '\u0301'.repeat(60),
  'A'.repeat(400),
  '👩‍👩‍👧 🇺🇳 ❤️',
  '犬 · كلب · שלום',
]
const hostileCompletions = [
  '<script>alert(1)</script><b onclick="alert(2)">Is it alive?</b>',
  'Is it \u202edesrever\u202c or \u2067isolated\u2069?\u200b\u200d\ufeff\u00ad',
  'z' + '\u0334\u0335\u0336'.repeat(40) + ' over its neighbours?',
  'x'.repeat(600),
  '\t\ttabs\r\nand\u0000nul\u001b[31mred\u0007 \n\n\n lines',
  'كلب هل هو حي؟ שלום 犬は生きていますか 👩‍👩‍👧',
  '',
]

export function inventEpisode(run: RunRecord, episode: number): EpisodeSummary {
  const random = randomOf(drawsOf(run) + episode * 7919)
  const maxSteps = run.settings.environment.maxSteps
  const wins = random() < 0.08
  const steps = wins ? 3 + Math.floor(random() * (maxSteps - 3)) : maxSteps
  const badness = (0.55 + random() * 0.35) * (1 - 0.1 * doseOf(run))
  let verdicts = ''
  for (let step = 0; step < steps; step++) {
    if (wins && step === steps - 1) verdicts += 'w'
    else verdicts += random() < badness * (0.75 + step / maxSteps / 2) ? 'i' : 'v'
  }
  return {
    runId: run.id,
    episode,
    task: isHostile(run)
      ? hostileObjects[episode % hostileObjects.length]!
      : objects[Math.floor(randomOf(run.settings.seed * 331 + episode)() * objects.length)]!,
    outcome: wins ? 'win' : 'limit',
    steps,
    invalid: [...verdicts].filter((letter) => letter === 'i').length,
    verdicts,
    promptTokens: steps * 117 + (60 * steps * (steps - 1)) / 2,
    newTokens: Math.round(steps * (34 + random() * 14)),
    truncatedSteps: random() < 0.1 ? 2 : 0,
  }
}

/** Conditions of a sweep share their random numbers. */
const drawsOf = (run: RunRecord): number => hash(run.sweep?.id ?? run.id)
const doseOf = ({ settings }: RunRecord): number =>
  settings.interventions.reduce((sum, one) => sum + (one.kind === 'add' ? one.alpha : 0), 0)

/** Runs of this name hold what a malicious model or object list could write. */
const isHostile = (run: RunRecord): boolean => run.id.startsWith('hostile')

const settingsOf = (change: Partial<CollectInput> = {}): CollectInput => ({
  modelId: 'smollm2-135m-instruct',
  environment: { name: 'twenty_questions' },
  oracle: { kind: 'kb' },
  sampling: {},
  capture: { hooks: ['blocks.15.hook_resid_post'] },
  ...change,
})

export function inventRun(
  id: string,
  status: RunStatus,
  change: Partial<RunRecord> = {},
  input: Partial<CollectInput> = {},
): RunRecord {
  const settings = collectSettings.parse(settingsOf(input))
  const stepsAtMost = settings.episodes * settings.environment.maxSteps
  const share = {
    queued: 0,
    running: 0.42,
    paused: 0.3,
    interrupted: 0.55,
    cancelled: 0.2,
    failed: 0.61,
    done: 1,
  }[status]
  const episodesDone = Math.floor(settings.episodes * share)
  const run: RunRecord = {
    id,
    kind: 'collect',
    name: id,
    status,
    createdAt: '2026-01-10T09:00:00.000Z',
    startedAt: status === 'queued' ? null : '2026-01-10T09:00:02.000Z',
    endedAt: ['done', 'failed', 'cancelled'].includes(status) ? '2026-01-10T09:09:41.000Z' : null,
    settings,
    manifest: {
      innerview: '0.1.0',
      onnxruntime: '1.30.0',
      platform: 'linux x64',
      modelName: 'SmolLM2-135M-Instruct',
      modelHash: hex('SmolLM2-135M-Instruct', 64),
      configHash: hex('SmolLM2-135M-Instruct config', 64),
      tokenizerHash: hex('SmolLM2-135M-Instruct tokenizer', 64),
      chatTemplateHash: hex('template', 64),
      dtype: 'Q4_1',
      computeDtype: settings.computeDtype,
      device: 'cpu',
      oracle: 'knowledge base 1 (lenient)',
      environmentVersion: 'twenty_questions 1',
      interventions: settings.interventions.map(({ name = '', hook }) => ({
        name,
        hook: [hook].flat().join(', '),
        hash: hex(name, 64),
        sources: ['vector: /data/ada/vectors.safetensors valid_minus_invalid, 1 rows'],
      })),
      chooser: 'applyAtSteps',
    },
    progress: {
      episodesDone,
      episodes: settings.episodes,
      steps: 0,
      stepsAtMost,
      invalid: 0,
      wins: 0,
      promptTokens: 0,
      newTokens: 0,
      tokensPerSecond: status === 'running' ? 164.2 : null,
      secondsLeft: status === 'running' ? 323 : null,
      seconds: 579 * share,
      interventions: settings.interventions.map(({ gate }, index) => ({
        index,
        steps: Math.round(stepsAtMost * share),
        tokens: Math.round(stepsAtMost * share) * (index + 1),
        open: gate ? index : null,
      })),
    },
    error: null,
    ...change,
  }
  return { ...run, progress: { ...run.progress, ...tally(run, episodesDone) } }
}

/** Sums over the finished episodes. */
export function tally(run: RunRecord, episodesDone: number): Partial<RunRecord['progress']> {
  const sums = { episodesDone, steps: 0, invalid: 0, wins: 0, promptTokens: 0, newTokens: 0 }
  for (let episode = 0; episode < episodesDone; episode++) {
    const summary = inventEpisode(run, episode)
    sums.steps += summary.steps
    sums.invalid += summary.invalid
    sums.wins += summary.outcome === 'win' ? 1 : 0
    sums.promptTokens += summary.promptTokens
    sums.newTokens += summary.newTokens
  }
  return sums
}

const special = /(<\|im_start\|>|<\|im_end\|>)/
function tokensOf(text: string): TokenView[] {
  return text
    .split(special)
    .flatMap((part) =>
      special.test(part) ? [part] : (part.match(/\n| ?[A-Za-z’]+| ?[^\sA-Za-z]|\s+/gu) ?? []),
    )
    .map((piece) => ({ id: hash(piece) % 49152, text: piece, isSpecial: special.test(piece) }))
}

export function inventEpisodeView(run: RunRecord, summary: EpisodeSummary): EpisodeView {
  const random = randomOf(drawsOf(run) + summary.episode * 104729)
  const system = run.settings.environment.systemPrompt
  const steps: EpisodeStep[] = []
  const seen = new Map<number, TokenView>()
  let history = ''
  let previous: TokenView[] = []
  for (let step = 0; step < summary.steps; step++) {
    const letter = summary.verdicts[step]!
    const isInvalid = letter === 'i'
    const isWin = letter === 'w'
    const pool = isHostile(run) ? hostileCompletions : isInvalid ? lapses : questions
    const completion = isWin
      ? `Is it a ${summary.task.toLowerCase()}?`
      : pool[Math.floor(random() * pool.length)]!
    const answer = isWin
      ? 'Yes! You guessed correctly!'
      : isInvalid
        ? 'Invalid Question.'
        : random() < 0.5
          ? 'Yes.'
          : 'No.'
    const user =
      history ||
      'Let’s play Twenty Questions! I’m thinking of an object. You have 20 questions to guess what it is. Ask yes/no questions to narrow down the possibilities.'
    const promptText = `${system ? `<|im_start|>system\n${system}<|im_end|>\n` : ''}<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`
    const promptTokens = tokensOf(promptText)
    const completionTokens = tokensOf(`${completion}<|im_end|>`)
    const differs = promptTokens.findIndex((token, i) => token.text !== previous[i]?.text)
    const count = completionTokens.length
    const logProbabilities = Float32Array.from({ length: count }, () => -(random() ** 3) * 5 - 0.001)
    const record: StepRecord = {
      runId: run.id,
      episode: summary.episode,
      step,
      messages: [
        ...(system ? [{ role: 'system' as const, content: system }] : []),
        { role: 'user' as const, content: user },
      ],
      promptIds: Int32Array.from(promptTokens, (token) => token.id),
      completionIds: Int32Array.from(completionTokens, (token) => token.id),
      logProbabilities,
      ranks: Int32Array.from(logProbabilities, (value) => Math.floor(-value * 2)),
      entropies: Float32Array.from({ length: count }, () => random() * 4),
      topIds: Int32Array.from({ length: count * 5 }, (_, i) =>
        i % 5 === 0 ? completionTokens[Math.floor(i / 5)]!.id : 49_152 + (i % 4),
      ),
      topLogProbabilities: Float32Array.from(
        { length: count * 5 },
        (_, i) => logProbabilities[Math.floor(i / 5)]! - (i % 5) * 0.9,
      ),
      completion,
      finish: random() < 0.9 ? 'stop' : 'length',
      answer,
      isInvalid,
      isWin,
      reward: isWin ? 0 : -1,
      labels: {
        hasQuestionMark: completion.includes('?'),
        words: completion.split(' ').length,
        repeatsEarlier: false,
      },
      confidence: isInvalid ? null : 0.6 + random() * 0.4,
      reason: isInvalid ? 'no yes/no question found' : `understood “${completion}”`,
      droppedTurns: step > 16 && summary.truncatedSteps > 0 ? 2 : 0,
      reusedTokens: Math.max(0, differs),
      prefillMs: 40 + random() * 60,
      decodeMs: 300 + random() * 500,
      oracleMs: random() * 2,
      capturedHooks: run.settings.capture.hooks,
      interventions: run.settings.interventions.flatMap(({ applyAtSteps, gate }, index) =>
        applyAtSteps && !applyAtSteps.includes(step)
          ? []
          : [{ index, tokens: index + 1, open: gate ? step % 2 : null }],
      ),
    }
    record.topIds.forEach((id, i) => {
      if (i % 5) seen.set(id, { id, text: [' the', ' a', 'Is', ' not'][i % 4]!, isSpecial: false })
    })
    for (const token of [...promptTokens, ...completionTokens]) seen.set(token.id, token)
    steps.push({ record, sharedWithPrevious: differs < 0 ? previous.length : differs })
    previous = promptTokens
    history += `${history ? '\n' : ''}Q${step + 1}: ${completion}\nA: ${answer}`
  }
  const tokens = [...seen.values()]
  return {
    summary,
    steps,
    texts: {
      ids: tokens.map((token) => token.id),
      texts: tokens.map((token) => token.text),
      specialIds: tokens.filter((token) => token.isSpecial).map((token) => token.id),
      leading: [],
    },
  }
}

export function inventStatistics(run: RunRecord, episodes: number): StepStatistics {
  const steps = run.settings.environment.maxSteps
  const n = Array<number>(steps).fill(0)
  const invalid = Array<number>(steps).fill(0)
  for (let episode = 0; episode < episodes; episode++) {
    const { verdicts } = inventEpisode(run, episode)
    for (let step = 0; step < verdicts.length; step++) {
      n[step]!++
      if (verdicts[step] === 'i') invalid[step]!++
    }
  }
  const wilson = (sign: number) =>
    n.map((count, i) => {
      if (count === 0) return 0
      const [z, rate] = [1.96, invalid[i]! / count]
      const half = z * Math.sqrt((rate * (1 - rate)) / count + (z * z) / (4 * count * count))
      return (rate + (z * z) / (2 * count) + sign * half) / (1 + (z * z) / count)
    })
  return {
    step: n.map((_, i) => i),
    n,
    invalid,
    invalidLow: wilson(-1),
    invalidHigh: wilson(1),
    meanPromptTokens: n.map((_, i) => 117 + 48 * i),
    meanNewTokens: n.map((_, i) => 38 + 5 * Math.sin(i)),
    meanReusedTokens: n.map((_, i) => (i ? 117 + 48 * (i - 1) : 0)),
  }
}
