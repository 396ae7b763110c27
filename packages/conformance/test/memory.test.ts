import { memoryStore } from '@lsync/core/provider'
import { test } from 'vitest'
import { conformance } from '../src/index.ts'

const store = memoryStore()

conformance(test, { name: 'memory', open: async () => store.open() })

const versioned = memoryStore({ history: true })

conformance(test, { name: 'memory with history', open: async () => versioned.open() })
