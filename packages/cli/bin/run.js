#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache()
const { execute } = await import('@oclif/core')
const { enterFolder } = await import('../dist/arguments.js')
await execute({ args: enterFolder(process.argv.slice(2)), dir: import.meta.url })
