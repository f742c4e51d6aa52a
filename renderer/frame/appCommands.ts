// The commands that work everywhere.
import { modelActions } from '../models/modelActions.svelte.ts'
import { copyText } from '../shared/clipboard.ts'
import { importForm } from '../runs/importForm.svelte.ts'
import { startFormWith } from '../runs/runForm.svelte.ts'
import { selection } from '../selection.svelte.ts'
import type { Command } from '../shared/commands.svelte.ts'
import { theme } from '../shared/theme.svelte.ts'
import { workspace } from '../workspace.svelte.ts'
import { frame } from './frame.svelte.ts'

export const appCommands: Command[] = [
  {
    id: 'new-run',
    title: 'New run…',
    group: 'Do',
    keys: 'n',
    run: () => startFormWith(),
    isEnabled: () => (workspace.models?.length ?? 0) > 0,
  },
  {
    id: 'add-model',
    title: 'Add a model…',
    group: 'Do',
    keys: 'a',
    run: () => {
      selection.go({ view: 'models' })
      void modelActions.choose()
    },
  },
  { id: 'import-episodes', title: 'Import episodes…', group: 'Do', run: () => importForm.open() },
  { id: 'go-home', title: 'Home', group: 'Go to', keys: 'g h', run: () => selection.go({ view: 'home' }) },
  {
    id: 'go-study',
    title: 'Studies',
    group: 'Go to',
    keys: 'g y',
    run: () => selection.go({ view: 'study' }),
  },
  {
    id: 'go-runs',
    title: 'Runs & Episodes',
    group: 'Go to',
    keys: 'g r',
    run: () => selection.go({ view: 'episodes' }),
  },
  { id: 'go-probe', title: 'Probe', group: 'Go to', keys: 'g p', run: () => selection.go({ view: 'probe' }) },
  {
    id: 'go-steer',
    title: 'Steer',
    group: 'Go to',
    keys: 'g v',
    run: () => selection.go({ view: 'steer' }),
  },
  {
    id: 'go-compare',
    title: 'Compare',
    group: 'Go to',
    keys: 'g c',
    run: () => selection.go({ view: 'compare' }),
  },
  {
    id: 'go-lab',
    title: 'Lab: playground',
    group: 'Go to',
    keys: 'g l',
    run: () => selection.go({ view: 'lab' }),
  },
  {
    id: 'go-models',
    title: 'Models',
    group: 'Go to',
    keys: 'g m',
    run: () => selection.go({ view: 'models' }),
  },
  { id: 'go-jobs', title: 'Jobs', group: 'Go to', keys: 'g j', run: () => selection.go({ view: 'jobs' }) },
  {
    id: 'go-settings',
    title: 'Settings',
    group: 'Go to',
    keys: 'g s',
    run: () => selection.go({ view: 'settings' }),
  },
  { id: 'back', title: 'Back', group: 'Go to', keys: 'mod+[', run: () => history.back(), hidden: true },
  {
    id: 'forward',
    title: 'Forward',
    group: 'Go to',
    keys: 'mod+]',
    run: () => history.forward(),
    hidden: true,
  },
  {
    id: 'list',
    title: 'Show or hide the list',
    group: 'Window',
    keys: 'mod+b',
    run: () => frame.toggleList(),
  },
  { id: 'theme', title: 'Change between light and dark', group: 'Window', run: () => theme.toggle() },
  {
    id: 'copy-link',
    title: 'Copy link to what is shown',
    group: 'Window',
    run: () => void copyText(location.href, 'Link'),
  },
  {
    id: 'palette',
    title: 'Command palette',
    group: 'Window',
    keys: 'mod+k',
    run: () => (frame.isPaletteOpen = !frame.isPaletteOpen),
    hidden: true,
  },
  {
    id: 'shortcuts',
    title: 'Keyboard shortcuts',
    group: 'Window',
    keys: '?',
    run: () => (frame.areShortcutsOpen = true),
  },
]
