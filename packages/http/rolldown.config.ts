import { bundle } from '../../bundle.ts'

export default bundle({ index: 'src/index.ts' })
