interface Sleeper {
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** For a client of a server that fails on command: how long it waits between its attempts is not what is tested. */
export function withoutPauses<World extends Sleeper>(world: World): World {
  return { ...world, sleep: (_, signal) => world.sleep(1, signal) }
}
