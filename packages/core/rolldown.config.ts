import { bundle } from '../../bundle.ts'

export default bundle({
  index: 'src/index.ts',
  'provider/index': 'src/provider/index.ts',
  'node-hash-thread': 'src/disk/node-hash-thread.ts',
})
