#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  // In words, before anything is loaded that an older one does not know.
  console.error(`lsync needs Node.js 22.18 or newer; this is ${process.version}`)
  process.exit(2)
}
const { enableCompileCache } = await import('node:module')

enableCompileCache()
const { main } = await import('../dist/main.js')
await main(process.argv.slice(2), import.meta.url)
