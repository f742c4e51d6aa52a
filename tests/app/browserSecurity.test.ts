// What another page or program could try against the headless workbench, tried with a real browser.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumBinary } from '../support/available.ts'
import { openBrowser, type BrowserHost } from './hosts.ts'

describe.skipIf(!chromiumBinary)('the workbench in a browser', () => {
  let host: BrowserHost
  let stranger: Server
  beforeAll(async () => {
    host = await openBrowser()
    await host.page.getByTestId('connection').waitFor()
    stranger = createServer((_request, response) => response.end('<!doctype html><title>stranger</title>'))
    await new Promise<void>((ready) => stranger.listen(0, '127.0.0.1', ready))
  })
  afterAll(async () => {
    stranger?.close()
    await host?.close()
  })

  test('keeps the token out of the address', async () => {
    await host.page.waitForFunction(() => !location.hash.includes('token'))
    expect(host.page.url()).not.toContain(host.token)
  })

  test('opens a link in another tab of the same browser', async () => {
    const page = await host.page.context().newPage()
    await page.goto(`http://127.0.0.1:${host.port}/#/models`)
    await page.locator('[data-testid=connection][data-state=connected]').waitFor()
    expect(page.url()).toContain('#/models')
    await page.close()
  })

  test('keeps the token from other ports of this machine', async () => {
    const page = await host.page.context().newPage()
    const heard: (string | undefined)[] = []
    stranger.on('request', (request) => heard.push(request.headers.cookie))
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`)
    expect(await page.evaluate(() => Object.values(localStorage))).toEqual([])
    expect(await page.evaluate(() => document.cookie)).toBe('')
    expect(heard.length).toBeGreaterThan(0)
    expect(heard.filter(Boolean)).toEqual([])
    await page.close()
  })

  test('lets no other page in, even one that knows the token', async () => {
    const page = await host.page.context().newPage()
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`)
    const outcome = await page.evaluate(
      ([port, token]) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, ['engine', token!])
          socket.onopen = () => resolve('open')
          socket.onerror = () => resolve('refused')
        }),
      [String(host.port), host.token],
    )
    const read = await page.evaluate(
      (port) =>
        fetch(`http://127.0.0.1:${port}/`).then(
          () => 'read',
          () => 'blocked',
        ),
      String(host.port),
    )
    await page.close()
    expect(outcome).toBe('refused')
    expect(read).toBe('blocked')
  })

  test('does not answer to another name for this machine', async () => {
    const answer = await host.page.request.get(`http://localhost:${host.port}/`)
    expect(answer.status()).toBe(403)
    expect(await answer.text()).toBe('')
  })

  test('tells a visitor without the token what to do', async () => {
    const context = await host.page.context().browser()!.newContext()
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${host.port}/`)
    await page.locator('[data-testid=connection][data-state=refused]').waitFor()
    await context.close()
  })

  test('cannot be framed, and runs no inline script', async () => {
    const ran = await host.page.evaluate(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.inline = true'
      document.head.append(script)
      await new Promise((resolve) => setTimeout(resolve, 100))
      return 'inline' in window
    })
    expect(ran).toBe(false)
    const answer = await host.page.request.get(`http://127.0.0.1:${host.port}/`)
    expect(answer.headers()['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})
