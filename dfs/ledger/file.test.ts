import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import fc from '../../test/properties.ts'
import { pack } from '../set/meta.ts'
import { digestOf } from '../store/checksum.ts'
import { decodeProofs, encodeProofs, type FileProof, type RowsProof } from './file.ts'

const hex = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, '0'))
const name = fc.stringMatching(/^[a-z0-9_]{1,12}$/)
const count = fc.integer({ min: 0, max: 2 ** 48 })

const fileProof: fc.Arbitrary<FileProof> = fc.record(
  {
    path: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `data/${names.join('/')}`),
    bytes: count,
    checksum: hex,
    provenMs: count,
    where: fc.string(),
    how: fc.constantFrom('check', 'drill', 'mend'),
    isSound: fc.boolean(),
    footer: hex,
  },
  { requiredKeys: ['path', 'bytes', 'checksum', 'provenMs', 'where', 'how', 'isSound'] },
)
const rowsProof: fc.Arbitrary<RowsProof> = fc.record({
  url: name.map((n) => `dfs://${n}`),
  table: name,
  path: name.map((n) => `/${n}`),
  content: hex,
  computedMs: count,
  digest: fc.record({
    rows: count,
    columns: fc.array(fc.record({ name: fc.string(), type: name, digest: hex })),
    whole: hex,
  }),
})

/** A file of the ledger with any body, and the checksum that fits. */
function framed(body: Uint8Array): Uint8Array {
  const file = Buffer.alloc(28 + body.length)
  file.write('HFPROOFS', 0, 'latin1')
  file.writeUInt16LE(1, 8)
  file.writeBigUInt64LE(BigInt(body.length), 12)
  Buffer.from(body).copy(file, 20)
  file.writeBigUInt64LE(digestOf(file.subarray(0, 20 + body.length)), 20 + body.length)
  return file
}

describe('a file of the ledger', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(fileProof), fc.array(rowsProof), (files, rows) => {
        expect(decodeProofs(encodeProofs({ files, rows }), 'f')).toEqual({ files, rows })
      }),
    )
  })
  it('is refused, and named, whatever else it holds', () => {
    const refused = (bytes: Uint8Array): void => {
      try {
        const { files, rows } = decodeProofs(bytes, 'ledger/x.proofs')
        // By chance it may be one.
        expect(files.length + rows.length).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError)
        expect(error).toMatchObject({ kind: 'data', where: { file: 'ledger/x.proofs' } })
      }
    }
    fc.assert(fc.property(fc.uint8Array(), refused))
    fc.assert(fc.property(fc.uint8Array(), (body) => refused(framed(body))))
    fc.assert(fc.property(fc.anything(), (value) => refused(framed(pack({ files: value, rows: [] })))))
    fc.assert(fc.property(fc.array(fc.anything()), (list) => refused(framed(pack({ files: [list], rows: [list] })))))
  })
  it.each(['data/../../etc/passwd', '/etc/passwd', 'data//x', 'data/./x', '', 'data/x\0y'])(
    'does not take %j for a path in the set',
    (path) => {
      const file = [path, 1, '0'.repeat(16), 1, 'here', 'check', 'sound', null]
      expect(() => decodeProofs(framed(pack({ files: [file], rows: [] })), 'f')).toThrow(/is damaged/)
    },
  )
})
