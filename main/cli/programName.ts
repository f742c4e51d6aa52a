// How the person who reads a hint calls this program.
// Owns: the words before a command in a hint. Not: the hints.

/** `innerview` where it is installed; in a checkout the npm script that the README names. */
export const programName = process.env.npm_lifecycle_event === 'cli' ? 'npm run -s cli --' : 'innerview'
