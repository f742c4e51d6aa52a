// The order in which a run's episodes take their tasks.
// Owns: seed and episode → task. Not: which tasks there are (selection.ts, the environment).
import { seededGenerator, shuffled } from '../analysis/seededGenerator.ts'

/**
 * A function from (episode, seed) to a task: the tasks shuffled by the seed, round and round.
 * The same seed gives the same task at the same episode, however many episodes are played and in whatever order.
 * @param tasks at least one
 */
export function taskOrder<T>(tasks: readonly T[]): (episode: number, seed: number) => T {
  if (tasks.length === 0) throw new TypeError('taskOrder needs at least one task')
  let order: { seed: number; tasks: T[] } | null = null
  return (episode, seed) => {
    if (!Number.isInteger(episode) || episode < 0) throw new TypeError(`episode ${episode} is not a count`)
    if (order?.seed !== seed) order = { seed, tasks: shuffled(tasks, seededGenerator(`tasks/${seed}`)) }
    return order.tasks[episode % order.tasks.length] as T // the remainder is within the array
  }
}
