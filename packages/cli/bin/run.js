#!/usr/bin/env -S node --max-semi-space-size=8
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  // In words, before anything is loaded that an older one does not know.
  console.error(`lsync needs Node.js 22.19 or newer; this is ${process.version}`)
  process.exit(2)
}
const argv = process.argv.slice(2)
if (argv.length === 1 && argv[0] === '--version') {
  // The words of oclif, which takes three times as long to load as Node.js.
  const { default: own } = await import('../package.json', { with: { type: 'json' } })
  console.log(
    `${own.name}/${own.version} ${process.platform}-${process.arch} node-${process.version}`,
  )
} else {
  const { enableCompileCache } = await import('node:module')
  const { setFlagsFromString } = await import('node:v8')
  enableCompileCache()
  // Rows stream through and little lives long: to let garbage grow to four times of that, as V8 would, doubles the memory and saves no time worth it.
  setFlagsFromString('--heap-growing-percent=50')
  // A page that waits for the network while V8 tidies up would make it place all later ones where only the costly way of that finds them.
  setFlagsFromString('--no-allocation-site-pretenuring')
  const { main } = await import('../dist/main.js')
  await main(argv, import.meta.url)
}
