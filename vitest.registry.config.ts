import { defineConfig } from 'vitest/config'

/** The suites that publish to a registry of their own and install from it: run by `pnpm test:registry`. */
export default defineConfig({
  test: {
    ...(process.env['CI'] === undefined
      ? {}
      : { reporters: ['default', 'json'], outputFile: { json: 'test-results/registry.json' } }),
    include: ['packages/*/test/**/*.registry.test.ts'],
    passWithNoTests: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // Each goes on where the one before ended.
    bail: 1,
  },
})
