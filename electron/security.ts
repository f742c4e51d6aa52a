// What no page may do, whatever it holds. Owns: navigation, new windows, webviews, permissions, and who counts as our page.
import { app, shell, type IpcMainEvent, type IpcMainInvokeEvent, type Session } from 'electron'
import { pageOrigin } from './pageScheme.ts'

/** Origin of the development server; never trusted in a packaged app. */
export const developmentOrigin = (): string | null => {
  const address = process.env.ELECTRON_RENDERER_URL
  return address && !app.isPackaged ? new URL(address).origin : null
}

function isOurPage(address: string): boolean {
  const development = developmentOrigin()
  return (
    address.startsWith(`${pageOrigin}/`) || (development !== null && address.startsWith(`${development}/`))
  )
}

/** True for a message of our page's top frame; of nothing that was embedded in it or put in its place. */
export function isFromOurPage(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame
  return frame !== null && frame === event.sender.mainFrame && isOurPage(frame.url)
}

/** To be called before any window is made. */
export function lockPages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      // Links lead to the user's browser; other schemes could start programs.
      if (url.startsWith('https://')) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
}

const allowedPermissions = new Set(['clipboard-sanitized-write'])

export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(allowedPermissions.has(permission)),
  )
  session.setPermissionCheckHandler((_contents, permission) => allowedPermissions.has(permission))
  session.setDevicePermissionHandler(() => false)
}
