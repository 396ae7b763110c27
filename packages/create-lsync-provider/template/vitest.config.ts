import { defineConfig } from 'vitest/config'

// A store that is far away takes its time for a thousand small writes.
export default defineConfig({ test: { testTimeout: 120_000 } })
