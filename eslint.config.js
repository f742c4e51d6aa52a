// Lint rules; the larger part states which room may import which (docs/architecture.md). dependency-cruiser checks the same
// on resolved paths; this also sees type-only imports inside .svelte files.
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import typescript from 'typescript-eslint'
import { engineRooms, packageRooms } from './rooms.js'
import svelteConfig from './svelte.config.js'

const ups = '^(\\.\\./)+'
/** Relative imports that lead into one of these folders. */
const folders = (names, message) => ({ regex: `${ups}(${names.join('|')})/`, message })
const packagesExcept = (room) =>
  Object.entries(packageRooms)
    .filter(([, rooms]) => !rooms.includes(room))
    .map(([name, rooms]) => ({
      regex: `^${name}(/|$)`,
      message: `Only ${rooms.join(', ')} may import ${name}.`,
    }))

const restrict = (files, room, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [...patterns, ...packagesExcept(room)] }] },
})

const shells = folders(['electron', 'renderer'], 'The engine knows neither shell nor page.')
const roomRules = Object.entries(engineRooms).map(([room, allowed]) => {
  const others = Object.keys(engineRooms).filter((other) => other !== room && !allowed.includes(other))
  const forbidden = others.length
    ? [folders(others, `main/${room} may import only ${['its own files', ...allowed].join(', ')}.`)]
    : []
  return restrict([`main/${room}/**/*.ts`], `main/${room}`, [shells, ...forbidden])
})

export default typescript.config(
  { ignores: ['out/', 'dist/', '.cache/', 'coverage/', 'renderer/testing/Canary.svelte'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...svelte.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'off',
      'prefer-const': 'error',
      // tsc's noUnusedLocals says the same, and knows more.
      '@typescript-eslint/no-unused-vars': 'off',
      // `x[i]!` after a bounds check is how the engine reads typed arrays.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off', // contracts say z.void()
      '@typescript-eslint/no-dynamic-delete': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-control-regex': 'off', // token texts hold control characters
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: typescript.parser, svelteConfig } },
    rules: {
      // What a model wrote must never become HTML.
      'svelte/no-at-html-tags': 'error',
      'no-undef': 'off', // TypeScript knows better
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
      // A private map that no markup reads need not be reactive.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['**/*.ts'], rules: { 'no-undef': 'off' } },
  { files: ['**/*.test.ts'], rules: { '@typescript-eslint/no-empty-function': 'off' } },
  restrict(['main/*.ts', 'main/cli/**/*.ts'], 'main', [shells]),
  ...roomRules,
  restrict(['electron/**/*.ts'], 'electron', [
    folders(['renderer'], 'The shell loads the page by its address.'),
    {
      regex: `${ups}main/(?!contract/|folders\\.ts)`,
      message: 'The shell starts the engine by path; it imports contract/ only.',
    },
  ]),
  restrict(['renderer/**/*.{ts,svelte}'], 'renderer', [
    folders(['electron'], 'The page speaks to the shell through contract/desktop.ts.'),
    {
      regex: `${ups}main/(?!contract/)`,
      message: 'The page imports main/contract and nothing else of the engine.',
    },
  ]),
  restrict(['renderer/charts/**/*.{ts,svelte}'], 'renderer/charts', [
    {
      regex: `${ups}main/(?!contract/)`,
      message: 'The page imports main/contract and nothing else of the engine.',
    },
  ]),
  restrict(['renderer/shared/**/*.{ts,svelte}'], 'renderer', [
    {
      regex: `${ups}main/(?!contract/)`,
      message: 'The page imports main/contract and nothing else of the engine.',
    },
    {
      regex: `${ups}(?!\\.\\./|main/|testing/)`,
      message: 'renderer/shared knows no domain.',
    },
  ]),
)
