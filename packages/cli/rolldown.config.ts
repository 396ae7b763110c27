import { globSync } from 'node:fs'
import { bundle } from '../../bundle.ts'

// oclif finds commands and hooks by the paths of their files.
const found = globSync('src/{commands,hooks}/**/*.ts').map((path) => [
  path.replaceAll('\\', '/').slice('src/'.length, -'.ts'.length),
  path,
])

export default bundle({ main: 'src/main.ts', ...Object.fromEntries(found) })
