// Hidden objects as the clusters of a sweep: an object that is played in several episodes is still one.
// Owns: which episodes are of one object, and resamples of whole objects. Not: the statistic that is resampled.
import { clusterResamples } from '../clusterBootstrap.ts'
import type { UniformGenerator } from '../seededGenerator.ts'

/** Indices of the episodes of each object, in the order in which objects first appear. */
export function episodesByObject(episodes: readonly { task: string }[]): number[][] {
  const found = new Map<string, number[]>()
  episodes.forEach(({ task }, index) => {
    const known = found.get(task)
    if (known) known.push(index)
    else found.set(task, [index])
  })
  return [...found.values()]
}

/** Indices of episodes, all those of an object together; where objects differ in episodes, resamples differ in length. */
export function objectResamples(
  episodes: readonly { task: string }[],
  count: number,
  random: UniformGenerator,
): Int32Array[] {
  const objects = episodesByObject(episodes)
  return clusterResamples(objects.length, count, random).map((picks) =>
    objects.length === episodes.length ? picks : Int32Array.from([...picks].flatMap((pick) => objects[pick])),
  )
}
