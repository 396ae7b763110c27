import { type Handler, isoTime, xmlAnswer } from './context.ts'
import { document } from './xml.ts'

export const listBuckets: Handler = ({ store }) =>
  xmlAnswer(
    document('ListAllMyBucketsResult', [
      [
        'Buckets',
        [...store.buckets].map(
          ({ name, created }) =>
            [
              'Bucket',
              [
                ['Name', name],
                ['CreationDate', isoTime(created)],
              ],
            ] as const,
        ),
      ],
    ]),
  )

export const createBucket: Handler = ({ store, now }, { bucket }) => {
  store.create(bucket, now())
  return { status: 200, headers: { location: `/${bucket}` } }
}

export const deleteBucket: Handler = ({ store }, { bucket }) => {
  store.delete(bucket)
  return { status: 204 }
}

export const headBucket: Handler = ({ store, region }, { bucket }) => {
  store.bucket(bucket)
  return { status: 200, headers: { 'x-amz-bucket-region': region } }
}

/** us-east-1 is told by saying nothing. */
export const getBucketLocation: Handler = ({ store, region }, { bucket }) => {
  store.bucket(bucket)
  return xmlAnswer(
    document('LocationConstraint', []).replace('></', `>${region === 'us-east-1' ? '' : region}</`),
  )
}

/** Never switched on. */
export const getBucketVersioning: Handler = ({ store }, { bucket }) => {
  store.bucket(bucket)
  return xmlAnswer(document('VersioningConfiguration', []))
}
