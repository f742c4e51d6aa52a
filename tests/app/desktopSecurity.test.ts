// What a hostile page, link or model text could try in the desktop workbench, tried in a real Electron.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { electronBinary } from '../support/available.ts'
import { openDesktop, type DesktopHost } from './hosts.ts'

describe.skipIf(!electronBinary)('the desktop window', () => {
  let host: DesktopHost
  beforeAll(async () => {
    host = await openDesktop()
    await host.page.getByTestId('connection').waitFor()
  })
  afterAll(() => host?.close())

  test('is sandboxed and isolated, and the page has no Node', async () => {
    const preferences = await host.app.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0]!
      return (window.webContents as unknown as { getLastWebPreferences(): object }).getLastWebPreferences()
    })
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    })
    const seen = await host.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
    )
    expect(seen).toEqual([])
  })

  test('offers the page the bridge of the contract and nothing else', async () => {
    const names = await host.page.evaluate(() => Object.keys(window.desktop!).sort())
    expect(names).toEqual([
      'chooseImport',
      'chooseModel',
      'chooseWorkspace',
      'connectEngine',
      'notify',
      'onCommand',
      'onEngineStatus',
      'pathOf',
      'progress',
      'setTheme',
      'workspaces',
    ])
  })

  test('runs no inline script, no event attribute and no eval', async () => {
    const ran = await host.page.evaluate(async () => {
      const marks = window as unknown as { inline?: true; attribute?: true }
      const script = document.createElement('script')
      script.textContent = 'window.inline = true'
      document.head.append(script)
      const holder = document.createElement('div')
      holder.innerHTML = '<img src="data:," onerror="window.attribute = true">'
      document.body.append(holder)
      await new Promise((resolve) => setTimeout(resolve, 200))
      holder.remove()
      let evaluated = true
      try {
        setTimeout('window.evaluated = true', 0)
        new Function('return 1')()
      } catch {
        evaluated = false
      }
      return { inline: marks.inline === true, attribute: marks.attribute === true, evaluated }
    })
    expect(ran).toEqual({ inline: false, attribute: false, evaluated: false })
  })

  test('reaches no other host', async () => {
    const outcome = await host.page.evaluate(async () => {
      const blocked: string[] = []
      document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective))
      await fetch('https://example.org/').catch(() => {})
      await new Promise((resolve) => {
        const image = new Image()
        image.onload = image.onerror = resolve
        image.src = 'https://example.org/a.png'
      })
      const frame = document.createElement('iframe')
      frame.src = 'https://example.org/'
      document.body.append(frame)
      await new Promise((resolve) => setTimeout(resolve, 200))
      frame.remove()
      return blocked
    })
    expect(outcome).toEqual(expect.arrayContaining(['connect-src', 'img-src', 'frame-src']))
  })

  test('stays on its page', async () => {
    const before = host.page.url()
    for (const address of ['https://example.org/', 'file:///etc/passwd', 'data:text/html,hello']) {
      await host.page.evaluate((to) => void location.assign(to), address).catch(() => {})
      await host.page.waitForTimeout(150)
    }
    expect(host.page.url()).toBe(before)
    expect(before.startsWith('app://innerview/')).toBe(true)
  })

  test('opens no window; only https links go to the user’s browser', async () => {
    await host.app.evaluate(({ shell }) => {
      const opened: string[] = []
      Object.assign(globalThis, { openedOutside: opened })
      shell.openExternal = async (address) => void opened.push(address)
    })
    await host.page.evaluate(() => {
      for (const address of [
        'https://example.org/a',
        'http://example.org/b',
        'file:///etc/passwd',
        'vscode://x',
        'javascript:1',
      ])
        window.open(address)
    })
    await host.page.waitForTimeout(200)
    const { windows, opened } = await host.app.evaluate(({ BrowserWindow }) => ({
      windows: BrowserWindow.getAllWindows().length,
      opened: (globalThis as unknown as { openedOutside: string[] }).openedOutside,
    }))
    expect(windows).toBe(1)
    expect(opened).toEqual(['https://example.org/a'])
  })

  test('grants no permission that a page could ask for', async () => {
    const answers = await host.page.evaluate(async () => {
      const ask = async (name: string): Promise<string> =>
        (await navigator.permissions.query({ name: name as PermissionName })).state
      const camera = await navigator.mediaDevices?.getUserMedia({ video: true, audio: true }).then(
        () => 'granted',
        () => 'denied',
      )
      return {
        geolocation: await ask('geolocation'),
        microphone: await ask('microphone'),
        camera: camera ?? 'denied',
      }
    })
    expect(answers).toEqual({ geolocation: 'denied', microphone: 'denied', camera: 'denied' })
  })

  test('serves nothing from outside the built page', async () => {
    const answers = await host.page.evaluate(async () => {
      const status = (address: string): Promise<number | string> =>
        fetch(address).then(
          (answer) => answer.status,
          () => 'blocked',
        )
      return {
        own: await status('app://innerview/index.html'),
        above: await status('app://innerview/..%2f..%2fpackage.json'),
        shell: await status('app://innerview/%2e%2e/main/main.cjs'),
        foreign: await status('app://another/index.html'),
      }
    })
    expect(answers.own).toBe(200)
    expect([403, 404]).toContain(answers.above)
    expect([403, 404]).toContain(answers.shell)
    expect(answers.foreign).toBe('blocked')
  })

  test('answers no message from another page, even one with our bridge', async () => {
    const answer = await host.app.evaluate(async ({ BrowserWindow, app }) => {
      const preload = `${app.getAppPath()}/out/preload/preload.cjs`
      const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } })
      await other.loadURL('data:text/html,<title>another</title>')
      const asked = (await other.webContents.executeJavaScript(
        `Promise.race([
          window.desktop.workspaces().then(() => 'answered', () => 'refused'),
          new Promise((resolve) => setTimeout(resolve, 2000, 'silence')),
        ])`,
      )) as string
      const port = (await other.webContents.executeJavaScript(
        `new Promise((resolve) => {
          window.addEventListener('message', (event) => event.ports.length && resolve('a port'))
          window.desktop.connectEngine()
          setTimeout(resolve, 700, 'no port')
        })`,
      )) as string
      other.destroy()
      return { asked, port }
    })
    expect(answer).toEqual({ asked: 'refused', port: 'no port' })
  })

  test('takes no malformed message', async () => {
    const refused = await host.page.evaluate(() =>
      window.desktop!.chooseWorkspace({ folder: '/etc' } as never).then(
        () => false,
        () => true,
      ),
    )
    expect(refused).toBe(true)
    await host.page.evaluate(() => window.desktop!.progress('much' as never))
    expect(await host.page.evaluate(() => window.desktop!.workspaces())).toHaveProperty('current')
  })

  test('a second start ends at once and leaves one window', async () => {
    const userData = join(host.folder, 'shell')
    const second = spawn(electronBinary!, ['--no-sandbox', '--disable-gpu', `--user-data-dir=${userData}`], {
      stdio: 'ignore',
    })
    const [code] = await once(second, 'exit')
    expect(code).toBe(0)
    expect(await host.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  })
})
