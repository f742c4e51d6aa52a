import { expect, it, vi } from 'vitest'
import { makeEpisode, makeStep } from '../testing/steps.ts'
import { PairedSides } from './pairedSides.svelte.ts'

const nowhere = { run: null, episode: null }

it('both episodes are read, each with the probe, and nothing is left of them afterwards', async () => {
  const asked: string[] = []
  const sides = new PairedSides(
    async ({ runId, episode }) => {
      asked.push(`${runId} ${episode}`)
      return {
        summary: makeEpisode(episode, { runId }),
        steps: [makeStep({ step: 0 }), makeStep({ step: 1 })],
      }
    },
    async ({ id, runId, episode }) => {
      asked.push(`${id} in ${runId} ${episode}`)
      return null
    },
  )
  sides.show({ run: 'a', episode: 3 }, { run: 'b', episode: 4 }, 'p1')
  await vi.waitFor(() => expect(sides.steps).toBe(4))
  expect(asked.toSorted()).toEqual(['a 3', 'b 4', 'p1 in a 3', 'p1 in b 4'])
  sides.show({ run: 'a', episode: 3 }, nowhere, 'p1')
  expect(sides.steps).toBe(2)
  expect(sides.own.timeline.which).toBeNull()
  sides.close()
  expect(sides.steps).toBe(0)
  expect(asked).toHaveLength(4)
})
