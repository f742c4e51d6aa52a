// The workbench starts, in both hosts, without a complaint in the console.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, screenshot, startServer, type DesktopHost, type Host } from './hosts.ts'

const connected = '[data-testid=connection][data-state=connected]'

describe.each([
  { name: 'desktop', open: openDesktop, isHere: electronBinary !== null },
  { name: 'browser', open: openBrowser, isHere: chromiumBinary !== null },
])('starting in the $name', ({ name, open, isHere }) => {
  let host: Host
  beforeAll(async () => {
    if (isHere) host = await open()
  })
  afterAll(() => host?.close())

  test.skipIf(!isHere)('shows a new workspace, connected and without complaints', async () => {
    await host.page.locator(connected).waitFor()
    await host.page.getByTestId('app-ready').waitFor()
    expect(await host.page.title()).toContain('Innerview')
    expect(existsSync(join(host.folder, 'workspace'))).toBe(true)
    for (const colorScheme of ['dark', 'light'] as const) {
      await host.page.emulateMedia({ colorScheme })
      await screenshot(host.page, `${name}-empty-${colorScheme}`)
    }
    expect(host.complaints).toEqual([])
  })

  test.skipIf(!isHere)('a reload connects again', async () => {
    await host.page.reload()
    await host.page.locator(connected).waitFor()
    await host.page.getByTestId('app-ready').waitFor()
    expect(host.complaints).toEqual([])
  })
})

describe.skipIf(!electronBinary)('the desktop shell', () => {
  let host: DesktopHost
  beforeAll(async () => {
    host = await openDesktop()
    await host.page.locator(connected).waitFor()
  })
  afterAll(() => host?.close())

  test('menu items reach the page as commands', async () => {
    await host.app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.getMenuItemById('palette')!.click())
    await host.page.getByTestId('palette').waitFor()
    await host.page.keyboard.press('Escape')
    await host.app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.getMenuItemById('show-models')!.click())
    await host.page.getByTestId('model-path').waitFor()
  })

  test('every command of the menu is one that the page knows', async () => {
    const { desktopCommands } = await import('../../main/contract/desktop.ts')
    const inMenu = await host.app.evaluate(
      ({ Menu }, names) => names.filter((name) => Menu.getApplicationMenu()!.getMenuItemById(name)),
      [...desktopCommands],
    )
    expect(inMenu).toEqual([...desktopCommands])
  })

  test('another workspace chosen in the dialog gets an engine of its own', async () => {
    const other = join(host.folder, 'other workspace')
    await host.app.evaluate(({ dialog }, folder) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [folder] })
    }, other)
    await host.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!.getMenuItemById('open-workspace')!.click(),
    )
    await expect
      .poll(() => host.page.getByTestId('workspace').getAttribute('title'), { timeout: 20_000 })
      .toBe(other)
    await host.page.locator(connected).waitFor()
    const known = await host.page.evaluate(() => window.desktop!.workspaces())
    expect(known.current).toBe(other)
    expect(known.recent).toContain(join(host.folder, 'workspace'))
  })

  test('shows a notification with its words, and drops one that is none', async () => {
    await host.app.evaluate(({ Notification }) => {
      const shown: string[] = []
      Object.assign(globalThis, { shownNotices: shown })
      Notification.isSupported = () => true
      Notification.prototype.show = function (this: Electron.Notification) {
        shown.push(`${this.title}: ${this.body}`)
      }
    })
    await host.page.evaluate(() => {
      window.desktop!.notify('“first” is done', '4 episodes')
      window.desktop!.notify({ title: 'none' } as never, 7 as never)
    })
    const shown = (): Promise<string[]> =>
      host.app.evaluate(() => (globalThis as unknown as { shownNotices: string[] }).shownNotices)
    await expect.poll(shown, { timeout: 5000 }).toEqual(['“first” is done: 4 episodes'])
  })

  test('comes back where it was, in the theme it had, on the workspace it showed', async () => {
    const bounds = { x: 40, y: 30, width: 1010, height: 640 }
    const theme = (): Promise<string> => host.app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)
    await host.app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.getMenuItemById('toggle-theme')!.click())
    await expect.poll(theme, { timeout: 5000 }).not.toBe('system')
    const chosen = await theme()
    await host.app.evaluate(
      ({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]!.setBounds(to),
      bounds,
    )
    const { folder } = host
    const { current } = await host.page.evaluate(() => window.desktop!.workspaces())
    await host.close({ keepFolder: true })
    host = await openDesktop(folder, { INNERVIEW_WORKSPACE: '' })
    await host.page.locator(connected).waitFor()
    expect(
      await host.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds()),
    ).toEqual(bounds)
    expect(await theme()).toBe(chosen)
    expect((await host.page.evaluate(() => window.desktop!.workspaces())).current).toBe(current)
  })
})

describe.skipIf(!electronBinary)('a workspace that is open elsewhere', () => {
  let server: Awaited<ReturnType<typeof startServer>>
  let host: DesktopHost
  beforeAll(async () => {
    server = await startServer()
    host = await openDesktop(server.folder)
  })
  afterAll(async () => {
    await server?.close({ keepFolder: true })
    await host?.close()
  })
  const refusal = (): ReturnType<DesktopHost['page']['locator']> =>
    host.page.locator('main [data-testid=error-card][data-code=workspace_locked]')

  test('is named in the window, with what to do', async () => {
    await refusal().waitFor()
    expect(await refusal().textContent()).toContain(join(server.folder, 'workspace'))
    await screenshot(host.page, 'desktop-workspace-locked')
  })

  test('leaves the way to another workspace open', async () => {
    await host.app.evaluate(
      ({ dialog }, folder) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [folder] })
      },
      join(server.folder, 'free'),
    )
    await host.page.evaluate(() => window.desktop!.chooseWorkspace())
    await host.page.getByTestId('app-ready').waitFor()
    await refusal().waitFor({ state: 'detached' })
  })

  test('opens when it is free and asked for again', async () => {
    const first = join(server.folder, 'workspace')
    await host.page.evaluate((folder) => window.desktop!.chooseWorkspace(folder), first)
    await refusal().waitFor()
    await server.close({ keepFolder: true })
    await host.page.locator('main').getByRole('button', { name: 'Try again' }).click()
    await refusal().waitFor({ state: 'detached' })
    await expect.poll(() => host.page.getByTestId('workspace').getAttribute('title')).toBe(first)
  })
})
