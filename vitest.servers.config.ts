import { defineConfig } from 'vitest/config'

const source = '@lsync/source'

/** The suites that need a real server, whose address the environment names: run by `pnpm test:servers`. */
export default defineConfig({
  ssr: { resolve: { conditions: [source, 'node', 'development|production'] } },
  test: {
    disableConsoleIntercept: true,
    execArgv: [`--conditions=${source}`],
    include: [
      '{packages,plugins}/*/test/**/*.servers.test.ts',
      'servers/test/**/*.servers.test.ts',
    ],
    passWithNoTests: false,
    testTimeout: 300_000,
    fileParallelism: false,
  },
})
