// A run's interventions as lines of text.
// Owns: one line for each, with what it has met so far. Not: what they mean (docs/interventions.md).
import { positionsText } from '../contract/interventions.ts'
import type { RunRecord } from '../contract/runs.ts'

/** For instance `intervention “push”: add at blocks.15.hook_resid_post, lastPrompt: 600 tokens in 600 steps`. */
export const interventionLines = ({ settings, progress }: RunRecord): string[] =>
  settings.interventions.map(({ name, kind, hook, positions, applyAtSteps }, index) => {
    const met = progress.interventions.find((total) => total.index === index)
    const where = positionsText(positions)
    const steps = applyAtSteps ? `, steps ${applyAtSteps.join(' ')}` : ''
    const counts = met ? `${met.tokens} tokens in ${met.steps} steps` : 'not asked of any step'
    const gate =
      !met || met.open === null
        ? ''
        : met.open === 0
          ? ', its gate was never open'
          : `, gate open ${met.open} ×`
    const title = name ?? String(index + 1)
    return `intervention “${title}”: ${kind} at ${[hook].flat().join(', ')}, ${where}${steps}: ${counts}${gate}`
  })
