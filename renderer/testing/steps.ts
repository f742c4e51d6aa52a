// One step with the tokens a test asks for. Test-only.
import type { EpisodeSummary, StepRecord, TokenView } from '../../main/contract/runs.ts'
import { StepView, TextsById } from '../episodes/stepView.ts'

export interface StepWish {
  step?: number
  prompt?: string[]
  completion?: string[]
  shared?: number
  record?: Partial<StepRecord>
}

const ids = new Map<string, number>()
/** Ids below 10 are left to alternatives. */
function idOf(text: string): number {
  const id = ids.get(text) ?? 10 + ids.size
  ids.set(text, id)
  return id
}
const tokenOf = (text: string): TokenView => ({ id: idOf(text), text, isSpecial: /^<\|.*\|>$/.test(text) })

export function makeStep(wish: StepWish = {}): StepView {
  const promptTokens = (wish.prompt ?? ['<|im_start|>', 'Hi']).map(tokenOf)
  const completionTokens = (wish.completion ?? ['Yes', '.']).map(tokenOf)
  const count = completionTokens.length
  const topIds = completionTokens.flatMap((token) => [token.id, 1, 2, 3, 4])
  const record: StepRecord = {
    runId: 'run',
    episode: 0,
    step: wish.step ?? 0,
    messages: [{ role: 'user', content: 'Hi' }],
    promptIds: Int32Array.from(promptTokens, (token) => token.id),
    completionIds: Int32Array.from(completionTokens, (token) => token.id),
    logProbabilities: Float32Array.from({ length: count }, (_, i) => -0.5 - i),
    ranks: Int32Array.from({ length: count }, (_, i) => i),
    entropies: Float32Array.from({ length: count }, (_, i) => 1 + i),
    topIds: Int32Array.from(topIds),
    topLogProbabilities: Float32Array.from(topIds, (_, i) => -0.5 - (i % 5)),
    completion: completionTokens.map((token) => token.text).join(''),
    finish: 'stop',
    answer: 'No.',
    isInvalid: false,
    isWin: false,
    reward: -1,
    labels: {},
    confidence: 1,
    reason: '',
    droppedTurns: 0,
    reusedTokens: 0,
    prefillMs: 1,
    decodeMs: 2,
    oracleMs: 0.1,
    capturedHooks: [],
    interventions: [],
    ...wish.record,
  }
  const tokens = [...promptTokens, ...completionTokens]
  const rivals = [1, 2, 3, 4]
  const texts = new TextsById({
    ids: [...tokens.map((token) => token.id), ...rivals],
    texts: [...tokens.map((token) => token.text), ...rivals.map((id) => `t${id}`)],
    specialIds: tokens.filter((token) => token.isSpecial).map((token) => token.id),
    leading: [],
  })
  return new StepView({ record, sharedWithPrevious: wish.shared ?? 0 }, texts)
}

export function makeEpisode(episode: number, change: Partial<EpisodeSummary> = {}): EpisodeSummary {
  return {
    runId: 'run',
    episode,
    task: `Object ${episode}`,
    outcome: 'limit',
    steps: 3,
    invalid: 1,
    verdicts: 'viv',
    promptTokens: 300,
    newTokens: 30,
    truncatedSteps: 0,
    ...change,
  }
}
