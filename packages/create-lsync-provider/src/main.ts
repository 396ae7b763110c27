#!/usr/bin/env node
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { generate, Refused } from './generate.ts'

const USAGE = `Usage: npm create lsync-provider FOLDER [-- --scheme SCHEME]

Makes FOLDER a repository for a plugin that teaches lsync a new kind of remote, SCHEME://…
It is a package that builds, passes conformance with a store in memory, and says in its README how to go on from there.
The package is named after the folder; the scheme, too, without lsync-provider- in front.`

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { scheme: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const [folder, ...rest] = positionals
  if (values.help === true || folder === undefined || rest.length > 0) {
    console.log(USAGE)
    process.exitCode = values.help === true ? 0 : 2
  } else {
    const name = basename(resolve(folder))
    const scheme = values.scheme ?? name.replace(/^lsync-provider-/, '')
    generate({ folder: resolve(folder), name, scheme })
    console.log(`${folder} is a provider for ${scheme}:// now, with a store in memory. Next:

  cd ${folder}
  npm install
  npm test          # conformance passes; README.md says how to go on`)
  }
} catch (error) {
  const wrongUsage = error instanceof TypeError && 'code' in error
  if (!(error instanceof Refused) && !wrongUsage) throw error
  console.error(`create-lsync-provider: ${error.message}`)
  process.exitCode = 2
}
