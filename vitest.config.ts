// Three kinds of test: unit (beside the source, and what crosses rooms in tests/), parity (real weights against other
// programs' numbers), app (the built workbench in Electron and in a browser). One kind after the other: a window that opens
// and a model that loads have limits of time, and shall not wait for the processors.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const seconds = (n: number): number => n * 1000

export default defineConfig({
  plugins: [svelte({ configFile: 'svelte.config.js' })],
  // Components are tested as a browser gets them, not as a server would render them.
  resolve: {
    conditions: ['browser'],
    // Examples import the package by its name; here it is its source, and tests/package.test.ts tries the package itself.
    alias: { innerview: join(import.meta.dirname, 'main/index.ts') },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['{main,electron,renderer,scripts}/**/*.test.ts', 'tests/*.test.ts'],
          testTimeout: seconds(30),
          hookTimeout: seconds(30),
        },
      },
      {
        extends: true,
        test: {
          name: 'parity',
          sequence: { groupOrder: 1 },
          include: ['tests/parity/**/*.test.ts'],
          // One model in memory at a time.
          fileParallelism: false,
          testTimeout: seconds(300),
          hookTimeout: seconds(300),
        },
      },
      {
        extends: true,
        test: {
          name: 'app',
          sequence: { groupOrder: 2 },
          include: ['tests/app/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: seconds(120),
          hookTimeout: seconds(180),
        },
      },
    ],
  },
})
