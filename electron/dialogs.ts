// The system's file dialogs. Owns: what may be picked in them.
import { dialog, type BrowserWindow, type OpenDialogOptions } from 'electron'

async function choose(window: BrowserWindow | null, options: OpenDialogOptions): Promise<string | null> {
  const result = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  return result.canceled ? null : (result.filePaths[0] ?? null)
}

/** A .gguf file or a Hugging Face folder. Only macOS has one dialog for both; elsewhere the user says first which. */
export async function chooseModel(window: BrowserWindow | null): Promise<string | null> {
  const filters = [{ name: 'GGUF model', extensions: ['gguf'] }]
  const title = 'Open a model'
  if (process.platform === 'darwin') {
    return choose(window, { title, filters, properties: ['openFile', 'openDirectory'] })
  }
  const question = {
    type: 'question' as const,
    message: 'Which kind of model?',
    detail:
      'A Hugging Face model is a folder with config.json and safetensors files; a GGUF model is one file.',
    buttons: ['Model folder', 'GGUF file', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  }
  const { response } = await (window
    ? dialog.showMessageBox(window, question)
    : dialog.showMessageBox(question))
  if (response === 0) return choose(window, { title, properties: ['openDirectory'] })
  if (response === 1) return choose(window, { title, filters, properties: ['openFile'] })
  return null
}

/** Steering results are one file, all else is a folder: macOS asks for both at once, elsewhere the file can be given as a path. */
export const chooseImport = (window: BrowserWindow | null): Promise<string | null> =>
  choose(window, {
    title: 'Import episodes',
    properties: process.platform === 'darwin' ? ['openFile', 'openDirectory'] : ['openDirectory'],
  })

export const chooseWorkspace = (window: BrowserWindow | null): Promise<string | null> =>
  choose(window, {
    title: 'Open a workspace',
    message: 'A workspace is a folder that keeps runs and models; an empty one becomes a new workspace.',
    buttonLabel: 'Open',
    properties: ['openDirectory', 'createDirectory', 'promptToCreate'],
  })
