// Rows for tests of probes whose truth is known.
// Owns: labels that follow their own history, features that hold that history, and a direction beyond it of chosen strength.
import type { ProbeData } from '../../main/analysis/probes/probeData.ts'
import { normalGenerator } from '../../main/analysis/normalDraws.ts'
import { seededGenerator } from '../../main/analysis/seededGenerator.ts'

export interface PlantedSettings {
  seed: string
  episodes?: number
  steps?: number
  width?: number
  /** How far the classes lie apart along one direction, in standard deviations of the noise; 0 plants nothing. */
  strength?: number
  /** How much of the previous label and of the running rate the features hold, likewise. */
  history?: number
}

/**
 * Label of a step: 1 with probability .25, or .75 where the step before was 1. Everything a rival may read follows: earlier labels,
 * prompts that tell them in words, as the case study's do, and lengths that grow with the step.
 */
export function plantedRows({
  seed,
  episodes = 30,
  steps = 10,
  width = 24,
  strength = 0,
  history = 1.5,
}: PlantedSettings): ProbeData {
  const random = seededGenerator(seed)
  const draw = normalGenerator(random)
  const rows = episodes * steps
  const values = new Float32Array(rows * width)
  const labels = new Int32Array(rows)
  const earlierLabels: number[][] = []
  const prompts: string[] = []
  const completions: string[] = []
  const words = ['alive', 'animal', 'heavy', 'metal', 'round', 'edible', 'loud', 'small', 'wooden', 'old']
  for (let episode = 0; episode < episodes; episode++) {
    const past: number[] = []
    let prompt = 'Ask a question.'
    for (let step = 0; step < steps; step++) {
      const row = episode * steps + step
      labels[row] = random() < (past.at(-1) === 1 ? 0.75 : 0.25) ? 1 : 0
      earlierLabels.push([...past])
      prompts.push(prompt)
      const word = words[Math.floor(random() * words.length)]
      completions.push(`Is it ${word}`)
      const rate = past.length ? past.reduce((a, b) => a + b, 0) / past.length : 0.5
      for (let column = 0; column < width; column++) values[row * width + column] = draw()
      values[row * width] += strength * (labels[row] - 0.5)
      values[row * width + 1] += history * ((past.at(-1) ?? 0.5) - 0.5)
      values[row * width + 2] += history * (rate - 0.5)
      prompt += ` Q${step + 1}: ${completions[row]} A: ${labels[row] ? 'Invalid Question.' : 'No.'}`
      past.push(labels[row])
    }
  }
  const episodeOf = (row: number): number => Math.floor(row / steps)
  return {
    hash: seed,
    rows,
    width,
    layers: [3],
    poolings: ['lastPrompt'],
    read: () => values,
    classes: ['valid', 'invalid'],
    labels,
    keys: Array.from({ length: rows }, (_, row) => ({
      runId: 'r',
      episode: episodeOf(row),
      step: row % steps,
    })),
    groups: Int32Array.from({ length: rows }, (_, row) => episodeOf(row)),
    tasks: Array.from({ length: rows }, (_, row) => `object ${episodeOf(row) % 10}`),
    categories: Array.from({ length: rows }, (_, row) => `category ${episodeOf(row) % 3}`),
    prompts,
    completions,
    promptTokens: Int32Array.from(prompts, (text) => text.length / 4),
    completionTokens: Int32Array.from(completions, (text) => text.length / 4),
    earlierLabels,
    areEarlierLabelsLive: false,
    rivals: [],
  }
}
