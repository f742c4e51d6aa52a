// What the page may ask of the shell.
// Owns: checking each message, which is dropped unless it comes from our page's top frame with arguments of the right shape.
// Not: what is done then (dialogs.ts, shellSettings.ts, engineHost.ts) or the page's side (preload.ts).
import { ipcMain, nativeTheme, Notification, type BrowserWindow, type IpcMainInvokeEvent } from 'electron'
import * as z from 'zod'
import { channels, themeSources, type Workspaces } from '../main/contract/desktop.ts'
import { chooseImport, chooseModel } from './dialogs.ts'
import type { EngineHost } from './engineHost.ts'
import { isFromOurPage } from './security.ts'
import type { ShellSettings } from './shellSettings.ts'

export interface BridgeOptions {
  window(): BrowserWindow | null
  engine: EngineHost
  settings: ShellSettings
  workspaces(): Workspaces
  /** Null when the user thought better of it. */
  openWorkspace(recent?: string): Promise<string | null>
}

const fraction = z.number().min(0).max(1).nullable()
const notice = z.object({ title: z.string().max(200), body: z.string().max(1000) })
const theme = z.enum(themeSources)
const recentWorkspace = z.string().optional()

export function openBridge(options: BridgeOptions): void {
  hear(channels.progress, fraction, (value) => options.window()?.setProgressBar(value ?? -1))
  hear(channels.notify, notice, (value) => notify(value, options.window()))
  hear(channels.setTheme, theme, (source) => {
    nativeTheme.themeSource = source
    options.settings.change({ theme: source })
  })
  ipcMain.on(channels.connectEngine, (event) => {
    if (isFromOurPage(event)) options.engine.connect(event.sender)
  })
  answer(channels.workspaces, z.undefined(), async () => options.workspaces())
  answer(channels.chooseModel, z.undefined(), () => chooseModel(options.window()))
  answer(channels.chooseImport, z.undefined(), () => chooseImport(options.window()))
  answer(channels.chooseWorkspace, recentWorkspace, (recent) => options.openWorkspace(recent))
}

function hear<T>(channel: string, schema: z.ZodType<T>, act: (value: T) => void): void {
  ipcMain.on(channel, (event, value: unknown) => {
    const checked = schema.safeParse(value) // to throw here would stop the shell with a dialog
    if (isFromOurPage(event) && checked.success) act(checked.data)
  })
}

function answer<T>(channel: string, schema: z.ZodType<T>, act: (value: T) => Promise<unknown>): void {
  ipcMain.handle(channel, (event: IpcMainInvokeEvent, value: unknown) => {
    if (!isFromOurPage(event)) throw new TypeError(`${channel} was asked for by another page.`)
    return act(schema.parse(value))
  })
}

function notify({ title, body }: z.infer<typeof notice>, window: BrowserWindow | null): void {
  if (!Notification.isSupported()) return
  const notification = new Notification({ title, body })
  notification.on('click', () => bringToFront(window))
  notification.show()
}

export function bringToFront(window: BrowserWindow | null): void {
  if (!window) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}
