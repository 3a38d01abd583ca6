/**
 * A file of the ledger of a set: `ledger/<id>.proofs`, written once.
 *
 * Bytes, little endian:
 *   0   8  magic "HFPROOFS"
 *   8   2  major version   10  2  minor version
 *   12  8  length of the body
 *   20  n  body: MessagePack `{files, rows}`
 *   20+n 8 XXH64 of everything before
 *
 *   files  [[path, bytes, checksum, provenMs, where, how, result, footer], ...]
 *   rows   [[db, table, path, content, computedMs, rows, [[column, type, digest], ...], whole], ...]
 *
 * Entries are facts with a time; of two about the same thing the later counts. So files may be merged and removed in any order, and one that is lost or damaged costs
 * nothing but that what it proved is proven again.
 */
import type { ColumnDigest, RowsDigest } from '../digest/rows-digest.ts'
import {
  asArray,
  asChecksum,
  asCount,
  asObject,
  asOneOf,
  asText,
  damagedMetadata,
  inside,
  type Place,
} from '../set/checked.ts'
import { pack, unpackFrom } from '../set/meta.ts'
import { checkPartitionPath } from '../set/names.ts'
import { digestOf } from '../store/checksum.ts'

/** Who read the file. */
export type ProofKind = 'check' | 'drill' | 'mend'

/** That a data file was read from the set, to its end, and what came of it. */
export interface FileProof {
  /** In the set. */
  readonly path: string
  readonly bytes: number
  readonly checksum: string
  readonly provenMs: number
  /** The machine, and the folder under which it saw the set. */
  readonly where: string
  readonly how: ProofKind
  readonly isSound: boolean
  /** The checksum of its footer, if it is a sound segment. */
  readonly footer?: string
}

/** What the rows of a chunk are, as they were read from sound files of the set. */
export interface RowsProof {
  readonly url: string
  readonly table: string
  readonly path: string
  /** What the digest is of: see `contentOf`. */
  readonly content: string
  readonly computedMs: number
  readonly digest: RowsDigest
}

export interface Proofs {
  readonly files: readonly FileProof[]
  readonly rows: readonly RowsProof[]
}

const MAGIC = Buffer.from('HFPROOFS')
export const PROOFS_MAJOR = 1
export const PROOFS_MINOR = 0
const HEADER_BYTES = 20
const DIGEST_BYTES = 8
const KINDS: readonly ProofKind[] = ['check', 'drill', 'mend']

export function encodeProofs({ files, rows }: Proofs): Uint8Array {
  const body = pack({
    files: files.map((f) => [
      f.path,
      f.bytes,
      f.checksum,
      f.provenMs,
      f.where,
      f.how,
      f.isSound ? 'sound' : 'damaged',
      f.footer ?? null,
    ]),
    rows: rows.map(({ url, table, path, content, computedMs, digest }) => [
      url,
      table,
      path,
      content,
      computedMs,
      digest.rows,
      digest.columns.map((c) => [c.name, c.type, c.digest]),
      digest.whole,
    ]),
  })
  const file = Buffer.alloc(HEADER_BYTES + body.length + DIGEST_BYTES)
  MAGIC.copy(file)
  file.writeUInt16LE(PROOFS_MAJOR, 8)
  file.writeUInt16LE(PROOFS_MINOR, 10)
  file.writeBigUInt64LE(BigInt(body.length), 12)
  body.copy(file, HEADER_BYTES)
  file.writeBigUInt64LE(digestOf(file.subarray(0, HEADER_BYTES + body.length)), HEADER_BYTES + body.length)
  return file
}

/** Throws a data error for anything that is not a whole file of the ledger of a version that this release knows. */
export function decodeProofs(bytes: Uint8Array, file: string): Proofs {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = view.length - DIGEST_BYTES
  if (end < HEADER_BYTES || !view.subarray(0, 8).equals(MAGIC))
    throw damagedMetadata(file, 'it does not begin as a file of a ledger')
  if (view.readUInt16LE(8) !== PROOFS_MAJOR || view.readUInt16LE(10) > PROOFS_MINOR)
    throw damagedMetadata(file, 'it is of a version that this release does not know')
  if (view.readBigUInt64LE(12) !== BigInt(end - HEADER_BYTES)) throw damagedMetadata(file, 'its length is wrong')
  if (digestOf(view.subarray(0, end)) !== view.readBigUInt64LE(end))
    throw damagedMetadata(file, 'its content does not match its checksum')
  const place: Place = { file, field: '' }
  const o = asObject(unpackFrom(view.subarray(HEADER_BYTES, end), file), place)
  const at = { files: inside(place, 'files'), rows: inside(place, 'rows') }
  return {
    files: asArray(o.files, at.files).map((f) => decodeFile(f, at.files)),
    rows: asArray(o.rows, at.rows).map((r) => decodeRows(r, at.rows)),
  }
}

function decodeFile(value: unknown, place: Place): FileProof {
  const [path, bytes, checksum, provenMs, where, how, result, footer] = asArray(value, place)
  return {
    // It will be looked up in the set.
    path: checkPartitionPath(`/${asText(path, place, 1 << 16)}`, place).slice(1),
    bytes: asCount(bytes, place),
    checksum: asChecksum(checksum, place),
    provenMs: asCount(provenMs, place),
    where: asText(where, place, 1 << 16),
    how: asOneOf(how, KINDS, place),
    isSound: asOneOf(result, ['sound', 'damaged'], place) === 'sound',
    ...(footer == null ? {} : { footer: asChecksum(footer, place) }),
  }
}

function decodeRows(value: unknown, place: Place): RowsProof {
  const [url, table, path, content, computedMs, rows, columns, whole] = asArray(value, place)
  return {
    url: asText(url, place),
    table: asText(table, place),
    path: asText(path, place, 1 << 16),
    content: asChecksum(content, place),
    computedMs: asCount(computedMs, place),
    digest: {
      rows: asCount(rows, place),
      columns: asArray(columns, place).map((c): ColumnDigest => {
        const [name, type, digest] = asArray(c, place)
        return { name: asText(name, place), type: asText(type, place), digest: asChecksum(digest, place) }
      }),
      whole: asChecksum(whole, place),
    },
  }
}
