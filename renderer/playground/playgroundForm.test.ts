import { describe, expect, it } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { PlaygroundItem, PlaygroundSettings } from '../../main/contract/playground.ts'
import type { VectorSummary } from '../../main/contract/vectors.ts'
import type { Engine } from '../client.ts'
import { playgroundSettings } from '../../main/contract/playground.ts'
import { afterItems, meanOf, newPlay, Waiting } from './answers.ts'
import { playFacts, playStyle } from './playColours.ts'
import { settingsOf } from './playgroundDraft.ts'
import { PlaygroundForm } from './playgroundForm.svelte.ts'
import { newSlider } from './sliders.ts'

const view = (text: string) => ({ id: text.length, text, isSpecial: text.startsWith('<') })
const token = (answer: 'steered' | 'plain', index: number, text: string): PlaygroundItem => ({
  ...{ kind: 'token', answer, index, token: view(text), logProbability: -1, rank: 0, entropy: 1, top: [] },
})
const end = (answer: 'steered' | 'plain', completion: string): PlaygroundItem => ({
  ...{ kind: 'end', answer, finish: 'stop', completion, interventions: [] },
})

describe('answers as they are written', () => {
  it('gather what comes before, with and after its token', () => {
    const waiting = new Waiting()
    const early: PlaygroundItem = { kind: 'compared', index: 1, divergence: 0.5, logProbability: -2 }
    const probe: PlaygroundItem = { kind: 'probe', answer: 'steered', index: 0, probability: 0.8 }
    const first = afterItems(newPlay(), [token('steered', 0, 'Is'), early], waiting)
    const second = afterItems(first, [token('steered', 1, ' it'), probe, token('plain', 0, 'No')], waiting)
    expect(
      second.steered.tokens.map(({ token: { text }, divergence, probe: read }) => [text, divergence, read]),
    ).toEqual([
      ['Is', null, 0.8],
      [' it', 0.5, null],
    ])
    expect(second.plain.tokens).toHaveLength(1)
    expect(first.steered.tokens).toHaveLength(1)
    expect(afterItems(second, [], waiting).plain).toBe(second.plain)
  })
  it('know how they ended and when loading is over', () => {
    const waiting = new Waiting()
    const loading = afterItems(newPlay(), [{ kind: 'progress', label: 'Loading', fraction: 0.5 }], waiting)
    expect(loading.progress?.fraction).toBe(0.5)
    const ended = afterItems(loading, [{ kind: 'prompt', tokens: [] }, end('plain', 'No')], waiting)
    expect(ended.progress).toBeNull()
    expect(ended.plain.end?.completion).toBe('No')
    expect(ended.steered.end).toBeNull()
  })
  it('ignore a probe’s value at the prompt, and colour nothing that is not known', () => {
    const play = afterItems(
      newPlay(),
      [{ kind: 'probe', answer: 'plain', index: -1, probability: 1 }, token('plain', 0, 'No')],
      new Waiting(),
    )
    const [only] = play.plain.tokens
    expect(playStyle('probe', only)).toBe('')
    expect(playStyle('probability', only)).toContain('background')
    expect(playStyle('probability', undefined)).toBe('')
    expect(only && playFacts(only).map(({ label }) => label)).toEqual(['probability', 'rank', 'entropy'])
    expect(meanOf([null, 1, 3])).toBe(2)
    expect(meanOf([null])).toBeNull()
  })
})

