/**
 * Files that carry or keep checksums, taken apart and put together again with every checksum right: what an attacker writes, or a bug. Kinds are told by content
 * and name, so that files of every set, copy and archive go through here.
 */
import { pack, unpack } from '../../dfs/set/meta.ts'
import { checksumOf } from '../../dfs/store/checksum.ts'
import { packPayload, unpackPayload } from '../../dfs/wal/payload.ts'
import { decodeRecord, RECORD_HEADER_BYTES, RecordEncoder, recordExtent } from '../../dfs/wal/record.ts'
import { graft } from './grafts.ts'
import { signSegment } from './segment.ts'

/** A file as a value that can be changed, and the way back. `encode` makes the file's own checksums right. */
export interface Signed {
  readonly value: unknown
  encode(value: unknown): Uint8Array
}

/** Magic, and where the length of the body stands, which follows it. */
const FRAMES: readonly (readonly [magic: string, lengthAt: number])[] = [
  ['HFBKMETA', 16],
  ['HFPROOFS', 12],
]
const FINISHED_HEADER_BYTES = 12
const LOG_HEADER_BYTES = 64
const CATALOG_MAGIC = 'HFCKPT01'
const DIGEST_LINE = /\n {2}"digest": "[0-9a-f]{16}"\n\}\n$/

/** undefined for files without a structure that this knows. */
export function signedOf(path: string, bytes: Uint8Array): Signed | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    for (const [magic, lengthAt] of FRAMES)
      if (buffer.subarray(0, 8).toString('latin1') === magic) return framed(buffer, lengthAt)
    if (buffer.subarray(0, 8).toString('latin1') === CATALOG_MAGIC) return catalogCopy(buffer)
    if (buffer.subarray(0, 8).toString('latin1') === 'HFWALLOG') return logFile(buffer)
    if (/finished-\d+\.log$/.test(path)) return finishedLog(buffer)
    if (/\/files$/.test(path)) return jsonLines(buffer)
    if (/\.(json|segments)$/.test(path)) return json(buffer)
    return undefined
  } catch {
    return undefined
  }
}

/** The file with the checksums inside it made right, whatever else is wrong with it: for bytes that were changed without regard to what they mean. */
export function signBytes(path: string, bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes)
  if (path.endsWith('.arrow')) return signSegment(buffer)
  for (const [magic, lengthAt] of FRAMES)
    if (buffer.subarray(0, 8).toString('latin1') === magic && buffer.length >= lengthAt + 16) {
      buffer.writeBigUInt64LE(BigInt(buffer.length - lengthAt - 16), lengthAt)
      return signedTail(buffer)
    }
  const text = buffer.toString('latin1')
  if (DIGEST_LINE.test(text)) {
    const head = text.replace(DIGEST_LINE, '\n')
    return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head, 'latin1'))}"\n}\n`, 'latin1')
  }
  if (/finished-\d+\.log$/.test(path)) return signFinished(buffer)
  return buffer
}

const jsonText = (value: unknown, blanks?: number): string => graft.text(JSON.stringify(value, undefined, blanks))

function json(buffer: Buffer): Signed {
  const text = buffer.toString('utf8')
  const value = JSON.parse(text) as Record<string, unknown>
  if (!DIGEST_LINE.test(text)) return { value, encode: (v) => Buffer.from(`${jsonText(v, 1)}\n`) }
  delete value.digest
  return {
    value,
    encode: (v) => {
      const body = jsonText(v, 2)
      const head = body.length > 2 && body.endsWith('\n}') ? `${body.slice(0, -2)},\n` : `${body}\n`
      return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head))}"\n}\n`)
    },
  }
}

function jsonLines(buffer: Buffer): Signed {
  const lines = buffer.toString('utf8').split('\n').slice(0, -1)
  return {
    value: lines.map((line) => JSON.parse(line) as unknown),
    encode: (v) => Buffer.from((Array.isArray(v) ? v : [v]).map((line) => `${jsonText(line) ?? ''}\n`).join('')),
  }
}

function signedTail(file: Buffer): Buffer {
  file.writeBigUInt64LE(BigInt(`0x${checksumOf(file.subarray(0, file.length - 8))}`), file.length - 8)
  return file
}

