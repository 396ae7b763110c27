import { defineConfig } from 'vitest/config'

const source = '@lsync/source'

export default defineConfig({
  ssr: { resolve: { conditions: [source, 'node', 'development|production'] } },
  test: {
    ...(process.env['CI'] === undefined
      ? {}
      : { reporters: ['default', 'json'], outputFile: { json: 'test-results/unit.json' } }),
    maxWorkers: '100%', // one core less, the default, leaves half of a small machine idle
    disableConsoleIntercept: true, // @oclif/test captures stdout itself
    execArgv: [`--conditions=${source}`],
    testTimeout: 60_000, // what takes seconds takes half a minute where others use the machine, too
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages,plugins,examples}/*/test/**/*.test.ts',
            'servers/test/**/*.test.ts',
            'scenarios/*.test.ts',
          ],
          exclude: [
            '**/*.e2e.test.ts',
            '**/*.registry.test.ts',
            '**/*.servers.test.ts',
            '**/node_modules/**',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [
            '{packages,plugins,examples}/*/test/**/*.e2e.test.ts',
            'scenarios/*.e2e.test.ts',
          ],
          execArgv: [],
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['packages/core/test/**/*.test-d.ts'] },
        },
      },
    ],
  },
})
