import { expect, it } from 'vitest'
import { earlyWarnings } from './earlyWarning.ts'

const odds = (p: number): number => Math.log(p / (1 - p))

/** Episodes as lists of [label, probability]. */
function held(episodes: [number, number][][]) {
  const all = episodes.flatMap((steps, group) => steps.map(([label, p], step) => ({ label, p, group, step })))
  const logOdds = Float64Array.from(all, ({ p }) => odds(p))
  return {
    held: {
      rows: Int32Array.from(all, (_, row) => row),
      labels: Int32Array.from(all, ({ label }) => label),
      groups: Int32Array.from(all, ({ group }) => group),
      folds: new Int32Array(all.length),
      logOdds: [logOdds],
      evidence: [logOdds],
      named: Int32Array.from(all, ({ p }) => (p >= 0.5 ? 1 : 0)),
    },
    steps: all.map(({ group, step }) => ({ runId: 'r1', episode: group, step })),
  }
}

it('tells how many steps before the first event an alert came', () => {
  const quiet = Array.from({ length: 17 }, (): [number, number] => [0, 0.1])
  const { held: predictions, steps } = held([
    quiet,
    [[0, 0.2], [0, 0.9], [0, 0.2], [1, 0.8]], // warned two steps ahead by the one false alarm of twenty
    [[1, 0.95], [0, 0.1]], // warned as it happens
    [[1, 0.15], [1, 0.99]], // warned too late
  ]) // prettier-ignore
  const atFive = earlyWarnings(predictions, steps, []).find((one) => one.falsePositiveRate === 0.05)!
  expect(atFive).toMatchObject({ falsePositiveRate: 0.05, episodes: 3, alerted: 2, leadSteps: [2, 0] })
  expect(atFive.meanLead.value).toBe(1)
})

it('says how many episodes alerts at random would reach, before the event and at it', () => {
  const { held: predictions, steps } = held([
    [[0, 0.2], [0, 0.9], [1, 0.8]],
    [[1, 0.95], [0, 0.1]],
  ]) // prettier-ignore
  const half = earlyWarnings(predictions, steps, []).find((one) => one.falsePositiveRate === 0.5)!
  // Two steps before the first event, none before the second.
  expect(half.chance!.before).toBeCloseTo(0.75 + 0, 12)
  expect(half.chance!.alerted).toBeCloseTo(0.875 + 0.5, 12)
})

it('takes the lowest threshold that lets no more false alarms pass', () => {
  const { held: predictions, steps } = held([
    [[0, 0.8], [0, 0.2], [1, 0.99]], // .8 is the one of 100 class-0 steps that may pass
    [[0, 0.79], [0, 0.2], [1, 0.3]],
    Array.from({ length: 96 }, (): [number, number] => [0, 0.1]),
  ]) // prettier-ignore
  const found = earlyWarnings(predictions, steps, [])
  const [atOne, atFive, atTen] = [0.01, 0.05, 0.1].map((rate) =>
    found.find((one) => one.falsePositiveRate === rate)!,
  )
  expect(atOne.threshold).toBeCloseTo(0.8, 12)
  expect(atOne.leadSteps).toEqual([2])
  // Four steps lie above .1; the fifth would be tied with all the rest.
  expect(atFive.threshold).toBeCloseTo(0.2, 12)
  expect(atTen.leadSteps).toEqual([2, 2])
})

it('has no alert where no threshold is that quiet, and nothing to say without an event', () => {
  const loud = held([[[0, 0.9], [1, 0.5]]]) // prettier-ignore
  expect(earlyWarnings(loud.held, loud.steps, [])[0]).toMatchObject({ alerted: 0, meanLead: { value: null } })
  const none = held([[[0, 0.9]]])
  expect(earlyWarnings(none.held, none.steps, [])).toEqual([])
})

it('warns of no fewer episodes where more false alarms are allowed, at a threshold that is no higher', () => {
  const { held: predictions, steps } = held(
    Array.from({ length: 30 }, (_, episode) =>
      [0, 1, 2, 3].map((step): [number, number] => [
        Number(step === 3 && episode % 2 === 0),
        0.05 + 0.9 * ((episode * 37 + step * 11) % 97) / 97,
      ]),
    ),
  ) // prettier-ignore
  const found = earlyWarnings(predictions, steps, [])
  expect(found.map((one) => one.falsePositiveRate)).toEqual([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
  for (let i = 1; i < found.length; i++) {
    expect(found[i].threshold).toBeLessThanOrEqual(found[i - 1].threshold)
    expect(found[i].alerted).toBeGreaterThanOrEqual(found[i - 1].alerted)
  }
  expect(found.at(-1)!.alerted).toBeGreaterThan(found[0].alerted)
})
