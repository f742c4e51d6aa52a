// The rooms of the engine and which others each may import: one table for ESLint and dependency-cruiser.
// contract ← analysis ← {model ← inference, environments, store, imports, reports} ← jobs ← {library, the entries in main/ itself}.

/** @type {Record<string, string[]>} */
export const engineRooms = {
  contract: [],
  analysis: ['contract'],
  model: ['contract', 'analysis'],
  inference: ['contract', 'analysis', 'model'],
  environments: ['contract', 'analysis'],
  store: ['contract', 'analysis'],
  imports: ['contract', 'analysis'],
  reports: ['contract', 'analysis'],
  jobs: [
    'contract',
    'analysis',
    'model',
    'inference',
    'environments',
    'store',
    'imports',
    'reports',
    'version.ts',
  ],
  library: [
    'contract',
    'analysis',
    'model',
    'inference',
    'environments',
    'store',
    'imports',
    'reports',
    'jobs',
    'folders.ts',
    'resourcesFolder.ts',
  ],
}

/**
 * Packages that only these rooms may import.
 * @type {Record<string, string[]>}
 */
export const packageRooms = {
  'onnxruntime-node': ['main/model', 'main/inference'],
  'better-sqlite3': ['main/store'],
  '@napi-rs/keyring': ['main/environments', 'main/jobs'],
  electron: ['electron'],
  echarts: ['renderer/charts'],
}
