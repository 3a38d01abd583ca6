import { expect, it } from 'vitest'
import { checksumOf } from '../store/checksum.ts'
import { decodeNodeManifest, encodeNodeManifest, type NodeManifest } from './manifest.ts'

const digest = checksumOf(new Uint8Array(0))
const manifestWith = (name: string): NodeManifest => ({
  product: 'holdfast 0.1.0',
  id: 'bk-20240102-030405',
  startedAt: '2024-01-02T03:04:05.000Z',
  completedAt: '2024-01-02T03:04:06.000Z',
  storeId: '1b4e28ba2fa111d2883f0016d3cca427',
  timeline: 1,
  dataFormat: 1,
  cid: 7,
  lsn: 4096,
  databases: 0,
  tables: 0,
  chunks: 0,
  rows: 0,
  files: 0,
  bytes: 0,
  storedBytes: 0,
  catalog: { bytes: 0, digest, records: 0 },
  index: { bytes: 0, digest },
  config: undefined,
  scheduledJobs: undefined,
  encryption: undefined,
  log: [
    {
      name,
      firstLsn: 0,
      endLsn: 4096,
      bytes: 4096,
      checksum: digest,
      path: `wal/${name}-${digest}`,
      coding: 'plain',
      stored: { bytes: 4096, checksum: digest },
    },
  ],
})

const readBack = (name: string): NodeManifest => decodeNodeManifest(encodeNodeManifest(manifestWith(name)), 'm.json')

it('a manifest of a node backup reads back as it was written', () => {
  expect(readBack('000000010000000000000042')).toEqual(manifestWith('000000010000000000000042'))
})

// The last is one of 24 hex digits whose number is beyond what can be counted.
it.each(['', '00000001000000000000004', '00000001000000000000004g', '0000000100FFFFFFFFFFFFFF'])(
  'a piece of log named %j is refused as damage',
  (name) => {
    expect(() => readBack(name)).toThrow(/log\.0 .*which no piece of log has/)
  },
)
