// An engine that only pretends, in the page, for component tests and screenshots. Never part of the build.
// It answers the whole contract from invented data, by the same port and the same encoding as the real one.
import { implement, ORPCError } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { contract, type EngineEvent, type PendingQuestion } from '../../main/contract/api.ts'
import type { SavedComparison } from '../../main/contract/comparison.ts'
import { AppError, errors } from '../../main/contract/errors.ts'
import type { ModelCheck, ModelRecord } from '../../main/contract/models.ts'
import { cloneMessages } from '../../main/contract/port.ts'
import type { EpisodeSummary, RunRecord, RunStatus } from '../../main/contract/runs.ts'
import type { Doors } from '../doors.ts'
import { inventComparison } from './fakeComparison.ts'
import { FakeDevices } from './fakeDevices.ts'
import { inventInspection } from './fakeInspection.ts'
import { inventPlay, inventPlayOf } from './fakePlayground.ts'
import { FakeProbes, inventLab, type FakeLab } from './fakeProbes.ts'
import { FakeStudies } from './fakeStudies.ts'
import { FakeSteering, inventSteering, type FakeSteeringLab } from './fakeSteering.ts'
import {
  inventEpisode,
  inventModel,
  inventRun,
  inventStatistics,
  inventedCheck,
  inventedComparison,
  inventedDtypes,
  inventedGround,
  inventedHookPoints,
  inventedInterventions,
  inventEpisodeView,
  inventedModels,
  tally,
} from './invented.ts'

export interface FakeWorld {
  models: ModelRecord[]
  runs: RunRecord[]
  questions: PendingQuestion[]
  /** Runs of status `running` go on. */
  isLive: boolean
  /** Data sets and probes; none unless they are given. */
  lab?: FakeLab
  /** Vectors and sweeps; none unless they are given. */
  steering?: FakeSteeringLab
}

const minute = 60_000
const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * minute).toISOString()

const failing = (check: ModelCheck): ModelCheck => ({
  ...check,
  results: check.results.map((one, i) => (i < 6 ? one : { ...one, passed: false, largestError: i / 7 })),
})

