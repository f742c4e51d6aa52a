// Who may import whom, on resolved paths; rooms.js holds the table.
import { engineRooms, packageRooms } from './rooms.js'

const rooms = Object.keys(engineRooms)
const roomRules = Object.entries(engineRooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `main/${room} may import only ${['its own files', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^main/${room}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^(main|electron|renderer)/', pathNot: `^main/(${[room, ...allowed].join('|')})(/|$)` },
}))
const packageRules = Object.entries(packageRooms).map(([name, owners]) => ({
  name: `package-${name.replace(/\W/g, '-')}`,
  comment: `only ${owners.join(', ')} may import ${name}`,
  severity: 'error',
  from: { path: '^(main|electron|renderer)/', pathNot: [`^(${owners.join('|')})/`, '\\.test\\.ts$'] },
  to: { path: `(^|/)node_modules/${name}/` },
}))

export default {
  forbidden: [
    ...roomRules,
    ...packageRules,
    {
      name: 'no-loops',
      comment: 'type-only ones too',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'engine-knows-no-shell',
      severity: 'error',
      from: { path: '^main/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(electron|renderer|scripts|tests)/' },
    },
    {
      name: 'page-knows-the-contract-only',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|electron|scripts|tests)/', pathNot: '^main/contract/' },
    },
    {
      name: 'shell-knows-the-contract-only',
      severity: 'error',
      from: { path: '^electron/' },
      to: { path: '^(main|renderer|scripts|tests)/', pathNot: '^main/(contract/|folders\\.ts$)' },
    },
    {
      name: 'shared-knows-no-domain',
      severity: 'error',
      from: { path: '^renderer/shared/', pathNot: '\\.test\\.ts$' },
      to: { path: '^renderer/', pathNot: '^renderer/shared/' },
    },
    {
      name: 'charts-know-no-view',
      severity: 'error',
      from: { path: '^renderer/charts/', pathNot: '\\.test\\.ts$' },
      to: { path: '^renderer/', pathNot: '^renderer/(charts|shared)/' },
    },
    {
      name: 'entries-are-not-imported',
      comment: `the rooms (${rooms.join(', ')}) stand below main/'s own files`,
      severity: 'error',
      from: { path: `^main/(${rooms.join('|')})/`, pathNot: '\\.test\\.ts$' },
      to: { path: '^main/[^/]+\\.ts$', pathNot: '^main/(version|folders|resourcesFolder)\\.ts$' },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(out|dist|\\.cache|coverage)/|Canary\\.svelte$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'svelte', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.svelte', '.json'],
    },
  },
}
