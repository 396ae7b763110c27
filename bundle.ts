import { isAbsolute } from 'node:path'
import { defineConfig, type RolldownOptions } from 'rolldown'

/**
 * The JavaScript of a package in a few files: a command that looks for two hundred takes a quarter longer to start (docs/decisions/0027). Types come from
 * tsc. Other packages stay where they are: they have versions and licences of their own.
 *
 * All files lie side by side, so that a path beside `import.meta.url` leads where it leads in the sources' folder. Their names tell no content, so that a
 * build writes over the one before.
 *
 * @param input names of files in `dist`, without `.js`, and what each is made of
 */
export function bundle(input: Readonly<Record<string, string>>): RolldownOptions {
  return defineConfig({
    input,
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    output: {
      dir: 'dist',
      format: 'esm',
      sourcemap: true,
      // They are in the package.
      sourcemapExcludeSources: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  })
}