export const worlds: Record<string, () => FakeWorld> = {
  empty: () => ({ models: [], runs: [], questions: [], isLive: false }),
  little: () => ({
    models: inventedModels.slice(0, 1),
    runs: [inventRun('first look', 'done', { createdAt: at(4) }, { episodes: 3 })],
    questions: [],
    isLive: false,
  }),
  running: () => ({
    models: inventedModels,
    runs: [
      inventRun('layer 15, keep instructions', 'queued', { createdAt: at(1) }, { episodes: 50 }),
      inventRun('guesser prompt, T 0.7', 'running', { createdAt: at(6), startedAt: at(4) }, { episodes: 30 }),
      inventRun(
        'greedy, strict oracle',
        'paused',
        { createdAt: at(95) },
        { oracle: { kind: 'kb', strictness: 'strict' } },
      ),
      inventRun('upstream protocol', 'done', { createdAt: at(180) }, { episodes: 50 }),
      inventRun('against gpt-4o-mini', 'failed', {
        createdAt: at(60 * 20),
        error: errors
          .oracleUnreachable({
            baseUrl: 'http://127.0.0.1:11434/v1',
            reason: 'connection refused, 5 attempts',
          })
          .report(),
      }),
      inventRun('smoke test', 'cancelled', { createdAt: at(60 * 50) }, { episodes: 10 }),
    ],
    questions: [],
    isLive: true,
  }),
  /** A model of each standing. */
  checked: () => ({
    models: [
      inventModel('SmolLM2-135M-Instruct', { check: inventedComparison('SmolLM2-135M-Instruct') }),
      inventModel('Qwen3-0.6B', { check: inventedCheck('Qwen3-0.6B') }),
      inventModel('gemma-3-270m', { check: failing(inventedComparison('gemma-3-270m')) }),
      inventModel('pythia-160m', { check: inventedCheck('another', { innerview: '0.0.9' }) }),
      inventModel('gpt2'),
    ],
    runs: [],
    questions: [],
    isLive: false,
  }),
  /** Runs in which something was changed inside the model, and one in another dtype. */
  steered: () => ({
    models: [
      inventModel('Llama-3.2-1B-Instruct', {
        format: 'safetensors',
        dtype: 'bfloat16',
        check: inventedComparison('Llama-3.2-1B-Instruct'),
        otherChecks: [inventedCheck('Llama-3.2-1B-Instruct', { dtype: 'int8' })],
      }),
      ...inventedModels.slice(0, 1),
    ],
    runs: [
      inventRun('steered, α 4', 'done', { createdAt: at(5) }, { interventions: inventedInterventions }),
      inventRun('in eight bits', 'done', { createdAt: at(9) }, { computeDtype: 'int8' }),
      inventRun(
        'steered, in four bits, with a name that is longer than its row has room for',
        'running',
        { createdAt: at(2) },
        { computeDtype: 'int4', interventions: inventedInterventions },
      ),
      inventRun('baseline', 'done', { createdAt: at(30) }),
    ],
    questions: [],
    isLive: false,
  }),
  /** A run that does not play yet. */
  loading: () => ({
    models: inventedModels,
    runs: worlds.running!().runs.map((run) =>
      run.status === 'running'
        ? { ...run, progress: { ...run.progress, ...tally(run, 0), activity: 'Loading the model 40 %' } }
        : run,
    ),
    questions: [],
    isLive: false,
  }),
  much: () => ({
    models: [
      ...inventedModels,
      inventModel('TinyLlama-1.1B-Chat'),
      inventModel('Mistral-7B-Instruct-v0.3', {
        sizeBytes: 14.5e9,
        memoryBytes: 31 * 2 ** 30,
        parameters: 7.25e9,
      }),
    ],
    runs: [
      inventRun('ten thousand', 'done', { createdAt: at(30) }, { episodes: 10_000 }),
      ...Array.from({ length: 400 }, (_, i) =>
        inventRun(
          `sweep ${String(i).padStart(3, '0')} seed ${i % 7}`,
          (['done', 'done', 'failed', 'cancelled'] as const)[i % 4]!,
          { createdAt: at(60 + i * 13) },
          { episodes: 20, seed: i % 7 },
        ),
      ),
    ],
    questions: [],
    isLive: false,
  }),
  strange: () => ({
    models: inventedModels,
    runs: [
      inventRun('hostile text', 'done', { createdAt: at(20) }, { episodes: 12 }),
      inventRun(
        'two hundred steps',
        'done',
        { createdAt: at(30) },
        { episodes: 40, environment: { name: 'twenty_questions', maxSteps: 200 } },
      ),
      inventRun('nothing played', 'cancelled', { createdAt: at(40) }, { episodes: 2 }),
      inventRun('one episode', 'done', { createdAt: at(50) }, { episodes: 1 }),
      inventRun('a name without an end '.repeat(9).slice(0, 200), 'running', { createdAt: at(5) }),
      inventRun(
        'one step',
        'done',
        { createdAt: at(60) },
        { episodes: 1, environment: { name: 'twenty_questions', maxSteps: 1 } },
      ),
    ],
    questions: [],
    isLive: false,
  }),
  human: () => ({
    ...worlds.running!(),
    runs: worlds.running!().runs.map((run) =>
      run.status === 'running'
        ? { ...run, settings: { ...run.settings, oracle: { kind: 'human' as const } } }
        : run,
    ),
    questions: [0, 1, 2].map((i) => ({
      id: `q${i}`,
      runId: 'guesser prompt, T 0.7',
      episode: 12 + i,
      step: 4,
      task: ['Elephant', 'Trumpet', 'Canoe'][i]!,
      message: [
        'Is it an animal that lives in Africa?',
        'Sure! I think it could be\na musical instrument',
        'Can you <b>ride</b> on it?',
      ][i]!,
      history: [
        { question: 'Is it alive?', answer: i === 0 ? 'Yes.' : 'No.' },
        { question: 'What is it made of?', answer: 'Invalid Question.' },
      ],
    })),
  }),
}

