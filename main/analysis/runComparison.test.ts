import { expect, it } from 'vitest'
import { compareEpisodes, EpisodeResamples, type EpisodeColumns } from './runComparison.ts'

const ratio = [{ sum: 'invalid', weight: 'steps' }]
/** Forty episodes of ten steps; the change belongs to the object, of which there are as many as asked. */
const run = (objects: number, change: (object: number) => number): EpisodeColumns => {
  const episodes = Array.from({ length: 40 }, (_, episode) => episode)
  return {
    keys: episodes.map((episode) => `0/${episode}`),
    objects: episodes.map((episode) => `object ${episode % objects}`),
    columns: {
      invalid: Float64Array.from(episodes, (episode) => 5 + change(episode % 4)),
      steps: new Float64Array(40).fill(10),
    },
  }
}
const compared = (objects: number) => {
  const [reference, other] = [run(objects, () => 0), run(objects, (object) => object - 1)]
  return compareEpisodes(reference, other, ratio, new EpisodeResamples(500, 'objects'))
}

it('episodes of one object are resampled together: few objects leave a wide interval', () => {
  const [many, few] = [compared(40), compared(4)]
  expect(few).toMatchObject({ pairs: 40, isPaired: true })
  expect(few.differences[0].value).toBeCloseTo(many.differences[0].value!, 12)
  const width = ({ differences: [{ low, high }] }: typeof many): number => high! - low!
  expect(width(few)).toBeGreaterThan(2 * width(many))
})

it('without objects every episode stands for itself', () => {
  const { objects: _, ...plain } = run(4, (object) => object - 1)
  const { objects: __, ...reference } = run(4, () => 0)
  const draws = new EpisodeResamples(500, 'objects')
  expect(compareEpisodes(reference, plain, ratio, draws).differences).toEqual(compared(40).differences)
})
