// Continuous batching: which sequences run in the next pass.
// Owns: admission, turns between prompts and answers, the prefix cache. Not: slots (slotPool.ts), copies of first prompts (sharedStart.ts),
// whose part of a pass is whose (passRows.ts), the arithmetic (session.ts) or threads (sessionWorker.ts).
// A result is a function of model and request alone; nothing decided here may change its bits (docs/decisions/0001.md).
import { AppError, errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { parseHook } from '../model/hookNames.ts'
import { joinPoints, type InterventionPoints } from '../model/interventionGraph.ts'
import { answerRow, besides, promptRow, promptWidth, rowResults } from './passRows.ts'
import type { CallFunction } from './cutValues.ts'
import { FirstPrompts } from './firstPrompts.ts'
import type { HookTensor } from './hookFunctions.ts'
import { bindChain } from './interventionChain.ts'
import { mostCopied } from './keptRoom.ts'
import { LedAnswer } from './ledAnswer.ts'
import { chainKey, chunkLength, planChain, sharedTokens } from './prefixChain.ts'
import { Sampler } from './sampling.ts'
import {
  capturedPoints,
  outOfMemory,
  positionsOf,
  roomOf,
  type Job,
  type RunningJob,
} from './scheduledJob.ts'
import { Sequence } from './sequence.ts'
import { keepFirstPrompt, takeFirstPrompt } from './sharedStart.ts'
import { SlotPool, type Slot, type SlotPoolOptions } from './slotPool.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from './requests.ts'
import type { PassRow } from './passRow.ts'
import type { DecoderSession } from './session.ts'

export interface SchedulerOptions extends SlotPoolOptions {
  /** Calls a request's function at a hook point; null leaves the tensor as it is. */
  callFunction?: (request: number, id: number, tensor: HookTensor) => Promise<Float32Array | null>
  /** Told of every token of the requests that want it. */
  tellToken?: (request: number, token: ToldToken) => void
}

export interface SchedulerStats {
  waiting: number
  running: number
  /** Prompt passes and answer passes so far. */
  prefillPasses: number
  decodePasses: number
  /** Pieces of prompts that ran in the former: several at a time where that is faster. */
  prefillRows: number
  /** Tokens run through the model so far. */
  prefillTokens: number
  decodeTokens: number
  /** Requests that went on from their own slot, and earlier prompts run again for those that could not. */
  continued: number
  replayedPrompts: number
  cacheBytes: number
  activationBytes: number
}

/** Passes of long prompts between two answer passes while more prompts wait than answers run. */
const mostPrefillsInARow = 4
/** A prompt that was passed over so often goes before shorter ones. */
const patience = 16

const cancelled = (): AppError =>
  errors.invalidInput({ field: 'follows', reason: 'the request that leads was cancelled' })

/**
 * Prompt passes between two answer passes. A prompt that one pass ends goes first: every answer pass without it runs with a row less. Long
 * ones take turns with answers.
 */
function mostInARow(prompts: readonly RunningJob[], answers: number): number {
  if (prompts.some(({ sequence }) => sequence.pieces.length === 1)) return prompts.length + answers
  return prompts.length > answers ? mostPrefillsInARow : 1
}

export class Scheduler {
  private readonly session: DecoderSession
  private readonly shape: ModelShape
  private readonly options: SchedulerOptions
  private readonly pool: SlotPool
  private readonly scratch: Float64Array
  private readonly firstPrompts = new FirstPrompts()
  private readonly waiting: Job[] = []
  private readonly running = new Map<number, RunningJob>()
  /** Answers that nobody follows yet, by their words. */
  private readonly led = new Map<string, LedAnswer>()
  private isWorking = false
  private working: Promise<void> = Promise.resolve()
  private readonly counts = {
    prefillPasses: 0,
    decodePasses: 0,
    prefillRows: 0,
    prefillTokens: 0,
    decodeTokens: 0,
    continued: 0,
    replayedPrompts: 0,
  }

  constructor(session: DecoderSession, options: SchedulerOptions) {
    this.session = session
    this.shape = session.config.shape
    this.options = options
    this.pool = new SlotPool(this.shape, options)
    this.scratch = new Float64Array(this.shape.vocabulary)
  }

  /**
   * Answers a request; requests in flight share passes.
   * @throws notEnoughMemory, logitsNotFinite, invalidInput where nobody leads by the word it follows, and what interventions throw that fit no prompt; anything else is a fault of the
   * session, which all requests then fail with
   */
  submit(id: number, request: GenerateRequest): Promise<GenerateResult> {
    return new Promise((resolve, reject) => {
      const links = bindChain(request)
      this.waiting.push({ id, request, links, ...this.leading(request), resolve, reject })
      if (!this.isWorking) this.working = this.work().catch((error: unknown) => this.fail(error))
    })
  }

  /** Drops a request after the pass that is running, if any. Its promise stays open. */
  cancel(id: number): void {
    const place = this.waiting.findIndex((job) => job.id === id)
    if (place >= 0) this.waiting.splice(place, 1).forEach((job) => this.abandon(job, cancelled()))
    this.leave(id, cancelled())
  }

  /** Drops every request; resolves when the pass that is running, if any, has ended. */
  async close(): Promise<void> {
    this.waiting.length = 0
    for (const id of this.running.keys()) this.leave(id, cancelled())
    await this.working
  }

  stats(): SchedulerStats {
    return {
      waiting: this.waiting.length,
      running: this.running.size,
      ...this.counts,
      cacheBytes: this.pool.bytes + this.firstPrompts.bytes,
      activationBytes: this.pool.activationBytes,
    }
  }

  private async work(): Promise<void> {
    this.isWorking = true
    let prefillsInARow = 0
    while (this.waiting.length > 0 || this.running.size > 0) {
      // Again after each: more requests may have come meanwhile.
      while (!this.session.has(this.neededPoints())) await this.session.provide(this.neededPoints())
      this.admit()
      this.goOnWithHeld()
      const jobs = [...this.running.values()]
      const prompts = jobs.filter(({ sequence }) => sequence.phase === 'prefill')
      const answers = jobs.filter(({ sequence: { phase } }) => phase === 'decode' || phase === 'closing')
      if (prompts.length > 0 && prefillsInARow < mostInARow(prompts, answers.length)) {
        prefillsInARow++
        await this.guarded(this.nextPrompts(prompts), (batch) => this.prefill(batch))
      } else {
        prefillsInARow = 0
        if (answers.length > 0) await this.guarded(answers, (batch) => this.decode(batch))
      }
      await new Promise((resolve) => setImmediate(resolve)) // lets new requests and cancellations in
    }
    this.isWorking = false
  }

  /** Where the graph must be ready for interventions, for requests that wait too: they then need no graph of their own. */
  private neededPoints(): InterventionPoints {
    const jobs = [...this.running.values(), ...this.waiting]
    return joinPoints(jobs.flatMap(({ links }) => links.map(({ interventions }) => interventions.points)))
  }

  /** A fault of the session or of this file ends all requests rather than leaving them open for ever. */
  private fail(error: unknown): void {
    const jobs = [...this.waiting.splice(0), ...this.running.values()]
    for (const job of jobs) this.reject(job, error)
    this.isWorking = false
  }

  /** An error of the catalogue ends the requests of this pass; after any other the session is not to be trusted by anyone. */
  private async guarded(jobs: RunningJob[], pass: (jobs: RunningJob[]) => Promise<void>): Promise<void> {
    try {
      await pass(jobs)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      for (const job of jobs) {
        if (this.isRunning(job)) this.reject(job, error)
      }
    }
  }

  private isRunning(job: RunningJob): boolean {
    return this.running.get(job.id) === job
  }

  /** Takes a request off its slot, whose content nobody vouches for then. */
  private leave(id: number, reason: unknown): void {
    const job = this.running.get(id)
    if (!job) return
    this.running.delete(id)
    this.pool.forget(job.slot)
    this.abandon(job, reason)
  }

  private reject(job: Job, error: unknown): void {
    this.leave(job.id, error)
    this.abandon(job, error)
    job.reject(error)
  }

  /** Whoever follows this request gets no more tokens. */
  private abandon({ request, leads }: Job, reason: unknown): void {
    if (request.leads !== undefined) this.led.delete(request.leads)
    if (leads) leads.failure ??= reason instanceof Error ? reason : cancelled()
  }

  /** @throws invalid_input */
  private leading({ leads, follows }: GenerateRequest): Pick<Job, 'leads' | 'follows'> {
    const own = leads === undefined ? null : new LedAnswer()
    if (own && leads !== undefined) this.led.set(leads, own)
    if (follows === undefined) return { leads: own, follows: null }
    const other = this.led.get(follows)
    this.led.delete(follows)
    if (!other)
      throw errors.invalidInput({ field: 'follows', reason: `no request leads by the word “${follows}”` })
    return { leads: own, follows: other }
  }

  /** Those that waited for a token of the request they follow. */
  private goOnWithHeld(): void {
    for (const job of [...this.running.values()]) {
      const { sequence } = job
      if (sequence.phase !== 'held') continue
      if (!sequence.mustWait) this.advance(job, sequence.takeHeld())
      else if (sequence.follows?.failure) this.reject(job, sequence.follows.failure)
    }
  }

  private admit(): void {
    while (this.waiting.length > 0 && this.running.size < this.options.maxRows) {
      const job = this.waiting[0]
      try {
        const others = Array.from(this.running.values(), ({ request }) => positionsOf(request))
        if (!this.pool.makeRoom(roomOf(job.request, this.shape), others)) return
        if (this.running.size >= this.pool.slots.length) return // memory allows fewer slots than rows
        this.start(job)
      } catch (error) {
        if (this.pool.slots.length === 0) this.beginAgain()
        this.reject(job, error instanceof RangeError ? outOfMemory(job.request, this.shape, error) : error)
      }
      this.waiting.splice(this.waiting.indexOf(job), 1)
    }
  }

  /** After the slots are lost. */
  private beginAgain(): void {
    for (const { id, request, leads, follows, resolve, reject } of this.running.values())
      this.waiting.push({ id, request, links: bindChain(request), leads, follows, resolve, reject })
    this.running.clear()
  }

  private start(job: Job): void {
    const { request, links } = job
    const { earlierPrompts, sampling } = request
    const sampler = new Sampler(sampling, this.scratch)
    const { slot, isContinued } = this.chooseSlot(job)
    const known = isContinued ? earlierPrompts.length : 0
    if (isContinued) this.counts.continued++
    else this.counts.replayedPrompts += earlierPrompts.length
    slot.activations.select(capturedPoints(request, this.shape), positionsOf(request))
    const before = links.at(-2)
    const own = links[links.length - 1]
    const reused = before ? sharedTokens(before, own) : 0
    this.pool.cache.clear(slot.index, isContinued ? reused : 0)
    const pieces = planChain(links, known, own.interventions.wantsWholePrompt ? Infinity : chunkLength)
    const chain = { pieces, reused, interventions: own.interventions }
    const sequence = new Sequence(request, chain, sampler, job)
    this.running.set(job.id, { ...job, slot, sequence })
  }

  /** Where logits of the whole prompt are wanted nothing kept is of use. */
  private chooseSlot({ request, links }: Job): { slot: Slot; isContinued: boolean } {
    const { earlierPrompts, capture, wantLogits } = request
    const busy = new Set([...this.running.values()].map(({ slot }) => slot))
    const chain = earlierPrompts.length > 0 && !wantLogits ? chainKey(links.slice(0, -1)) : null
    return this.pool.choose(busy, chain, capture.hooks)
  }

  /** The shortest prompt first, so that a long one does not hold it up; but none waits for ever. Others go with it where that is faster. */
  private nextPrompts(jobs: RunningJob[]): RunningJob[] {
    const waited = jobs.find(({ sequence }) => sequence.waited >= patience)
    const left = ({ sequence }: RunningJob): number => sequence.pieces.length
    const next = waited ?? jobs.reduce((best, job) => (left(job) < left(best) ? job : best))
    const chosen = besides(next, jobs, mostCopied(this.pool.cache))
    for (const { sequence } of jobs) sequence.waited++
    for (const { sequence } of chosen) sequence.waited = 0
    return chosen
  }

  private async prefill(jobs: RunningJob[]): Promise<void> {
    const left = jobs.filter((job) => !this.isKnown(job))
    if (left.length === 0) return
    const batch = left.toSorted((one, other) => one.slot.index - other.slot.index)
    const rows = batch.map((job) => promptRow(job, this.caller(job)))
    const results = await this.pass(batch, rows, Math.max(...batch.map(promptWidth)))
    this.counts.prefillPasses++
    this.counts.prefillRows += rows.length
    this.counts.prefillTokens += rows.reduce((sum, { tokens }) => sum + tokens.length, 0)
    batch.forEach((job, row) => {
      if (!this.isRunning(job)) return
      const { sequence, slot, request } = job
      const { kept: from, tokens, logits: wanted, interventions } = rows[row]
      const { logits } = results[row]
      interventions?.noteOpenings(slot.openings, from, from + tokens.length)
      sequence.keepLogits(logits)
      if (wanted === 'all') sequence.score(from, logits, this.scratch.length)
      sequence.pieces.shift()
      if (sequence.pieces.length > 0) return
      const lastLogits = logits.subarray(logits.length - this.scratch.length)
      const places = { firstPrompts: this.firstPrompts, cache: this.pool.cache }
      if (request.earlierPrompts.length === 0) keepFirstPrompt(job, lastLogits, places)
      this.advance(job, lastLogits)
    })
  }

  /** Takes over what there is of a first prompt. @returns true where that was all of it */
  private isKnown(job: RunningJob): boolean {
    const { firstPrompts, shape } = this
    const known = takeFirstPrompt(job, { firstPrompts, cache: this.pool.cache, shape })
    if (known) this.advance(job, known)
    return known !== null
  }

  /** Runs rows and keeps what is captured of them. @param batch  whose rows they are, in ascending order of slot */
  private async pass(batch: readonly RunningJob[], rows: readonly PassRow[], width: number) {
    const hooks = [...new Set(batch.flatMap(({ request }) => request.capture.hooks))]
    const result = await this.session.forward(rows, width, this.pool.cache, hooks)
    const points = hooks.map((hook) => parseHook(hook, this.shape))
    const results = rowResults(rows, result, { points, vocabulary: this.shape.vocabulary })
    batch.forEach((job, row) => {
      if (!this.isRunning(job)) return
      const { slot, request } = job
      points.forEach(({ name }, index) => {
        if (request.capture.hooks.includes(name))
          slot.activations.write(name, rows[row].kept, results[row].values[index])
      })
    })
    return results
  }

  private async decode(jobs: RunningJob[]): Promise<void> {
    const batch = jobs.toSorted((one, other) => one.slot.index - other.slot.index)
    const rows = batch.map((job) => answerRow(job, this.caller(job)))
    const results = await this.pass(batch, rows, 1)
    this.counts.decodePasses++
    this.counts.decodeTokens += rows.length
    batch.forEach((job, row) => {
      if (!this.isRunning(job)) return
      const { logits } = results[row]
      job.sequence.keepLogits(logits)
      if (job.sequence.phase === 'closing') this.complete(job)
      else this.advance(job, logits)
    })
  }

  /** Functions of a request that was cancelled meanwhile are not asked any more. */
  private caller(job: RunningJob): CallFunction {
    const { callFunction } = this.options
    return (id, tensor) =>
      callFunction && this.isRunning(job) ? callFunction(job.id, id, tensor) : Promise.resolve(null)
  }

  /** Takes the next token; a fault in that ends this request alone. */
  private advance(job: RunningJob, logits: Float32Array): void {
    const { sequence, request, slot, id } = job
    try {
      if (sequence.mustWait) return sequence.hold(logits)
      const isComplete = sequence.choose(logits)
      if (request.wantTokens) this.options.tellToken?.(id, sequence.lastChosen(slot.activations))
      if (isComplete) this.complete(job)
    } catch (error) {
      this.reject(job, error)
    }
  }

  private complete(job: RunningJob): void {
    const { slot, request, sequence, links } = job
    try {
      const result = sequence.finish(slot, this.scratch.length)
      this.running.delete(job.id)
      this.pool.keep(slot, chainKey(links), request.promptIds.length)
      job.resolve(result)
    } catch (error) {
      this.reject(job, error)
    }
  }
}
