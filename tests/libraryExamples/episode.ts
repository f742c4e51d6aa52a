import { openEnvironment, openModel, playEpisode, Trajectory, TrajectoryCapture } from 'innerview'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

await using model = await openModel('embedded')
const environment = openEnvironment({ name: 'twenty_questions', maxSteps: 4 })

// The same hidden object with and without steering: draws have the same seeds, so the two are a pair.
const settings = { task: 'Cat', seed: 7, maxNewTokens: 24 }
const capture = new TrajectoryCapture(model, { names: 'blocks.*.hook_resid_post' })
const plain = await playEpisode(model, environment, { ...settings, capture })
const ablated = await playEpisode(model, environment, {
  ...settings,
  interventions: [
    {
      kind: 'zeroAblate',
      hook: 'blocks.3.hook_attn_out',
      positions: 'all',
      applyAtSteps: [1, 2, 3],
    },
  ],
})
console.log(plain.steps[0].completion === ablated.steps[0].completion)
// prints: true

// Every position of every step, prompt and answer, with what the oracle said.
const trajectory = await capture.trajectory()
const [first, second] = trajectory.acrossTrajectory('blocks.3.hook_resid_post')
const { promptIds, completionIds } = plain.steps[1]
console.log(first.axes, second.shape[1] === promptIds.length + completionIds.length)
// prints: B S D true
console.log(trajectory.step(0).metadata.completion === plain.steps[0].completion)
// prints: true

// Saved as safetensors and JSON; nothing that is loaded can run.
const folder = join(await mkdtemp(join(tmpdir(), 'innerview-example-')), 'episode-0')
await trajectory.save(folder)
const loaded = await Trajectory.load(folder)
console.log(loaded.activation(1, 'blocks.3.hook_resid_post').data.length === second.data.length)
// prints: true
