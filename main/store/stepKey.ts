// Which step of which run.

/** As in the database: runs by number, see `runNumber`. */
export interface StepKey {
  run: number
  episode: number
  step: number
}

/** For messages: `r3, episode 0, step 12`. */
export const stepName = ({ run, episode, step }: StepKey): string =>
  `r${run}, episode ${episode}, step ${step}`
