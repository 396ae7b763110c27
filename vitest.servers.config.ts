import { defineConfig } from 'vitest/config'

const source = '@lsync/source'
const gcs = process.env['LSYNC_TEST_STORE'] === 'gcs'

/** The suites that need a real server, whose address the environment names: run by `pnpm test:servers`. */
export default defineConfig({
  ssr: { resolve: { conditions: [source, 'node', 'development|production'] } },
  test: {
    disableConsoleIntercept: true,
    execArgv: [`--conditions=${source}`],
    include: gcs
      ? ['plugins/provider-gcs/test/**/*.servers.test.ts']
      : ['{packages,plugins}/*/test/**/*.servers.test.ts', 'servers/test/**/*.servers.test.ts'],
    exclude: gcs ? [] : ['plugins/provider-gcs/**', '**/node_modules/**'],
    passWithNoTests: false,
    testTimeout: 300_000,
    fileParallelism: false,
  },
})
