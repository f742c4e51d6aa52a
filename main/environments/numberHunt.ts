// Number hunt: the agent guesses a hidden number and hears whether it is higher or lower.
// Owns: its rules. The smallest whole example of an environment: no oracle, no data.
import * as z from 'zod'
import type { EnvironmentSettings } from '../contract/runs.ts'
import type { Environment, Judgement } from './environment.ts'
import { select } from './selection.ts'
import { taskOrder } from './taskOrder.ts'

export type NumberHuntSettings = Extract<EnvironmentSettings, { name: 'number_hunt' }>

const stateSchema = z.object({
  hidden: z.number().int(),
  turns: z.array(z.object({ guess: z.string(), answer: z.string() })),
  outcome: z.enum(['running', 'win', 'limit']),
})

/** The first whole number in a text, thousands separated by commas allowed; null where there is none. */
export function numberIn(text: string): number | null {
  const found = /(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w]|[.,]\d)/.exec(text)
  return found ? Number(found[0].replaceAll(',', '')) : null
}

/**
 * The environment over the numbers 1 … `settings.upTo`.
 * @throws selection_empty, selection_invalid by `settings.selection`
 */
export function numberHunt(settings: NumberHuntSettings): Environment {
  const numbers = Array.from({ length: settings.upTo }, (_, i) => String(i + 1))
  const opening =
    `I'm thinking of a whole number from 1 to ${settings.upTo}. You have ${settings.maxSteps} guesses. ` +
    `Reply with one number.`

  return {
    name: settings.name,
    version: '1',
    maxSteps: settings.maxSteps,
    taskOf: taskOrder(select(numbers, settings.selection)),
    reset: (task) => ({ hidden: Number(task), turns: [], outcome: 'running' }),
    turns: (state) => stateSchema.parse(state).turns.length,
    observe(given, dropTurns) {
      const { turns } = stateSchema.parse(given)
      if (!Number.isInteger(dropTurns) || dropTurns < 0 || dropTurns > turns.length) {
        throw new TypeError(`${dropTurns} of ${turns.length} turns cannot be dropped`)
      }
      const lines = turns.map((turn, i) => `Guess ${i + 1}: ${turn.guess}\n${turn.answer}`).slice(dropTurns)
      const content = [opening, ...lines].join('\n')
      return [
        ...(settings.systemPrompt === ''
          ? []
          : [{ role: 'system' as const, content: settings.systemPrompt }]),
        { role: 'user' as const, content },
      ]
    },
    async step(given, message, _context) {
      const state = stateSchema.parse(given)
      if (state.outcome !== 'running') throw new TypeError(`the episode has ended (${state.outcome})`)
      const guess = numberIn(message.text)
      const isWin = guess === state.hidden
      const answer =
        guess === null
          ? 'That is not a number.'
          : isWin
            ? 'Correct!'
            : guess < state.hidden
              ? 'Higher.'
              : 'Lower.'
      const turns = [...state.turns, { guess: message.text.trim(), answer }]
      const outcome = isWin ? 'win' : turns.length >= settings.maxSteps ? 'limit' : 'running'
      const judgement: Judgement = {
        verdict: guess === null ? 'invalid' : isWin ? 'yes' : 'no',
        confidence: 1,
        reason:
          guess === null ? 'No whole number in the message.' : `Guessed ${guess}; hidden is ${state.hidden}.`,
      }
      return {
        state: { ...state, turns, outcome },
        answer,
        isInvalid: guess === null,
        isWin,
        reward: isWin ? 0 : -1,
        outcome,
        labels: { guess, distance: guess === null ? null : Math.abs(guess - state.hidden) },
        judgement,
      }
    },
  }
}