/** A baseline and what was changed in it; one of other seeds, one that plays. */
worlds['compared'] = () => {
  const steered = (alpha: number) =>
    inventedInterventions
      .slice(0, 1)
      .map((one) => (one.kind === 'add' ? { ...one, alpha, vector: { vector: 'v1' } } : one))
  const condition = (alpha: number): RunRecord =>
    inventRun(
      `steered α ${alpha}`,
      'done',
      { createdAt: at(40 - alpha), sweep: { id: 's1', title: `α = ${alpha}` } },
      { interventions: steered(alpha) },
    )
  return {
    models: inventedModels,
    runs: [
      inventRun('baseline, still playing, seed 3', 'running', { createdAt: at(3) }, { seed: 3 }),
      condition(4),
      condition(2),
      condition(1),
      inventRun('baseline of s1', 'done', { createdAt: at(45), sweep: { id: 's1', title: 'baseline' } }),
      inventRun('temperature 0.2', 'done', { createdAt: at(70) }, { sampling: { temperature: 0.2 } }),
      inventRun('baseline', 'done', { createdAt: at(90) }),
    ],
    questions: [],
    isLive: true,
  }
}

/** Fifty runs of a thousand episodes. */
worlds['fifty'] = () => ({
  models: inventedModels,
  runs: Array.from({ length: 50 }, (_, i) =>
    inventRun(
      `run ${String(i).padStart(2, '0')} at temperature ${(i / 50).toFixed(2)}`,
      'done',
      { createdAt: at(60 + i * 13) },
      { episodes: 1000, sampling: { temperature: i / 50 } },
    ),
  ),
  questions: [],
  isLive: false,
})

/** A world with probes in it. */
worlds['probes'] = () => {
  const world = worlds['running']!()
  return { ...world, lab: inventLab(world.runs), isLive: false }
}

/** A world with vectors and sweeps, their conditions among the runs. */
worlds['steering'] = () => {
  const world = worlds['probes']!()
  const { lab, runs } = inventSteering(world.runs)
  const own = world.runs.map((run) =>
    run.status === 'running' || run.status === 'queued' ? { ...run, status: 'paused' as const } : run,
  )
  return { ...world, runs: [...own, ...runs], steering: lab }
}

const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()))
  })

