/** Ranges by package; those of `@lsync/core` and `@lsync/conformance` are needed. */
export type Versions = Readonly<Record<string, string>>

/** What the generated package is built and tested with beside lsync's own packages. */
export const TOOLS: Versions = {
  '@changesets/cli': '^3.0.3',
  '@types/node': '^26.6.6',
  typescript: '^7.0.2',
  vitest: '^5.1.1',
}

export function packageJson(name: string, scheme: string, versions: Versions): string {
  const manifest = {
    name,
    version: '0.0.0',
    description: `${scheme}:// for lsync`,
    // How people find it: npm search lsync-provider
    keywords: ['lsync-provider'],
    license: 'MIT',
    type: 'module',
    files: ['dist'],
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    // Makes it a plugin of the lsync command; the field below says what it brings.
    oclif: {},
    lsync: { providers: { [scheme]: name } },
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      prepack: 'npm run build',
      test: 'tsc && vitest run',
      release: 'npm run build && changeset publish',
    },
    dependencies: { '@lsync/core': versions['@lsync/core'] },
    devDependencies: { '@lsync/conformance': versions['@lsync/conformance'], ...TOOLS },
    engines: { node: '>=22.19' },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
