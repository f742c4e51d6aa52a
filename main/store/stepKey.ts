// Which step of which run, as the database names it.
// Owns: the key and its words in messages. Not: run ids of the contract (columns.ts).

/** As in the database: runs by number, see `runNumber`. */
export interface StepKey {
  run: number
  episode: number
  step: number
}

/** For messages: `r3, episode 0, step 12`. */
export const stepName = ({ run, episode, step }: StepKey): string =>
  `r${run}, episode ${episode}, step ${step}`
