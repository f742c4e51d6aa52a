import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../../tests/fixtures/store/sampleRun.ts'
import type { CapturedHook, GenerateRequest, GenerateResult } from '../../inference/requests.ts'
import { Workspace } from '../../store/workspace.ts'
import type { AgentModel } from '../playEpisode.ts'
import { EpisodePositions, replay } from './replay.ts'

let folder: string
let workspace: Workspace
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-replay-'))
  workspace = Workspace.open(folder)
  const { id } = workspace.runs.create(sampleRun())
  workspace.episodes.begin(id, { episode: 0, task: 'Cat', state: {} })
  for (const step of [0, 1]) workspace.steps.append(sampleStep(id, 0, step))
})
afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

const hook = 'blocks.0.hook_resid_post'
const vector = Float32Array.of(1, 2)
const captured: CapturedHook = {
  hook,
  width: 2,
  lastPrompt: vector,
  firstGenerated: vector,
  meanPrompt: vector,
  meanGenerated: vector,
}
/** Says what it is told to say, and keeps what it was asked. */
function speaker(answers: number[][]): { model: AgentModel; asked: GenerateRequest[] } {
  const asked: GenerateRequest[] = []
  const model: AgentModel = {
    contextLength: 64,
    stopIds: [2],
    encodeChat: () => new Int32Array(0),
    decode: () => '',
    generate: (request) => {
      const completionIds = Int32Array.from(answers[asked.length])
      asked.push(request)
      const none = new Float32Array(0)
      const result: GenerateResult = {
        completionIds,
        logProbabilities: none,
        ranks: new Int32Array(0),
        entropies: none,
        topIds: new Int32Array(0),
        topLogProbabilities: none,
        finish: 'length',
        reusedTokens: 0,
        prefillMs: 0,
        decodeMs: 0,
        captures: [captured],
      }
      return Promise.resolve(result)
    },
  }
  return { model, asked }
}
const need = (point: 'lastPrompt' | 'meanGenerated') => ({
  run: workspace.runs.get('r1'),
  steps: new Map([[0, new Set([0, 1])]]),
  hooks: [hook],
  points: [point],
})
const never = new AbortController().signal
const stored = (at: 'lastPrompt' | 'meanGenerated') =>
  workspace.activations.matrix({ runId: 'r1', hook, at }).keys.length

test('asks for one token where prompts are wanted, and for the answer where that is', async () => {
  const first = speaker([[500], [501]])
  await replay(need('lastPrompt'), { workspace, ...first, planned: [], lanes: 2 }, () => {}, never)
  expect(first.asked.map(({ sampling }) => sampling.maxNewTokens)).toEqual([1, 1])
  const second = speaker([
    [500, 2],
    [501, 2],
  ])
  await replay(need('meanGenerated'), { workspace, ...second, planned: [], lanes: 2 }, () => {}, never)
  const { maxNewTokens } = workspace.runs.get('r1').settings.sampling
  expect(second.asked.map(({ sampling }) => sampling.maxNewTokens)).toEqual([maxNewTokens, maxNewTokens])
  expect(second.asked[1].earlierPrompts).toEqual([second.asked[0].promptIds])
  expect([stored('lastPrompt'), stored('meanGenerated')]).toEqual([2, 2])
})

test('of a model that says something else is refused, and keeps what agreed', async () => {
  const { model } = speaker([[500], [999]])
  const world = { workspace, model, planned: [], lanes: 1 }
  await expect(replay(need('lastPrompt'), world, () => {}, never)).rejects.toMatchObject({
    code: 'replay_differs',
    details: { runId: 'r1', episode: 0, step: 1 },
  })
  expect(stored('lastPrompt')).toBe(1)
})

test('positions of a step are joined with those that the step before has of its prompt', () => {
  const joined = new EpisodePositions()
  const part = (firstPosition: number, data: number[]): CapturedHook => ({
    ...captured,
    all: { firstPosition, data: Float32Array.from(data), shape: [1, data.length / 2, 2], axes: 'B S D' },
  })
  expect([...joined.join(part(0, [1, 1, 2, 2, 3, 3]))]).toEqual([1, 1, 2, 2, 3, 3])
  expect([...joined.join(part(2, [9, 9]))]).toEqual([1, 1, 2, 2, 9, 9])
  expect(() => joined.join(captured)).toThrow(TypeError)
})
