// What can be done with the keys in a run and in one of its episodes.
// Owns: names and keys. Not: what they do (views/EpisodesView.svelte).
import type { Command } from '../shared/commands.svelte.ts'

export interface EpisodeActions {
  moveStep: (by: number) => void
  moveEpisode: (by: number) => void
  moveHit: (by: 1 | -1) => void
  openChosen: () => void
  close: () => void
  fold: () => void
  foldAll: () => void
  search: () => void
  play: () => void
  fork: () => void
  probe: () => void
  steer: () => void
  toggleInspector: () => void
  toggleFigures: () => void
  hasRun: () => boolean
  /** The run has steps to learn from. */
  hasSteps: () => boolean
  /** An episode is open. */
  isOpen: () => boolean
  /** And one of its steps is chosen. */
  hasStep: () => boolean
  hasHits: () => boolean
  /** A row of the table is chosen, and no episode is open. */
  canOpen: () => boolean
  isConnected: () => boolean
  /** Space and Enter belong to a control that has the focus. */
  isFree: () => boolean
}

type Rest = Partial<Command> & Pick<Command, 'run'>
const command = (id: string, title: string, rest: Rest, group = 'Episode'): Command => ({
  ...{ id, title, group },
  ...rest,
})

export function episodeCommands(actions: EpisodeActions): Command[] {
  const { hasRun, isOpen, hasHits, hasStep, isFree } = actions
  const key = (
    id: string,
    title: string,
    keys: string,
    run: () => void,
    isEnabled: () => boolean,
    rest: Partial<Command> = {},
  ): Command => command(id, title, { keys, run, isEnabled, ...rest })
  const hidden = { hidden: true }
  return [
    key('next-step', 'Next step', 'j', () => actions.moveStep(1), hasRun),
    key('previous-step', 'Previous step', 'k', () => actions.moveStep(-1), hasRun),
    key('next-episode', 'Next episode', 'J', () => actions.moveEpisode(1), isOpen),
    key('previous-episode', 'Previous episode', 'K', () => actions.moveEpisode(-1), isOpen),
    key('fold', 'Fold or unfold the prompt', ' ', actions.fold, () => isOpen() && isFree()),
    command('fold-all', 'Fold or unfold all prompts', { run: actions.foldAll, isEnabled: isOpen }),
    key('search', 'Search the episode, or filter the episodes', '/', actions.search, hasRun),
    key('next-hit', 'Next hit', 'n', () => actions.moveHit(1), hasHits, hidden),
    key('previous-hit', 'Previous hit', 'N', () => actions.moveHit(-1), hasHits, hidden),
    key('open-episode', 'Open the episode', 'Enter', actions.openChosen, () => actions.canOpen() && isFree()),
    key('close-episode', 'Back to all episodes', 'Escape', actions.close, isOpen),
    key('step-play', 'Open the step in the playground', 'o', actions.play, hasStep),
    key(
      'step-fork',
      'Go on from the step with other settings…',
      'b',
      actions.fork,
      () => hasStep() && actions.isConnected(),
    ),
    key('inspector', 'Show or hide the inspector', 'i', actions.toggleInspector, isOpen),
    key('figures', 'Show or hide the figures', 'c', actions.toggleFigures, hasRun),
    command(
      'probe-run',
      'Train a probe on this run…',
      { run: actions.probe, isEnabled: actions.hasSteps },
      'Run',
    ),
    command(
      'steer-run',
      'Make a steering vector from this run…',
      { run: actions.steer, isEnabled: actions.hasSteps },
      'Run',
    ),
  ]
}

export interface LabelActions {
  /** Of the set in hand: each has a key. */
  classes: readonly string[]
  /** Null takes the step's label away. */
  give: (label: string | null) => void
  toggle: () => void
  canGive: () => boolean
  canToggle: () => boolean
}

export const labelCommands = ({ classes, give, toggle, canGive, canToggle }: LabelActions): Command[] => [
  ...classes.map((label, i) =>
    command(`label-${i + 1}`, `Label the step “${label}”`, {
      ...{ keys: String(i + 1), run: () => give(label), isEnabled: canGive },
    }),
  ),
  command('label-none', 'Take the step’s label away', {
    ...{ keys: '0', run: () => give(null), isEnabled: canGive },
  }),
  command('label', 'Label steps by hand', { keys: 'l', run: toggle, isEnabled: canToggle }),
]
