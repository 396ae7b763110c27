#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache()
const { execute } = await import('@oclif/core')
const { reorder } = await import('../dist/arguments.js')
await execute({ args: reorder(process.argv.slice(2)), dir: import.meta.url })
