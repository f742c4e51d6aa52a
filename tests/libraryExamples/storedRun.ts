import { collectRun, resumeRun, type ChooseStep } from 'innerview'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const workspace = await mkdtemp(join(tmpdir(), 'innerview-example-'))

// A rule that looks at the episode so far: after two wrong turns, attention of the middle layers is taken out.
const choose: ChooseStep = ({ messages }) => {
  const text = messages.map(({ content }) => content).join('')
  return text.split('Invalid Question').length > 2 ? ['no attention'] : []
}
const chooser = { name: 'after two invalid questions', choose }

// Played, stored step by step, and paused after a moment.
const stop = new AbortController()
const paused = await collectRun(
  {
    model: 'embedded',
    environment: { name: 'twenty_questions', maxSteps: 5 },
    oracle: { kind: 'kb' },
    sampling: { maxNewTokens: 24 },
    capture: {},
    episodes: 4,
    batch: 1,
    interventions: [
      {
        name: 'no attention',
        kind: 'zeroAblate',
        hook: 'blocks.{2,3}.hook_attn_out',
        positions: 'lastPrompt',
      },
    ],
  },
  {
    workspace,
    chooser,
    signal: stop.signal,
    onProgress({ progress }) {
      if (progress.steps >= 3) stop.abort()
    },
  },
)
console.log(paused.status)
// prints: paused

// Goes on from the last stored step of each episode, with the rows of a run that was never stopped.
const run = await resumeRun(paused.id, { workspace, chooser })
console.log(run.status, run.progress.episodesDone)
// prints: done 4
