// Each call of the contract, answered by the engine's service.
// Owns: the mapping and nothing else. Not: what an answer is (jobs/).
import { implement, type AnyRouter } from '@orpc/server'
import { contract, type WorkProgress } from './contract/api.ts'
import type { EngineService } from './jobs/engineService.ts'

const never = new AbortController().signal

export function createRouter(service: EngineService): AnyRouter {
  const os = implement(contract)
  return os.router({
    info: os.info.handler(() => service.info()),
    events: os.events.handler(({ signal }) => service.events(signal ?? never)),
    models: {
      list: os.models.list.handler(() => service.models.list()),
      add: os.models.add.handler(({ input, signal }) =>
        withProgress((tell) => service.models.add(input.path, tell, signal ?? never)),
      ),
      remove: os.models.remove.handler(({ input }) => service.models.remove(input.id)),
      check: os.models.check.handler(({ input, signal }) =>
        withProgress((tell) => service.models.check(input.path, input.dtype, tell, signal ?? never)),
      ),
      devices: os.models.devices.handler(({ input }) => service.models.devices(input.id, input.dtype)),
      checkDevice: os.models.checkDevice.handler(({ input, signal }) =>
        withProgress((tell) => service.models.checkDevice(input.path, input, tell, signal ?? never)),
      ),
      dtypes: os.models.dtypes.handler(({ input }) => service.models.dtypes(input.id)),
      hookPoints: os.models.hookPoints.handler(({ input }) => service.models.hookPoints(input.id)),
    },
    imports: {
      start: os.imports.start.handler(({ input, signal }) =>
        withProgress((tell) => service.imports.import(input, { tell, signal: signal ?? never })),
      ),
    },
    runs: {
      list: os.runs.list.handler(() => service.runs.list()),
      get: os.runs.get.handler(({ input }) => service.runs.get(input.id)),
      estimate: os.runs.estimate.handler(({ input }) => service.runs.estimate(input)),
      start: os.runs.start.handler(({ input }) => service.runs.start(input)),
      pause: os.runs.pause.handler(({ input }) => service.runs.pause(input.id)),
      resume: os.runs.resume.handler(({ input }) => service.runs.resume(input.id)),
      cancel: os.runs.cancel.handler(({ input }) => service.runs.cancel(input.id)),
      rename: os.runs.rename.handler(({ input }) => service.runs.rename(input.id, input.name)),
      remove: os.runs.remove.handler(({ input }) => service.runs.remove(input.id)),
      statistics: os.runs.statistics.handler(({ input }) => service.episodes.statistics(input.id)),
      compare: os.runs.compare.handler(({ input }) => service.episodes.compare(input)),
      fork: os.runs.fork.handler(({ input }) => service.runs.fork(input)),
    },
    episodes: {
      list: os.episodes.list.handler(({ input }) => service.episodes.list(input)),
      get: os.episodes.get.handler(({ input: { runId, episode } }) => service.episodes.view(runId, episode)),
      inspect: os.episodes.inspect.handler(({ input, signal }) =>
        withProgress((tell) => service.episodes.inspect(input, tell, signal ?? never)),
      ),
    },
    comparisons: {
      list: os.comparisons.list.handler(() => service.comparisons.list()),
      save: os.comparisons.save.handler(({ input }) => service.comparisons.save(input)),
      remove: os.comparisons.remove.handler(({ input }) => service.comparisons.remove(input.name)),
    },
    playground: {
      play: os.playground.play.handler(({ input, signal }) =>
        inBatches((tell) => service.play(input, tell, signal ?? never)),
      ),
      fromStep: os.playground.fromStep.handler(({ input }) => service.playgroundOf(input)),
    },
    dataSets: {
      list: os.dataSets.list.handler(() => service.dataSets.list()),
      get: os.dataSets.get.handler(({ input }) => service.dataSets.get(input.id)),
      choices: os.dataSets.choices.handler(({ input }) => service.dataSets.choices(input.runIds)),
      preview: os.dataSets.preview.handler(({ input }) => service.dataSets.preview(input)),
      create: os.dataSets.create.handler(({ input, signal }) =>
        withProgress((tell) => service.dataSets.create(input, tell, signal ?? never)),
      ),
      rename: os.dataSets.rename.handler(({ input }) => service.dataSets.rename(input.id, input.name)),
      remove: os.dataSets.remove.handler(({ input }) => service.dataSets.remove(input.id)),
      handLabel: os.dataSets.handLabel.handler(({ input }) => service.dataSets.handLabel(input)),
      handLabels: os.dataSets.handLabels.handler(({ input }) =>
        service.dataSets.handLabels(input.runId, input.episode),
      ),
    },
    probes: {
      list: os.probes.list.handler(() => service.probes.list()),
      get: os.probes.get.handler(({ input }) => service.probes.get(input.id)),
      train: os.probes.train.handler(({ input }) => service.probes.train(input)),
      cancel: os.probes.cancel.handler(({ input }) => service.probes.cancel(input.id)),
      resume: os.probes.resume.handler(({ input }) => service.probes.resume(input.id)),
      rename: os.probes.rename.handler(({ input }) => service.probes.rename(input.id, input.name)),
      remove: os.probes.remove.handler(({ input }) => service.probes.remove(input.id)),
      readOut: os.probes.readOut.handler(({ input, signal }) =>
        withProgress((tell) => service.probeReader.readOut(input, tell, signal ?? never)),
      ),
      scores: os.probes.scores.handler(({ input }) => service.probeReader.scores(input.id, input.runId)),
      attribution: os.probes.attribution.handler(({ input, signal }) =>
        withProgress((tell) => service.probeReader.attribution(input, tell, signal ?? never)),
      ),
      neighbours: os.probes.neighbours.handler(({ input, signal }) =>
        service.probeReader.neighbours(input, signal ?? never),
      ),
      projection: os.probes.projection.handler(({ input, signal }) =>
        withProgress((tell) => service.probeReader.projection(input, tell, signal ?? never)),
      ),
      gate: os.probes.gate.handler(({ input }) =>
        service.probeReader.gate(input.id, input.falsePositiveRate),
      ),
      export: os.probes.export.handler(({ input }) => service.probeReader.export(input.id, input.format)),
    },
    vectors: {
      list: os.vectors.list.handler(() => service.vectors.list()),
      get: os.vectors.get.handler(({ input }) => service.vectors.get(input.id)),
      values: os.vectors.values.handler(({ input }) => service.vectors.values(input.id)),
      targetStep: os.vectors.targetStep.handler(({ input }) => service.vectors.targetStep(input.id)),
      make: os.vectors.make.handler(({ input, signal }) =>
        withProgress((tell) => service.vectors.make(input, tell, signal ?? never)),
      ),
      import: os.vectors.import.handler(({ input }) => service.vectors.import(input)),
      export: os.vectors.export.handler(({ input }) => service.vectors.export(input.id, input.format)),
      rename: os.vectors.rename.handler(({ input }) => service.vectors.rename(input.id, input.name)),
      remove: os.vectors.remove.handler(({ input }) => service.vectors.remove(input.id)),
    },
    sweeps: {
      list: os.sweeps.list.handler(() => service.sweeps.list()),
      get: os.sweeps.get.handler(({ input }) => service.sweeps.get(input.id)),
      estimate: os.sweeps.estimate.handler(({ input, signal }) =>
        service.sweeps.estimate(input, signal ?? never),
      ),
      start: os.sweeps.start.handler(({ input }) => service.sweeps.start(input)),
      pause: os.sweeps.pause.handler(({ input }) => service.sweeps.pause(input.id)),
      resume: os.sweeps.resume.handler(({ input }) => service.sweeps.resume(input.id)),
      cancel: os.sweeps.cancel.handler(({ input }) => service.sweeps.cancel(input.id)),
      extend: os.sweeps.extend.handler(({ input }) => service.sweeps.extend(input.id, input.changes)),
      judge: os.sweeps.judge.handler(({ input }) => service.sweeps.judge(input.id)),
      tables: os.sweeps.tables.handler(({ input, signal }) =>
        service.sweeps.tables(input.id, input.cell, signal ?? never),
      ),
      rename: os.sweeps.rename.handler(({ input }) => service.sweeps.rename(input.id, input.name)),
      remove: os.sweeps.remove.handler(({ input }) => service.sweeps.remove(input.id)),
    },
    studies: {
      list: os.studies.list.handler(() => service.studies.list()),
      get: os.studies.get.handler(({ input }) => service.studies.get(input.id)),
      start: os.studies.start.handler(({ input }) => service.studies.start(input)),
      pause: os.studies.pause.handler(({ input }) => service.studies.pause(input.id)),
      resume: os.studies.resume.handler(({ input }) => service.studies.resume(input.id, input.from)),
      rename: os.studies.rename.handler(({ input }) => service.studies.rename(input.id, input.name)),
      remove: os.studies.remove.handler(({ input }) => service.studies.remove(input.id)),
      report: os.studies.report.handler(({ input }) => service.studies.report(input.id, input.format)),
    },
    oracle: {
      questions: os.oracle.questions.handler(() => service.oracle.questions()),
      answer: os.oracle.answer.handler(({ input }) => service.oracle.answer(input.id, input.verdict)),
      setKey: os.oracle.setKey.handler(({ input }) => service.oracle.setKey(input.baseUrl, input.key)),
      hasKey: os.oracle.hasKey.handler(({ input }) => service.oracle.hasKey(input.baseUrl)),
      test: os.oracle.test.handler(({ input, signal }) => service.oracle.test(input, signal ?? never)),
    },
    tasks: os.tasks.handler(() => service.tasks()),
  })
}

const SLOWEST_TELL_MS = 50

/** What a piece of work tells, all of it, at most 20 times a second. */
async function* inBatches<T>(
  work: (tell: (item: T) => void) => Promise<void>,
): AsyncGenerator<T[], void, void> {
  let waiting: T[] = []
  const batches = withProgress<void, true>(async (tell) => {
    await work((item) => {
      waiting.push(item)
      tell(true)
    })
  })
  for await (const _ of batches) {
    const batch = waiting
    waiting = []
    if (batch.length > 0) yield batch
  }
  if (waiting.length > 0) yield waiting
}

/** A piece of work as a stream: its progress, at most 20 times a second, then its result. */
async function* withProgress<T, P = WorkProgress>(
  work: (tell: (progress: P) => void) => Promise<T>,
): AsyncGenerator<P, T, void> {
  let latest: P | null = null
  let ended = false
  const result = work((progress) => (latest = progress)).finally(() => (ended = true))
  result.catch(() => {}) // reported by the `await` below
  while (!ended) {
    await Promise.race([
      result.catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, SLOWEST_TELL_MS)),
    ])
    const progress = latest as P | null // assigned in the callback, which control flow does not see
    latest = null
    if (progress) yield progress
  }
  return await result
}