function framed(buffer: Buffer, lengthAt: number): Signed {
  const headerBytes = lengthAt + 8
  return {
    value: unpack(buffer.subarray(headerBytes, buffer.length - 8)),
    encode: (v) => {
      const body = graft.bytes(pack(v))
      const file = Buffer.concat([buffer.subarray(0, headerBytes), body, Buffer.alloc(8)])
      file.writeBigUInt64LE(BigInt(body.length), lengthAt)
      return signedTail(file)
    },
  }
}

function finishedRecord(body: Uint8Array): Buffer {
  const record = Buffer.alloc(FINISHED_HEADER_BYTES + body.length)
  record.writeUInt32LE(body.length, 0)
  record.writeBigUInt64LE(BigInt(`0x${checksumOf(body)}`), 4)
  record.set(body, FINISHED_HEADER_BYTES)
  return record
}

function finishedLog(buffer: Buffer): Signed {
  const value: unknown[] = []
  for (let at = 0; at + FINISHED_HEADER_BYTES <= buffer.length; ) {
    const end = at + FINISHED_HEADER_BYTES + buffer.readUInt32LE(at)
    value.push(unpack(buffer.subarray(at + FINISHED_HEADER_BYTES, end)))
    at = end
  }
  return {
    value,
    encode: (v) => Buffer.concat((Array.isArray(v) ? v : [v]).map((r) => finishedRecord(graft.bytes(pack(r))))),
  }
}

function signFinished(buffer: Buffer): Buffer {
  for (let at = 0; at + FINISHED_HEADER_BYTES <= buffer.length; ) {
    const end = at + FINISHED_HEADER_BYTES + buffer.readUInt32LE(at)
    if (end > buffer.length) break
    buffer.writeBigUInt64LE(BigInt(`0x${checksumOf(buffer.subarray(at + FINISHED_HEADER_BYTES, end))}`), at + 4)
    at = end
  }
  return buffer
}

function catalogCopy(buffer: Buffer): Signed {
  const value: unknown[] = []
  for (let at = CATALOG_MAGIC.length; ; ) {
    const length = buffer.readUInt32LE(at)
    if (length === 0) break
    value.push(unpackPayload(buffer.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return {
    value,
    encode: (v) => {
      const records = (Array.isArray(v) ? v : [v]).map((entry) => {
        const body = graft.bytes(Buffer.from(packPayload(entry)))
        const length = Buffer.alloc(4)
        length.writeUInt32LE(body.length)
        return Buffer.concat([length, body])
      })
      return Buffer.concat([Buffer.from(CATALOG_MAGIC), ...records, Buffer.alloc(4)])
    },
  }
}

interface LoggedRecord {
  kind: never
  flags: number
  transaction: number
  timeMs: number
  syncedLsn: number
  payload: unknown
}

function logFile(buffer: Buffer): Signed {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const firstLsn = Number(buffer.readBigUInt64LE(32))
  const value: LoggedRecord[] = []
  for (let at = LOG_HEADER_BYTES; at + RECORD_HEADER_BYTES + 8 <= buffer.length; ) {
    const extent = recordExtent(view, at, buffer.length - at)
    if (typeof extent === 'string') break
    const record = decodeRecord(buffer, view, at, extent, firstLsn + at - LOG_HEADER_BYTES)
    if (typeof record === 'string') break
    const { kind, flags, transaction, timeMs, syncedLsn, payload } = record
    value.push({ kind: kind as never, flags, transaction, timeMs, syncedLsn, payload: unpackPayload(payload) })
    at += extent
  }
  return {
    value,
    encode: (v) => {
      const records = (Array.isArray(v) ? v : []) as LoggedRecord[]
      const encoder = new RecordEncoder()
      const parts: Uint8Array[] = [Buffer.from(buffer.subarray(0, LOG_HEADER_BYTES))]
      let lsn = firstLsn
      for (const record of records) {
        if (typeof record !== 'object' || record === null) continue
        const { kind, flags, transaction, timeMs, syncedLsn, payload } = record
        const body = graft.bytes(Buffer.from(packPayload(payload)))
        const count = (n: unknown): number => (Number.isSafeInteger(n) && (n as number) >= 0 ? (n as number) : 0)
        const encoded = encoder.encode(
          [{ kind, flags: count(flags) & 255, transaction: count(transaction), timeMs: Number(timeMs), payload: body }],
          lsn,
          Math.min(count(syncedLsn), lsn),
        )
        parts.push(Buffer.from(encoded))
        lsn += encoded.length
      }
      return Buffer.concat(parts)
    },
  }
}