/** Starts it; the doors lead to it. */
export function fakeEngine(world: FakeWorld): { doors: Doors; say: (event: EngineEvent) => void } {
  const streams = new Set<(event: EngineEvent) => void>()
  const devices = new FakeDevices()
  const say = (event: EngineEvent): void => streams.forEach((send) => send(event))
  const find = (id: string): RunRecord => {
    const run = world.runs.find((one) => one.id === id)
    if (!run) throw errors.notFound({ kind: 'run', id })
    return run
  }
  const put = (run: RunRecord): RunRecord => {
    world.runs = world.runs.map((one) => (one.id === run.id ? run : one))
    say({ kind: 'run', run })
    return run
  }
  const change = (status: RunStatus) => (id: string) =>
    put({
      ...find(id),
      status,
      error: null,
      progress: { ...find(id).progress, tokensPerSecond: null, secondsLeft: null },
    })
  const episodesOf = (run: RunRecord): EpisodeSummary[] =>
    Array.from({ length: run.progress.episodesDone }, (_, episode) => inventEpisode(run, episode))

  if (world.isLive)
    setInterval(() => {
      const run = world.runs.find((one) => one.status === 'running')
      if (!run) return
      const done = Math.min(run.settings.episodes, run.progress.episodesDone + 1)
      say({ kind: 'episode', episode: inventEpisode(run, done - 1) })
      const isDone = done === run.settings.episodes
      const progress = { ...run.progress, ...tally(run, done) }
      progress.secondsLeft = isDone ? null : (run.settings.episodes - done) * 19
      put({ ...run, progress, status: isDone ? 'done' : 'running', endedAt: isDone ? at(0) : null })
    }, 2500)

  const lab = new FakeProbes(world.lab ?? { dataSets: [], probes: [], handLabels: [] }, () => world.runs, say)
  const steering = new FakeSteering(
    world.steering ?? { vectors: [], sweeps: [] },
    () => world.runs,
    (runs) =>
      runs.forEach((run) => {
        world.runs = [run, ...world.runs.filter(({ id }) => id !== run.id)]
        say({ kind: 'run', run })
      }),
    say,
  )
  const absent = (kind: string, id: string): never => {
    throw errors.notFound({ kind, id })
  }
  async function* slowly<T>(label: string, make: () => T, signal?: AbortSignal) {
    for (let i = 0; i < 8 && !signal?.aborted; i++) {
      yield { label, fraction: i / 8 }
      await wait(40, signal)
    }
    return make()
  }

  let kept: SavedComparison[] = []
  const studies = new FakeStudies(() => at(0))
  const os = implement(contract).use(async ({ next }) => {
    try {
      return await next()
    } catch (error) {
      if (error instanceof AppError) throw new ORPCError('APP_ERROR', { data: error.report() })
      throw error
    }
  })
  const router = os.router({
    info: os.info.handler(() => ({
      version: inventedGround.innerview,
      node: '24.9.0',
      electron: null,
      onnxruntime: inventedGround.onnxruntime,
      device: inventedGround.device,
      transport: 'browser' as const,
      workspace: '/data/ada/innerview/twenty-questions',
      cores: 8,
      memoryBytes: 16 * 2 ** 30,
      freeMemoryBytes: 9.4 * 2 ** 30,
    })),
    events: os.events.handler(async function* ({ signal }) {
      const queue: EngineEvent[] = []
      let wake = (): void => {}
      const send = (event: EngineEvent): void => {
        queue.push(event)
        wake()
      }
      streams.add(send)
      try {
        while (!signal?.aborted) {
          while (queue.length) yield queue.shift()!
          await new Promise<void>((resolve) => {
            wake = resolve
            signal?.addEventListener('abort', () => resolve(), { once: true })
          })
        }
      } finally {
        streams.delete(send)
      }
    }),
    imports: {
      start: os.imports.start.handler(({ input, signal }) => {
        if (/missing/.test(input.path))
          throw errors.importUnreadable({ path: input.path, reason: 'there is nothing' })
        return slowly('Reading episode_0000.pt', () => world.runs.slice(0, 1), signal)
      }),
    },
    models: {
      list: os.models.list.handler(() => world.models),
      add: os.models.add.handler(async function* ({ input, signal }) {
        if (/missing/.test(input.path))
          throw new ORPCError('APP_ERROR', { data: errors.modelPathMissing({ path: input.path }).report() })
        for (let i = 0; i <= 40 && !signal?.aborted; i++) {
          yield { label: 'hashing model.gguf', fraction: i / 40 }
          await wait(80, signal)
        }
        const model = inventModel(
          input.path
            .split(/[\\/]/)
            .filter(Boolean)
            .at(-1)!
            .replace(/\.gguf$/, ''),
          { path: input.path, addedAt: at(0) },
        )
        world.models = [model, ...world.models.filter((one) => one.id !== model.id)]
        say({ kind: 'models' })
        return model
      }),
      remove: os.models.remove.handler(({ input }) => {
        world.models = world.models.filter((one) => one.id !== input.id)
        say({ kind: 'models' })
      }),
      check: os.models.check.handler(async function* ({ input, signal }) {
        for (let i = 0; i <= 20 && !signal?.aborted; i++) {
          yield {
            label: ['reading weights', 'running 3 prompts', 'comparing batches'][Math.floor(i / 7)]!,
            fraction: i / 20,
          }
          await wait(60, signal)
        }
        const model = world.models.find((one) => one.id === input.path)
        if (!model) throw errors.notFound({ kind: 'model', id: input.path })
        const check = inventedCheck(model.name, { checkedAt: at(0), dtype: input.dtype })
        world.models = world.models.map((one) => {
          if (one.id !== model.id) return one
          if (input.dtype === 'float32') return { ...one, check }
          const others = one.otherChecks.filter(({ dtype }) => dtype !== input.dtype)
          return { ...one, otherChecks: [...others, check] }
        })
        say({ kind: 'models' })
        return check
      }),
      devices: os.models.devices.handler(({ input }) => devices.choices(input.id, input.dtype)),
      checkDevice: os.models.checkDevice.handler(async function* ({ input, signal }) {
        for (let i = 0; i <= 20 && !signal?.aborted; i++) {
          yield { label: `Comparing ${input.device} with the processor`, fraction: i / 20 }
          await wait(60, signal)
        }
        return devices.check(input.path, input.dtype, input.device)
      }),
      dtypes: os.models.dtypes.handler(({ input }) => {
        const model = world.models.find((one) => one.id === input.id)
        if (!model) throw errors.notFound({ kind: 'model', id: input.id })
        return inventedDtypes(model)
      }),
      hookPoints: os.models.hookPoints.handler(({ input }) => {
        const model = world.models.find((one) => one.id === input.id)
        if (!model) throw errors.notFound({ kind: 'model', id: input.id })
        return inventedHookPoints(model)
      }),
    },
    runs: {
      list: os.runs.list.handler(() => world.runs),
      get: os.runs.get.handler(({ input }) => find(input.id)),
      estimate: os.runs.estimate.handler(async ({ input }) => {
        await wait(60)
        const steps = input.episodes * input.environment.maxSteps
        const batch = input.batch || Math.min(input.episodes, 64)
        const memoryBytes = (1.1 + batch * 0.03) * 2 ** 30
        const perStep =
          4_000 + input.capture.hooks.length * 576 * 4 * (input.capture.positions === 'all' ? 580 : 4)
        return {
          memoryBytes,
          freeMemoryBytes: 9.4 * 2 ** 30,
          diskBytes: steps * perStep,
          steps,
          batch,
          seconds: steps * 0.62,
          warnings: memoryBytes > 5 * 2 ** 30 ? ['More than half of the free memory would be used.'] : [],
        }
      }),
      start: os.runs.start.handler(({ input }) => {
        const busy = world.runs.some((run) => run.status === 'running')
        const id = input.name || `20q ${world.runs.length + 1}`
        const run = inventRun(id, busy ? 'queued' : 'running', { settings: input, createdAt: at(0) }, input)
        const fresh = { ...run, progress: { ...run.progress, ...tally(run, 0) } }
        world.runs = [fresh, ...world.runs]
        say({ kind: 'run', run: fresh })
        return fresh
      }),
      pause: os.runs.pause.handler(({ input }) => change('paused')(input.id)),
      resume: os.runs.resume.handler(({ input }) => change('running')(input.id)),
      cancel: os.runs.cancel.handler(({ input }) => change('cancelled')(input.id)),
      rename: os.runs.rename.handler(({ input }) => put({ ...find(input.id), name: input.name })),
      remove: os.runs.remove.handler(({ input }) => {
        if (find(input.id).status === 'running') throw errors.runBusy({ id: input.id, status: 'running' })
        world.runs = world.runs.filter((run) => run.id !== input.id)
        say({ kind: 'runRemoved', id: input.id })
      }),
      compare: os.runs.compare.handler(async ({ input }) => {
        await wait(60)
        return inventComparison(input.runIds.map(find))
      }),
      fork: os.runs.fork.handler(({ input }) => {
        const from = find(input.runId)
        const { episode, step } = input
        const id = input.name || `${from.name}, from step ${step}`
        const run = inventRun(id, 'running', { createdAt: at(0) }, { ...from.settings, ...input.changes })
        const copied = [
          { until: Math.max(1, step), seed: from.settings.seed, sampling: from.settings.sampling },
        ]
        const fork = { runId: from.id, name: from.name, episode, step, copied }
        const fresh = { ...run, manifest: { ...run.manifest, fork } }
        world.runs = [fresh, ...world.runs]
        say({ kind: 'run', run: fresh })
        return fresh
      }),
      statistics: os.runs.statistics.handler(({ input }) =>
        inventStatistics(find(input.id), find(input.id).progress.episodesDone),
      ),
    },
    episodes: {
      list: os.episodes.list.handler(({ input }) => {
        const rate = (one: EpisodeSummary): number => one.invalid / Math.max(1, one.steps)
        const value = (one: EpisodeSummary): number | string =>
          input.sort === 'invalidRate' ? rate(one) : one[input.sort]
        const rows = episodesOf(find(input.runId))
          .filter((one) => one.task.toLowerCase().includes(input.task.toLowerCase()))
          .filter((one) => !input.outcomes.length || input.outcomes.includes(one.outcome))
          .filter((one) => rate(one) >= input.minInvalidRate && rate(one) <= input.maxInvalidRate)
          .sort((a, b) => {
            const [x, y] = [value(a), value(b)]
            const order = typeof x === 'string' ? x.localeCompare(String(y)) : x - (y as number)
            return (input.descending ? -order : order) || a.episode - b.episode
          })
        return { total: rows.length, episodes: rows.slice(input.offset, input.offset + input.limit) }
      }),
      get: os.episodes.get.handler(({ input }) => {
        const run = find(input.runId)
        if (input.episode >= run.progress.episodesDone)
          throw errors.notFound({ kind: 'episode', id: String(input.episode) })
        return inventEpisodeView(run, inventEpisode(run, input.episode))
      }),
      inspect: os.episodes.inspect.handler(({ input, signal }) =>
        slowly('Asking the model without interventions', () => inventInspection(input, find), signal),
      ),
    },
    comparisons: {
      list: os.comparisons.list.handler(() => kept),
      save: os.comparisons.save.handler(({ input }) => {
        kept = [input, ...kept.filter(({ name }) => name !== input.name)]
        say({ kind: 'comparisons' })
      }),
      remove: os.comparisons.remove.handler(({ input }) => {
        kept = kept.filter(({ name }) => name !== input.name)
        say({ kind: 'comparisons' })
      }),
    },
    playground: {
      play: os.playground.play.handler(({ input, signal }) =>
        inventPlay(input, (ms) => wait(ms, signal), signal),
      ),
      fromStep: os.playground.fromStep.handler(
        ({ input }) =>
          inventPlayOf(find(input.runId), input.episode, input.step) ?? absent('step', String(input.step)),
      ),
    },
    dataSets: {
      list: os.dataSets.list.handler(() => lab.dataSets),
      get: os.dataSets.get.handler(({ input }) => lab.dataSet(input.id)),
      choices: os.dataSets.choices.handler(({ input }) => ({
        ...lab.choices(input.runIds),
        poolings: [...lab.choices(input.runIds).poolings],
      })),
      preview: os.dataSets.preview.handler(({ input }) => lab.preview(input)),
      create: os.dataSets.create.handler(({ input, signal }) =>
        slowly('gathering rows', () => lab.create(input), signal),
      ),
      rename: os.dataSets.rename.handler(({ input }) => lab.putDataSet(input.id, { name: input.name })),
      remove: os.dataSets.remove.handler(({ input }) => lab.removeDataSet(input.id)),
      handLabel: os.dataSets.handLabel.handler(({ input }) => lab.label(input)),
      handLabels: os.dataSets.handLabels.handler(({ input }) => lab.labels(input.runId, input.episode)),
    },
    probes: {
      list: os.probes.list.handler(() => lab.summaries),
      get: os.probes.get.handler(({ input }) => lab.probe(input.id)),
      train: os.probes.train.handler(({ input }) => lab.train(input)),
      cancel: os.probes.cancel.handler(({ input }) =>
        lab.put(input.id, { status: 'cancelled', progress: null }),
      ),
      resume: os.probes.resume.handler(({ input }) => lab.resume(input.id)),
      rename: os.probes.rename.handler(({ input }) => lab.put(input.id, { name: input.name })),
      remove: os.probes.remove.handler(({ input }) => lab.remove(input.id)),
      readOut: os.probes.readOut.handler(({ input, signal }) =>
        slowly(
          'replaying tokens',
          () => lab.readOut(input.id, input.runId, input.episode, input.tokens),
          signal,
        ),
      ),
      scores: os.probes.scores.handler(({ input }) => lab.scores(input.id, input.runId)),
      attribution: os.probes.attribution.handler(({ input, signal }) =>
        slowly('replaying tokens', () => lab.attribution(input.runId, input.episode, input.step), signal),
      ),
      neighbours: os.probes.neighbours.handler(({ input }) => lab.neighbours(input)),
      projection: os.probes.projection.handler(({ input, signal }) =>
        slowly('projecting', () => lab.projection(input.id, input.method), signal),
      ),
      gate: os.probes.gate.handler(({ input }) => absent('probe', input.id)),
      export: os.probes.export.handler(({ input }) => ({
        fileName: `probe.${input.format}`,
        data: new TextEncoder().encode(JSON.stringify(lab.probe(input.id).document?.coefficients)),
      })),
    },
    vectors: {
      list: os.vectors.list.handler(() => steering.vectors),
      get: os.vectors.get.handler(({ input }) => steering.vector(input.id)),
      targetStep: os.vectors.targetStep.handler(({ input }) => steering.targetStep(input.id)),
      values: os.vectors.values.handler(({ input }) => absent('vector', input.id)),
      make: os.vectors.make.handler(({ input, signal }) =>
        slowly('making the vector', () => steering.make(input), signal),
      ),
      import: os.vectors.import.handler(({ input }) => steering.import(input)),
      export: os.vectors.export.handler(({ input }) => ({
        fileName: `${input.id}.${input.format}`,
        data: new TextEncoder().encode(JSON.stringify(steering.vector(input.id).rows)),
      })),
      rename: os.vectors.rename.handler(({ input }) => steering.renameVector(input.id, input.name)),
      remove: os.vectors.remove.handler(({ input }) => steering.removeVector(input.id)),
    },
    sweeps: {
      list: os.sweeps.list.handler(() => steering.sweeps),
      get: os.sweeps.get.handler(({ input }) => steering.sweep(input.id)),
      estimate: os.sweeps.estimate.handler(({ input }) => steering.estimate(input)),
      start: os.sweeps.start.handler(({ input }) => steering.start(input)),
      pause: os.sweeps.pause.handler(({ input }) => steering.change(input.id, 'paused')),
      resume: os.sweeps.resume.handler(({ input }) => steering.change(input.id, 'running')),
      cancel: os.sweeps.cancel.handler(({ input }) => steering.change(input.id, 'cancelled')),
      extend: os.sweeps.extend.handler(({ input }) =>
        steering.extend(input.id, JSON.parse(JSON.stringify(input.changes)) as object),
      ),
      judge: os.sweeps.judge.handler(({ input }) => steering.sweep(input.id)),
      tables: os.sweeps.tables.handler(({ input }) => steering.tables(input.id)),
      rename: os.sweeps.rename.handler(({ input }) => steering.put(input.id, { name: input.name })),
      remove: os.sweeps.remove.handler(({ input }) => steering.removeSweep(input.id)),
    },
    studies: {
      list: os.studies.list.handler(() => studies.all()),
      get: os.studies.get.handler(({ input }) => studies.get(input.id)),
      start: os.studies.start.handler(({ input }) => studies.start(input)),
      pause: os.studies.pause.handler(({ input }) => studies.put(input.id, { status: 'paused' })),
      resume: os.studies.resume.handler(({ input }) => studies.resume(input.id, input.from)),
      rename: os.studies.rename.handler(({ input }) => studies.put(input.id, { name: input.name })),
      remove: os.studies.remove.handler(({ input }) => studies.remove(input.id)),
      report: os.studies.report.handler(({ input }) => ({
        files: [{ path: `${input.id}.html`, text: '<!doctype html><title>Study</title>' }],
      })),
    },
    oracle: {
      questions: os.oracle.questions.handler(() => world.questions),
      answer: os.oracle.answer.handler(({ input }) => {
        world.questions = world.questions.filter((one) => one.id !== input.id)
        say({ kind: 'questions', questions: world.questions })
      }),
      setKey: os.oracle.setKey.handler(() => {}),
      hasKey: os.oracle.hasKey.handler(() => ({ stored: false })),
      test: os.oracle.test.handler(async ({ input }) => {
        await wait(600)
        if (/refuse/.test(input.baseUrl))
          throw errors.oracleRefused({ baseUrl: input.baseUrl, status: 401, reason: 'wrong key' })
        return { answer: 'Yes.', latencyMs: 412 }
      }),
    },
    tasks: os.tasks.handler(() => [
      { name: 'archer', objects: Array.from({ length: 157 }, (_, i) => `Object ${i}`) },
      { name: 'simple', objects: Array.from({ length: 10 }, (_, i) => `Object ${i}`) },
    ]),
  })
  const handler = new RPCHandler(router, { ...(cloneMessages as object) })
  const doors: Doors = (listener) => {
    const { port1, port2 } = new MessageChannel()
    handler.upgrade(port2)
    port2.start()
    listener.port(port1 as never)
    port1.start()
    return () => port1.close()
  }
  return { doors, say }
}
