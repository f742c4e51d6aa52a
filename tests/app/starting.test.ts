// The workbench starts, in both hosts, without a complaint in the console.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary, electronBinary } from '../support/available.ts'
import { openBrowser, openDesktop, screenshot, type DesktopHost, type Host } from './hosts.ts'

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

  test.skipIf(!isHere)('shows an empty workspace, connected and without complaints', async () => {
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

  test('remembers the theme for the next start', async () => {
    await host.page.evaluate(() => window.desktop!.setTheme('dark'))
    await expect
      .poll(() => host.app.evaluate(({ nativeTheme }) => nativeTheme.themeSource), { timeout: 5000 })
      .toBe('dark')
  })
})
