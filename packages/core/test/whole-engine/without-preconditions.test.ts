import { failsWithout } from './without.ts'

failsWithout('the preconditions of remote writes', { ignoreConditions: true })
failsWithout('the flush before the record', { noFlush: true })
