// The bridge between page and shell, in the page's own sandboxed process.
// Owns: exposing contract/desktop.ts, and nothing else. Not: checking what the page asks for (bridge.ts).
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron'
import { channels, enginePortMessage, type DesktopApi } from '../main/contract/desktop.ts'

function listen<T>(channel: string, listener: (value: T) => void): () => void {
  const hear = (_event: IpcRendererEvent, value: T): void => listener(value)
  ipcRenderer.on(channel, hear)
  return () => ipcRenderer.removeListener(channel, hear)
}

// Ports cannot cross the context bridge; a window message carries them into the page's world.
ipcRenderer.on(channels.enginePort, (event) =>
  window.postMessage(enginePortMessage, window.origin, event.ports),
)

const desktop: DesktopApi = {
  connectEngine: () => ipcRenderer.send(channels.connectEngine),
  onCommand: (listener) => listen(channels.command, listener),
  onEngineStatus: (listener) => listen(channels.engineStatus, listener),
  progress: (fraction) => ipcRenderer.send(channels.progress, fraction),
  notify: (title, body) => ipcRenderer.send(channels.notify, { title, body }),
  chooseModel: () => ipcRenderer.invoke(channels.chooseModel),
  chooseImport: () => ipcRenderer.invoke(channels.chooseImport),
  // Before Electron 29 a File had its path as a property and there was no webUtils.
  pathOf: (file) => webUtils?.getPathForFile(file) ?? (file as File & { path?: string }).path ?? '',
  workspaces: () => ipcRenderer.invoke(channels.workspaces),
  chooseWorkspace: (recent) => ipcRenderer.invoke(channels.chooseWorkspace, recent),
  setTheme: (source) => ipcRenderer.send(channels.setTheme, source),
}
contextBridge.exposeInMainWorld('desktop', desktop)
