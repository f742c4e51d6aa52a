// The library as somebody installs it: packed by npm, put into a folder that knows nothing of this project, compiled against its
// types and run without its sources. Only native packages are lent from here.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { buildEngine } from '../scripts/buildEngine.ts'
import { buildTypes } from '../scripts/buildTypes.ts'
import { cacheFolder, projectFolder, run } from '../scripts/project.ts'

let root: string
/** Of whoever installs it. */
let user: string
let packed: string[]

beforeAll(async () => {
  mkdirSync(cacheFolder, { recursive: true })
  root = mkdtempSync(join(cacheFolder, 'package-'))
  const project = join(root, 'project')
  await buildEngine(join(project, 'out/engine'), ['index', 'sessionWorker', 'probeWorker'])
  buildTypes(join(project, 'out/types'))
  for (const name of ['package.json', 'resources', 'README.md', 'LICENSE'])
    cpSync(join(projectFolder, name), join(project, name), { recursive: true })
  const { code, output } = await run('npm', ['pack', '--json', '--ignore-scripts'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(code).toBe(0)
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }] // npm's own format
  packed = files.map(({ path }) => path)
  user = join(root, 'user')
  const own = join(user, 'node_modules', 'innerview')
  mkdirSync(own, { recursive: true })
  const unpacked = await run('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', own])
  expect(unpacked).toMatchObject({ code: 0 })
  for (const name of [...Object.keys(manifest.dependencies), 'onnxruntime-common', '@types']) {
    const link = join(user, 'node_modules', name)
    mkdirSync(join(link, '..'), { recursive: true })
    symlinkSync(join(projectFolder, 'node_modules', name), link, 'junction')
  }
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', type: 'module' }))
}, 240_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const compile = (options: object, file: string): ReturnType<typeof run> => {
  writeFileSync(
    join(user, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
        types: [],
        strict: true,
        skipLibCheck: false,
        outDir: '.',
        ...options,
      },
      files: [file],
    }),
  )
  return run('tsc', ['-p', user])
}

test('holds the built library and its types, and no source', () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      'out/engine/index.mjs',
      'out/engine/sessionWorker.mjs',
      'out/engine/probeWorker.mjs',
      'out/types/index.d.ts',
    ]),
  )
  expect(packed.filter((path) => /(?<!\.d)\.ts$|\.map$|\.test\./.test(path))).toEqual([])
})

test('compiles and runs a documented example in a strict program of somebody else’s', async () => {
  const example = readFileSync(join(import.meta.dirname, 'libraryExamples/quickStart.ts'), 'utf8')
  writeFileSync(join(user, 'example.ts'), example)
  expect(await compile({}, 'example.ts')).toEqual({ code: 0, output: '' })
  const wanted = [...example.matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => `${line}\n`).join('')
  expect(await run('node', [join(user, 'example.js')], { cwd: user })).toEqual({ code: 0, output: wanted })
}, 120_000)

test('works from plain JavaScript, errors included', async () => {
  writeFileSync(
    join(user, 'plain.mjs'),
    `import { AppError, openModel } from 'innerview'
const model = await openModel('embedded')
const { cache } = await model.runWithCache('Is it alive?', { names: 'blocks.*.hook_resid_post' })
console.log(cache.keys.length, cache.get('blocks.0.hook_resid_post').axes)
console.log(await model.forward('a', { interventions: [{ kind: 'zeroAblate', hook: 'blocks.0.hook_resid_pots', positions: 'all' }] }).catch((error) => error instanceof AppError && error.code))
await model.close()
`,
  )
  expect(await run('node', [join(user, 'plain.mjs')], { cwd: user })).toEqual({
    code: 0,
    output: '6 B S D\nhook_unknown\n',
  })
}, 120_000)

test('has types that know what a mistake is, and hide what is not for users', async () => {
  writeFileSync(
    join(user, 'mistakes.ts'),
    `import { openModel, type ModelShape, type StepRecord } from 'innerview'
const model = await openModel('embedded')
const layers: number = model.shape.layers
const record = (step: StepRecord): string => step.completion
console.log(layers, record)
// @ts-expect-error a shape has no such field
console.log((model.shape satisfies ModelShape).layer)
// @ts-expect-error interventions have kinds
await model.forward('a', { interventions: [{ kind: 'zeroAblation', hook: 'hook_embed', positions: 'all' }] })
// @ts-expect-error what it is made of is not for users
console.log(model.parts)
`,
  )
  expect(await compile({ noEmit: true }, 'mistakes.ts')).toEqual({ code: 0, output: '' })
}, 120_000)
