// The application menu. Items that the page carries out are sent to it as commands; the rest is the shell's.
// Owns: its items and accelerators. Not: what a command does (the page) or choosing folders (dialogs.ts).
import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { DesktopCommand } from '../main/contract/desktop.ts'

export interface MenuActions {
  command(command: DesktopCommand): void
  /** Without a folder: ask for one. */
  openWorkspace(folder?: string): void
}

/** To be called again when the recent workspaces change. */
export function setMenu(recentWorkspaces: string[], actions: MenuActions): void {
  const isMac = process.platform === 'darwin'
  const item = (
    label: string,
    command: DesktopCommand,
    accelerator?: string,
  ): MenuItemConstructorOptions => ({
    id: command,
    label,
    ...(accelerator ? { accelerator } : {}),
    click: () => actions.command(command),
  })
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const recent: MenuItemConstructorOptions[] = recentWorkspaces.map((folder) => ({
    label: folder,
    click: () => actions.openWorkspace(folder),
  }))
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: '&File',
      submenu: [
        item('New run…', 'new-run', 'CmdOrCtrl+N'),
        item('Open model…', 'open-model', 'CmdOrCtrl+O'),
        separator,
        {
          id: 'open-workspace',
          label: 'Open workspace…',
          accelerator: 'CmdOrCtrl+Shift+O',
          click: () => actions.openWorkspace(),
        },
        { label: 'Recent workspaces', enabled: recent.length > 0, submenu: recent },
        separator,
        item('Settings', 'settings', 'CmdOrCtrl+,'),
        separator,
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('Command palette', 'palette', 'CmdOrCtrl+K'),
        item('Find', 'find', 'CmdOrCtrl+F'),
        separator,
        item('Runs', 'show-runs', 'CmdOrCtrl+1'),
        item('Models', 'show-models', 'CmdOrCtrl+2'),
        item('Jobs', 'show-jobs', 'CmdOrCtrl+3'),
        separator,
        item('Back', 'go-back', isMac ? 'Cmd+[' : 'Alt+Left'),
        item('Forward', 'go-forward', isMac ? 'Cmd+]' : 'Alt+Right'),
        separator,
        item('Dark or light', 'toggle-theme', 'CmdOrCtrl+Shift+L'),
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        separator,
        { role: 'reload' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        item('Keyboard shortcuts', 'shortcuts', 'CmdOrCtrl+/'),
        ...(isMac
          ? []
          : [{ label: `About ${app.name}`, role: 'about' } satisfies MenuItemConstructorOptions]),
      ],
    },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
