import type { OpenOptions } from '@lsync/core/provider'
import { filled } from './environment.ts'

/** By which the environment names where a container's credentials are. */
const VARIABLES = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI']

/** The variable that names them; undefined outside of a container. */
export function containerVariable(environment: OpenOptions['environment']): string | undefined {
  return VARIABLES.find((name) => filled(environment[name]) !== undefined)
}

/** Milliseconds for who is on the same machine. */
const PATIENCE = 15_000
/** For a whole chain, which may run a command of a profile before it comes to the container. */
export const CHAIN_PATIENCE = 60_000

/** Undefined where nothing is heard in time: of a silent endpoint the SDK says so on the terminal, and waits for ever. */
export async function heard<T>(asked: Promise<T>, patience: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined)
    }, patience)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

export interface ContainerFailure {
  readonly reason: string
  /** True where nothing was heard of who is there: a refusal stays one, trouble passes by itself. */
  readonly passes: boolean
}

/** Why a container's credentials cannot be had, by one question more: the SDK's chain keeps that to itself, and says that there are none. */
export async function containerFailure(variable: string): Promise<ContainerFailure> {
  const { fromHttp } = await import('@aws-sdk/credential-providers')
  const quiet = () => undefined
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  try {
    if ((await heard(fromHttp({ maxRetries: 0, logger })(), PATIENCE)) === undefined)
      return { reason: `what ${variable} names is silent`, passes: true }
    return { reason: `what ${variable} names did not answer at first`, passes: true }
  } catch (error) {
    const said = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
    return {
      reason: `what ${variable} names gives none (${said.replace(/^Error: /, '')})`,
      passes: !/^(?:URL not accepted|Server responded with status: 4(?!29))/.test(said),
    }
  }
}
