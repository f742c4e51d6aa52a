import { describe, expect, it, vi } from 'vitest'
import { episodeCommands, labelCommands, type EpisodeActions } from './episodeCommands.ts'

/** Everything may be done but for what `states` says. */
function made(states: Partial<Record<keyof EpisodeActions, () => boolean>> = {}) {
  const actions = new Proxy({ ...states } as EpisodeActions, {
    get: (target, name: keyof EpisodeActions) => (target[name] ??= vi.fn(() => true) as never),
  })
  const commands = episodeCommands(actions)
  const can = (id: string): boolean => commands.find((one) => one.id === id)?.isEnabled?.() ?? true
  return { actions, commands, can }
}

describe('keys of an episode', () => {
  it('are each used once, beside those of the labels', () => {
    const labels = labelCommands({
      classes: ['asks', 'states'],
      ...{ give: () => {}, toggle: () => {}, canGive: () => true, canToggle: () => true },
    })
    const keys = [...made().commands, ...labels].flatMap(({ keys: own }) => own ?? [])
    expect(new Set(keys).size).toBe(keys.length)
  })
  it('leave Space and Enter to a control that has the focus', () => {
    const { can } = made({ isFree: () => false })
    expect([can('fold'), can('open-episode'), can('next-step')]).toEqual([false, false, true])
  })
  it('fork nothing without a step, or while the engine is away', () => {
    expect(made().can('step-fork')).toBe(true)
    expect(made({ hasStep: () => false }).can('step-fork')).toBe(false)
    expect(made({ isConnected: () => false }).can('step-fork')).toBe(false)
    expect(made({ isConnected: () => false }).can('step-play')).toBe(true)
  })
  it('lead backwards where they are written large or say so', () => {
    const { actions, commands } = made()
    for (const id of ['previous-step', 'previous-episode', 'previous-hit'])
      void commands.find((one) => one.id === id)?.run()
    for (const move of [actions.moveStep, actions.moveEpisode, actions.moveHit])
      expect(move).toHaveBeenCalledExactlyOnceWith(-1)
  })
})

it('the keys of labels give the label in their order, and 0 takes it away', () => {
  const given: (string | null)[] = []
  const commands = labelCommands({
    classes: ['asks', 'states'],
    give: (label) => given.push(label),
    ...{ toggle: () => {}, canGive: () => false, canToggle: () => true },
  })
  for (const key of ['2', '0']) void commands.find(({ keys }) => keys === key)?.run()
  expect(given).toEqual(['states', null])
  expect(commands.find(({ keys }) => keys === '1')?.isEnabled?.()).toBe(false)
})
