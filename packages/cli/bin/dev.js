#!/usr/bin/env -S node --conditions=@lsync/source
// The CLI straight from the TypeScript sources of this workspace: no build step.
import { fileURLToPath } from 'node:url'
import { execute } from '@oclif/core'
import { reorder } from '../src/arguments.ts'
import pjson from '../package.json' with { type: 'json' }

await execute({
  args: reorder(process.argv.slice(2)),
  loadOptions: {
    ignoreManifest: true,
    isRoot: true,
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands: './src/commands' } },
    root: fileURLToPath(new URL('..', import.meta.url)),
  },
})
