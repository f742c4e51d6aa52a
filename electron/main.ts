// Entry of the shell. Owns: the order of starting and ending. Each part has its own file beside this one.
import { app, nativeTheme, session, type BrowserWindow } from 'electron'
import { join } from 'node:path'
import { channels, type DesktopCommand } from '../main/contract/desktop.ts'
import { defaultWorkspace } from '../main/folders.ts'
import { bringToFront, openBridge } from './bridge.ts'
import { chooseWorkspace } from './dialogs.ts'
import { EngineHost } from './engineHost.ts'
import { setMenu } from './menu.ts'
import { registerPageScheme, servePage } from './pageScheme.ts'
import { denyPermissions, lockPages } from './security.ts'
import { ShellSettings } from './shellSettings.ts'
import { openWindow } from './window.ts'

// With --no-sandbox (needed as root) this would end every child process.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
registerPageScheme()
lockPages()

function run(): void {
  const settings = new ShellSettings(join(app.getPath('userData'), 'shell.json'))
  // A variable or an option given for this start wins over what is remembered.
  const given = app.commandLine.getSwitchValue('workspace') || process.env.INNERVIEW_WORKSPACE
  settings.useWorkspace(given || settings.values.workspace || defaultWorkspace())
  nativeTheme.themeSource = settings.values.theme
  let window: BrowserWindow | null = null

  const engine = new EngineHost({
    // A packed app keeps the engine outside its archive, where an outside Node can read it.
    entry: join(__dirname, '../engine/engine.mjs').replace('app.asar', 'app.asar.unpacked'),
    nodePath: process.env.INNERVIEW_NODE,
    environment: () => ({ ...process.env, INNERVIEW_WORKSPACE: currentWorkspace() }),
  })
  const currentWorkspace = (): string => settings.values.workspace ?? defaultWorkspace()
  const show = (): void => {
    window = openWindow(settings)
    window.on('closed', () => (window = null))
  }
  const openWorkspace = async (folder?: string): Promise<string | null> => {
    const isKnown = folder !== undefined && settings.recentWorkspaces().includes(folder)
    const chosen = isKnown ? folder : await chooseWorkspace(window)
    if (chosen === null || chosen === currentWorkspace()) return chosen
    settings.useWorkspace(chosen)
    refreshMenu()
    await engine.restart()
    return chosen
  }
  const command = (name: DesktopCommand): void => window?.webContents.send(channels.command, name)
  const refreshMenu = (): void =>
    setMenu(settings.recentWorkspaces(), { command, openWorkspace: (folder) => void openWorkspace(folder) })

  denyPermissions(session.defaultSession)
  servePage(session.defaultSession, join(__dirname, '../renderer'))
  openBridge({
    window: () => window,
    engine,
    settings,
    workspaces: () => ({ current: currentWorkspace(), recent: settings.recentWorkspaces() }),
    openWorkspace,
  })
  refreshMenu()
  engine.start()
  show()

  app.on('second-instance', () => bringToFront(window))
  app.on('activate', () => {
    if (!window) show()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  let hasStopped = false
  app.on('will-quit', (event) => {
    if (hasStopped) return
    event.preventDefault()
    void engine.stop().finally(() => {
      hasStopped = true
      app.quit()
    })
  })
}

if (app.requestSingleInstanceLock()) void app.whenReady().then(run)
else app.quit()