describe('the playground', () => {
  const stored = playgroundSettings.parse({
    modelId: 'm',
    messages: [{ role: 'user', content: 'Q' }],
    seed: '1/2/3',
  })
  const made = (items: readonly PlaygroundItem[][] = [[token('plain', 0, 'No'), end('plain', 'No')]]) => {
    const asked: PlaygroundSettings[] = []
    let signal: AbortSignal | undefined
    const calls = {
      play: async (settings: PlaygroundSettings, options: { signal?: AbortSignal }) => {
        asked.push(settings)
        signal = options.signal
        return (async function* () {
          for (const each of items) yield each
        })()
      },
      fromStep: async () => stored,
    } as unknown as Engine['playground'] // the two calls that it makes
    return { asked, form: new PlaygroundForm(calls), signalOf: () => signal }
  }
  const origin = { run: 'r', episode: 2, step: 3 }

  it('is filled from a stored step once: what was changed since stays', async () => {
    const { form } = made()
    await form.fill(origin)
    form.draft.turns = [{ role: 'user', content: 'changed' }]
    await form.fill(origin)
    expect(form.draft.turns[0]?.content).toBe('changed')
    expect(form.draft.seed).toBe('1/2/3')
    form.letGo()
    expect(form.draft.origin).toBeNull()
    await form.fill(origin)
    expect(form.draft.turns[0]?.content).toBe('Q')
  })
  it('keeps its seed while it is locked, and draws another where it is not', async () => {
    const { form, asked } = made()
    await form.fill(origin)
    await form.ask()
    await form.ask()
    form.draft.isSeedLocked = false
    await form.ask()
    expect(asked[0]?.seed).toBe('1/2/3')
    expect(asked[1]?.seed).toBe('1/2/3')
    expect(asked[2]?.seed).not.toBe('1/2/3')
    expect(asked[2]?.seed).toBe(form.draft.seed)
    expect(form.isPlaying).toBe(false)
  })
  it('asks under names that say which vector acts, how much and where', async () => {
    const { form, asked } = made()
    await form.fill(origin)
    const slider = {
      ...newSlider({ id: 'v9', rows: [] } as never),
      hook: 'blocks.3.hook_resid_post',
      alpha: 4,
    }
    form.draft.sliders = [slider, { ...slider, unit: 'valueNorm', hook: 'hook_embed' }]
    await form.ask()
    expect(asked.at(-1)?.interventions.map(({ name }) => name)).toEqual([
      'v9, α 4, layer 3',
      'v9, α 4 of the value’s norm, hook_embed',
    ])
    // Names are no settings: nothing has changed since.
    expect(form.asked).toBe(JSON.stringify(settingsOf(form.draft)))
  })
  it('takes an answer into the chat and waits for the next turn', async () => {
    const { form } = made()
    await form.fill(origin)
    await form.ask()
    form.goOnWith('plain')
    expect(form.draft.turns.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Q'],
      ['assistant', 'No'],
      ['user', ''],
    ])
    expect(form.obstacle).not.toBeNull()
    await form.ask()
    expect(form.play.plain.tokens).toEqual([])
  })
  it('stops what is under way', async () => {
    const { form, signalOf } = made()
    await form.fill(origin)
    const asking = form.ask()
    form.stop()
    await asking
    expect(signalOf()?.aborted ?? true).toBe(true)
    expect(form.play.plain.tokens).toEqual([])
    expect(form.isPlaying).toBe(false)
  })
  it('says what the engine refused', async () => {
    const calls = {
      play: () => Promise.reject(errors.notFound({ kind: 'model', id: 'm' })),
      fromStep: () => Promise.reject(errors.notFound({ kind: 'step', id: 'r 2 3' })),
    } as unknown as Engine['playground'] // the two calls that it makes
    const form = new PlaygroundForm(calls)
    await form.fill(origin)
    expect(form.problem?.code).toBe('not_found')
    form.draft.modelId = 'm'
    form.draft.turns = [{ role: 'user', content: 'Q' }]
    await form.ask()
    expect(form.problem?.message).toContain('m')
    expect(form.isPlaying).toBe(false)
  })
  it('takes a vector once, with the model that it is of', () => {
    const { form } = made()
    const vector = {
      id: 'v1',
      rows: [{ hook: 'blocks.3.hook_resid_post', steps: null, norm: 1 }],
    } as VectorSummary // all that is read of it
    form.draft.turns = [{ role: 'user', content: 'kept' }]
    form.draft.modelId = 'm'
    form.add(vector, 'm')
    form.add(vector, 'm')
    expect(form.draft.sliders).toHaveLength(1)
    expect(form.draft.turns[0]?.content).toBe('kept')
    form.add(vector, 'other')
    expect(form.draft.modelId).toBe('other')
    expect(form.draft.sliders).toHaveLength(1)
  })
})
