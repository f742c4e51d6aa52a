// Oracles as a run and a window need them.
// Owns: making the chosen oracle, its key, the questions that wait for a person. Not: how an oracle judges (environments/).
import type { PendingQuestion } from '../contract/api.ts'
import type { OracleSettings } from '../contract/runs.ts'
import type { Judgement, Oracle } from '../environments/environment.ts'
import { HumanOracle } from '../environments/humanOracle.ts'
import { deleteKey, readKey, storeKey } from '../environments/keyStore.ts'
import { knowledgeBaseOracle } from '../environments/knowledgeBaseOracle.ts'
import { loadKnowledge, type Knowledge } from '../environments/knowledge.ts'
import { openAiOracle } from '../environments/openAiOracle.ts'
import type { EventHub } from './eventHub.ts'

export class OracleDesk {
  readonly human: HumanOracle
  private known: Knowledge | null = null
  private readonly resourcesFolder: string

  constructor(hub: EventHub, resourcesFolder: string) {
    this.resourcesFolder = resourcesFolder
    this.human = new HumanOracle()
    this.human.onChange((questions) => hub.emit({ kind: 'questions', questions: [...questions] }))
  }

  /** Read at first need: it is a file of some size. */
  knowledge(): Knowledge {
    this.known ??= loadKnowledge(this.resourcesFolder)
    return this.known
  }

  create(settings: OracleSettings): Oracle {
    if (settings.kind === 'human') return this.human
    if (settings.kind === 'kb') return knowledgeBaseOracle(this.knowledge(), settings.strictness)
    return openAiOracle(settings, { readKey: (baseUrl) => readKey(baseUrl) })
  }

  questions(): PendingQuestion[] {
    return [...this.human.questions()]
  }

  answer(id: string, verdict: Judgement['verdict']): void {
    this.human.answer(id, verdict)
  }

  /** Empty text deletes the key. */
  setKey(baseUrl: string, key: string): Promise<void> {
    return key === '' ? deleteKey(baseUrl) : storeKey(baseUrl, key)
  }

  async hasKey(baseUrl: string): Promise<{ stored: boolean }> {
    return { stored: (await readKey(baseUrl)) !== null }
  }

  /** One real question, so that address, model and key are all tried. */
  async test(
    settings: { baseUrl: string; model: string; timeoutMs: number },
    signal: AbortSignal,
  ): Promise<{ answer: string; latencyMs: number }> {
    const oracle = this.create({ kind: 'openai', retries: 0, ...settings })
    const started = performance.now()
    const judgement = await oracle.judge(
      { runId: 'test', episode: 0, step: 0, task: 'Cat', message: 'Is it an animal?', history: [] },
      signal,
    )
    return { answer: judgement.verdict, latencyMs: performance.now() - started }
  }
}
