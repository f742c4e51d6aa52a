import { openModel, TrajectoryCapture } from 'innerview'

await using model = await openModel('embedded')
using capture = new TrajectoryCapture(model, { names: (name) => name.includes('attn.hook_z') })

// Any agent's loop: a step begins, the model runs once, the step ends.
const history: string[] = []
for (let step = 0; step < 3; step++) {
  const messages = [{ role: 'user', content: ['Ask a question.', ...history].join('\n') }] as const
  capture.startStep()
  const { text } = await model.generate(messages, {
    maxNewTokens: 16,
    seed: step,
    step, // for `applyAtSteps`
    interventions: [
      {
        kind: 'zeroAblate',
        hook: 'blocks.0.attn.hook_z',
        heads: [0, 1, 2],
        positions: 'all',
        applyAtSteps: [1, 2],
      },
    ],
  })
  capture.recordStepMetadata({ text, isQuestion: text.includes('?') })
  capture.endStep()
  history.push(`Q${step + 1}: ${text}\nA: No.`)
}

const trajectory = await capture.trajectory()
console.log(trajectory.length, trajectory.activation(2, 'blocks.0.attn.hook_z').axes)
// prints: 3 B S H K
