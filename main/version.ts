// The program's own version and its inference runtime's, as package.json has them.
import manifest from '../package.json' with { type: 'json' }

export const version: string = manifest.version
export const runtimeVersion: string = manifest.dependencies['onnxruntime-node']
