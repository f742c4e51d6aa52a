// The window. Owns: its place and theme between starts, and the locks on its page.
import { BrowserWindow, nativeTheme, screen, type Rectangle } from 'electron'
import { join } from 'node:path'
import { pageOrigin } from './pageScheme.ts'
import { developmentOrigin } from './security.ts'
import type { ShellSettings } from './shellSettings.ts'

const firstSize = { width: 1440, height: 900 }
const smallestSize = { minWidth: 800, minHeight: 500 }
/** The page's own background (renderer/shared/tokens.css), shown until it has painted. */
const background = { dark: '#121317', light: '#fafafb' }

export function openWindow(settings: ShellSettings): BrowserWindow {
  const window = new BrowserWindow({
    ...firstSize,
    ...visible(settings.values.bounds),
    ...smallestSize,
    title: 'Innerview',
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload: join(__dirname, '../preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  })
  if (settings.values.isMaximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () =>
    settings.change({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  )
  void window.loadURL(developmentOrigin() ?? `${pageOrigin}/`)
  return window
}

/** The remembered place, unless the screen it was on is gone. */
function visible(bounds: Rectangle | null): Partial<Rectangle> {
  if (!bounds) return {}
  const { workArea } = screen.getDisplayMatching(bounds)
  const isSeen =
    bounds.x < workArea.x + workArea.width &&
    bounds.x + bounds.width > workArea.x &&
    bounds.y < workArea.y + workArea.height &&
    bounds.y + bounds.height > workArea.y
  return isSeen ? bounds : { width: bounds.width, height: bounds.height }
}
