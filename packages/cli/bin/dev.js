#!/usr/bin/env -S node --conditions=@lsync/source
// The CLI straight from the TypeScript sources of this workspace: no build step.
import { fileURLToPath } from 'node:url'
import { main } from '../src/main.ts'
import pjson from '../package.json' with { type: 'json' }

await main(process.argv.slice(2), {
  ignoreManifest: true,
  isRoot: true,
  pjson: {
    ...pjson,
    oclif: {
      ...pjson.oclif,
      commands: './src/commands',
      hooks: { command_not_found: './src/hooks/command-not-found' },
    },
  },
  root: fileURLToPath(new URL('..', import.meta.url)),
})
