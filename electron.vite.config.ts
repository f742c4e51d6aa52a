// Builds the shell, its preload and the page. The engine is built apart (scripts/build.ts): as a second input here it would
// end up inside the shell's own bundle.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const at = (path: string): string => resolve(import.meta.dirname, path)
/** scripts/build.ts builds beside out/ and swaps, so that a workbench that runs from out/ never finds it half made. */
const out = (part: string): string => at(`${process.env.INNERVIEW_OUT ?? 'out'}/${part}`)
// Electrons below 28 read CommonJS only, as a sandboxed preload does at any version.
const output = { format: 'cjs' as const, entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' }

export default defineConfig({
  main: {
    build: {
      outDir: out('main'),
      rolldownOptions: { input: { main: at('electron/main.ts') }, output },
    },
  },
  preload: {
    build: {
      outDir: out('preload'),
      externalizeDeps: false, // a sandboxed preload can load nothing but electron
      rolldownOptions: { input: { preload: at('electron/preload.ts') }, output },
    },
  },
  renderer: {
    root: at('renderer'),
    publicDir: at('resources/icons'),
    plugins: [svelte({ configFile: at('svelte.config.js') })],
    build: {
      outDir: out('renderer'),
      minify: true,
      rolldownOptions: { input: { index: at('renderer/index.html') } },
    },
  },
})
