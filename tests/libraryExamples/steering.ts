import {
  contrastVectors,
  openEnvironment,
  openModel,
  playEpisode,
  randomVectors,
  steeringVerdict,
  TrajectoryCapture,
} from 'innerview'

await using model = await openModel('embedded')
const environment = openEnvironment({ name: 'twenty_questions', maxSteps: 4 })
const hook = 'blocks.3.hook_resid_post'
const width = model.shape.residualWidth
const episodes = [...Array(8).keys()]

// One row a step: the residual at the last prompt token, before the model has answered. Label 1: the answer was no valid question.
const played = await Promise.all(
  episodes.map(async (episode) => {
    const capture = new TrajectoryCapture(model, { names: [hook] })
    await playEpisode(model, environment, { episode, seed: 1, maxNewTokens: 12, capture })
    const { steps } = await capture.trajectory()
    return steps.map(({ promptIds, tensors, metadata }, step) => {
      const { data } = tensors.get(hook)!
      const row = data.slice((promptIds.length - 1) * width, promptIds.length * width)
      return { row, episode, step, isInvalid: metadata.isInvalid === true }
    })
  }),
)
const rows = played.flat()
const { document, vectors } = contrastVectors(
  {
    width,
    data: Float32Array.from(rows.flatMap(({ row }) => [...row])),
    labels: Int32Array.from(rows, ({ isInvalid }) => (isInvalid ? 1 : 0)),
    episodes: Int32Array.from(rows, ({ episode }) => episode),
    steps: Int32Array.from(rows, ({ step }) => step),
  },
  { towards: 0 },
)
const [report] = document.vectors
console.log(report.towards >= 5 && report.away >= 5, report.heldOutDPrime! > 0.5)
// prints: true true

// The same objects and seeds with the vector, and with two random directions as long: all in one batch.
const play = (id: string, role: 'baseline' | 'steered' | 'random', vector: Float32Array | null) =>
  Promise.all(
    episodes.map(async (episode) => {
      const interventions = vector
        ? [{ kind: 'add', hook, positions: 'lastPrompt', vector, alpha: 2 } as const]
        : []
      const { task, outcome, steps } = await playEpisode(model, environment, {
        ...{ episode: 100 + episode, seed: 1, maxNewTokens: 12, interventions },
      })
      const tokens = steps.reduce((sum, { completionIds }) => sum + completionIds.length, 0)
      return {
        task,
        seed: episode,
        outcomes: steps.map(({ isInvalid }) => (isInvalid ? 1 : 0)),
        sideEffects: { win: outcome === 'win' ? 1 : 0, length: tokens / steps.length },
      }
    }),
  ).then((done) => ({ id, title: id, role, alpha: vector && 2, episodes: done }))
const random = randomVectors(vectors, 2, 1).map(([vector]) => vector)
const verdict = steeringVerdict(
  {
    conditions: await Promise.all([
      play('baseline', 'baseline', null),
      play('α = 2', 'steered', vectors[0]),
      ...random.map((vector, index) => play(`random ${index}`, 'random', vector)),
    ]),
    stability: { '': [report.stability] },
  },
  { metric: 'invalid rate', wanted: 'down' },
)
console.log(verdict.overall.sentence.includes('invalid rate'), verdict.items.length)
// prints: true 11
