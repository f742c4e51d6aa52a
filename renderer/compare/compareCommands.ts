// What can be done with the keys while runs are compared.
// Owns: names and keys. Not: what they do (views/CompareView.svelte).
import type { Command } from '../shared/commands.svelte.ts'

export interface CompareActions {
  moveStep: (by: number) => void
  movePair: (by: number) => void
  moveRun: (by: number) => void
  toFirstDifference: () => void
  close: () => void
  keep: () => void
  /** Two episodes stand side by side. */
  isOpen: () => boolean
  runs: () => number
}

export function compareCommands(actions: CompareActions): Command[] {
  const { isOpen, runs } = actions
  const command = (
    id: string,
    title: string,
    keys: string,
    run: () => void,
    isEnabled: () => boolean,
  ): Command => ({ id, title, group: 'Compare', keys, run, isEnabled })
  const areTwo = (): boolean => runs() > 1
  const areMore = (): boolean => runs() > 2
  return [
    command('next-step', 'Next step', 'j', () => actions.moveStep(1), isOpen),
    command('previous-step', 'Previous step', 'k', () => actions.moveStep(-1), isOpen),
    command('next-pair', 'Next pair of episodes', 'J', () => actions.movePair(1), areTwo),
    command('previous-pair', 'Previous pair of episodes', 'K', () => actions.movePair(-1), isOpen),
    command('first-difference', 'Go to where they part', 'd', actions.toFirstDifference, isOpen),
    command('next-compared', 'Next compared run', ']', () => actions.moveRun(1), areMore),
    command('previous-compared', 'Previous compared run', '[', () => actions.moveRun(-1), areMore),
    command('close-pair', 'Back to the comparison', 'Escape', actions.close, isOpen),
    {
      ...{ id: 'keep-comparison', title: 'Keep this comparison…', group: 'Compare' },
      ...{ run: actions.keep, isEnabled: areTwo },
    },
  ]
}
