#!/usr/bin/env -S node --conditions=@lsync/source
// The CLI straight from the TypeScript sources of this workspace: no build step.
import { fileURLToPath } from 'node:url'
import { execute } from '@oclif/core'
import { enterFolder } from '../src/arguments.ts'
import pjson from '../package.json' with { type: 'json' }

await execute({
  args: enterFolder(process.argv.slice(2)),
  loadOptions: {
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
  },
})
