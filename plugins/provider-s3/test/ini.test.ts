import { describe, expect, test } from 'vitest'
import { parseBoto, profileOf } from '../src/ini.ts'

describe('boto.cfg', () => {
  test('holds keys in its section of credentials', () => {
    expect(
      parseBoto(`# comment
[Boto]
aws_access_key_id = wrong
[Credentials]
; comment
aws_access_key_id = AKIA
aws_secret_access_key: a=b/c+d
[s3]
aws_access_key_id = wrong
`),
    ).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'a=b/c+d' })
  })

  test.each([
    '',
    '[Credentials]\naws_access_key_id = a',
    'aws_access_key_id = a\naws_secret_access_key = b',
  ])('without both there are none: %j', (text) => {
    expect(parseBoto(text)).toBeUndefined()
  })
})

describe('~/.aws/config', () => {
  const config = `[default]
region = eu-west-1
[profile plain]
region=eu-central-1\r
endpoint_url = http://general
s3 =
  addressing_style = path
[profile served]
services = local
endpoint_url = http://general
[services local]
s3 =
  endpoint_url = http://s3
dynamodb =
  endpoint_url = http://dynamo
`
  test('tells region and endpoint of a profile', () => {
    expect(profileOf(config, 'default')).toEqual({ region: 'eu-west-1' })
    expect(profileOf(config, 'plain')).toEqual({
      region: 'eu-central-1',
      endpoint: 'http://general',
    })
    expect(profileOf(config, 'served')).toEqual({ endpoint: 'http://s3' })
    expect(profileOf(config, 'missing')).toEqual({})
  })
})
