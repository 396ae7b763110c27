import { join } from 'node:path'

/** For the command, with nothing of this machine's own configuration. */
export function environmentOf(
  folder: string,
  more: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    LSYNC_DATA_DIR: join(folder, 'data'),
    ...more,
  }
}
