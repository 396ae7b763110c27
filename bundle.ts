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
    // As in tsconfig: `await using`, say, is no word to the oldest Node.js that lsync runs on.
    transform: { target: 'es2024' },
    // What the translation of newer words takes is of the translation, not of the package.
    external: (id) =>
      !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('@oxc-project/runtime/'),
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
