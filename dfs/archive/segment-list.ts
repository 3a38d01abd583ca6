/**
 * `<piece>.segments`, beside each piece in an archive directory: which data segments its transactions name, so that nobody has to read the log to know what it
 * needs. JSON: { format: 1, segments: [{ file, bytes, checksum }] }; `file` is the path in the store, in the archive it lies below `data/`; `checksum` is
 * XXH64 in hex.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { NamedSegment } from './piece.ts'

/** In the archive, in front of a segment's path in the store. */
export const DATA_FOLDER = 'data'
export const SEGMENT_LIST_SUFFIX = '.segments'
const FORMAT = 1

export type ListedSegment = Pick<NamedSegment, 'file' | 'bytes' | 'checksum'>

export function encodeSegmentList(segments: readonly ListedSegment[]): Uint8Array {
  const listed = segments.map(({ file, bytes, checksum }) => ({ file, bytes, checksum }))
  return Buffer.from(`${JSON.stringify({ format: FORMAT, segments: listed }, undefined, 1)}\n`)
}

/** Nothing in an archive is trusted. Throws `archiveList`. */
export function decodeSegmentList(content: Uint8Array, name: string): readonly ListedSegment[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(content).toString('utf8'))
  } catch (error) {
    throw unreadable(name, 'is no JSON', error)
  }
  const { format, segments } = (parsed ?? {}) as { format?: unknown; segments?: unknown }
  if (format !== FORMAT) throw unreadable(name, `has format ${String(format)}; this release knows format ${FORMAT}`)
  if (!Array.isArray(segments) || !segments.every(isListed)) throw unreadable(name, 'does not list segments')
  return segments
}

function isListed(value: unknown): value is ListedSegment {
  const { file, bytes, checksum } = (value ?? {}) as { file?: unknown; bytes?: unknown; checksum?: unknown }
  return (
    typeof file === 'string' &&
    file.startsWith('chunks/') &&
    Number.isSafeInteger(bytes) &&
    typeof checksum === 'string' &&
    /^[0-9a-f]{16}$/.test(checksum)
  )
}

const unreadable = (name: string, problem: string, cause?: unknown): HoldfastError =>
  new HoldfastError('data', `The archive's file ${name} ${problem}.`, {
    code: 'archiveList',
    where: { file: name },
    cause,
  })
