// A playground whose answers are invented. Never part of the build.
import type { PlaygroundItem, PlaygroundSettings } from '../../main/contract/playground.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import { inventEpisode, inventEpisodeView, randomOf } from './invented.ts'

const answers = {
  steered: 'Is the object something that people keep in a kitchen ? <|im_end|>',
  plain: 'Sure ! I am thinking of an object that people keep in a kitchen , as a rule . <|im_end|>',
}

/** Token by token, both answers at once. */
export async function* inventPlay(
  { interventions, probeId, messages }: PlaygroundSettings,
  wait: (ms: number) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<PlaygroundItem[]> {
  for (let i = 0; i < 6 && !signal?.aborted; i++) {
    yield [{ kind: 'progress', label: 'Loading the model', fraction: i / 6 }]
    await wait(60)
  }
  const view = (text: string, i: number) => ({
    id: text.length * 97 + text.charCodeAt(0),
    text: i === 0 || /^[?!.,<]/.test(text) ? text : ` ${text}`,
    isSpecial: text.startsWith('<|'),
  })
  const prompt = messages.flatMap(({ content }) => content.split(' ')).map(view)
  yield [{ kind: 'prompt', tokens: prompt }]
  const kinds = interventions.length > 0 ? (['steered', 'plain'] as const) : (['plain'] as const)
  const words = kinds.map((kind) => answers[kind].split(' ').map(view))
  const random = randomOf(7)
  for (let index = 0; index < Math.max(...words.map((list) => list.length)) && !signal?.aborted; index++) {
    const items: PlaygroundItem[] = []
    kinds.forEach((answer, k) => {
      const token = words[k]?.[index]
      if (!token) return
      const logProbability = -(random() ** 3) * 5 - 0.01
      const top = ['the', 'a', 'Is'].map((text, i) => ({ token: view(text, 0), logProbability: -0.4 - i }))
      items.push({ kind: 'token', answer, index, token, logProbability, rank: 0, entropy: random() * 4, top })
      if (answer === 'steered')
        items.push({
          kind: 'compared',
          index,
          divergence: random() ** 2 * 2.5,
          logProbability: logProbability - random() * 2,
        })
      if (probeId) items.push({ kind: 'probe', answer, index, probability: random() })
    })
    yield items
    await wait(70)
  }
  if (signal?.aborted) return
  yield kinds.map((answer): PlaygroundItem => ({
    kind: 'end',
    answer,
    finish: 'stop',
    completion: answers[answer].replace(' <|im_end|>', ''),
    interventions: answer === 'plain' ? [] : [{ name: '1, add', tokens: 1, open: null }],
  }))
}

export function inventPlayOf(run: RunRecord, episode: number, step: number): PlaygroundSettings | null {
  const view = inventEpisodeView(run, inventEpisode(run, episode)).steps.find(
    ({ record }) => record.step === step,
  )
  if (!view) return null
  const { interventions, sampling, modelId, computeDtype, seed } = run.settings
  return {
    modelId,
    computeDtype,
    messages: view.record.messages,
    interventions: interventions.map((one) => ({ ...one, applyAtSteps: [step] })),
    step,
    sampling,
    seed: `${seed}/${episode}/${step}`,
  }
}
