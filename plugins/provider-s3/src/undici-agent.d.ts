/** Files of undici itself: its index loads all of it, which costs each command 30 ms and 14 MB. The version is pinned, since no promise covers this. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export default Agent
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici'
  export default buildConnector
}
