/**
 * Finds our metadata in the footer of an Arrow file. The generated accessors of Flatbuffers trust every offset; this walk checks each one against the
 * bytes that there are, because a segment may come from a damaged disk or from anybody's backup set. It reads one path only: the footer's table, its
 * custom metadata (field 4), the key/value pairs (fields 0 and 1).
 */
import { checksumOf } from '../store/checksum.ts'
import type { FileReader } from '../store/file-store.ts'
import { KEY_FOOTER, MAGIC, NO_CHECKSUM, segmentError } from './layout.ts'

/** More than the footer of a segment of a billion rows has. */
const FOOTER_BYTES_MAX = 1 << 28
/** Read in one go from the end; most footers fit. */
const TAIL_BYTES = 1 << 14

export interface Footer {
  /** First byte of the footer: everything before it is data. */
  readonly start: number
  readonly bytes: Uint8Array
  /** Custom metadata, with the place of each value in the footer's bytes. */
  readonly metadata: ReadonlyMap<string, { readonly text: string; readonly at: number }>
}

/** Reads the footer of an open segment file. Throws a data error for anything that is no whole Arrow file. */
export function readFooter(reader: FileReader, file: string): Footer {
  const total = reader.bytes
  const frame = 4 + MAGIC.length
  if (total < 8 + frame) throw segmentError(file, `it has ${total} bytes, too few for an Arrow file`)
  const tail = new Uint8Array(Math.min(TAIL_BYTES, total))
  if (reader.read(tail, total - tail.length) < tail.length) throw segmentError(file, 'it ended while being read', total)
  const magic = tail.subarray(tail.length - MAGIC.length)
  for (let k = 0; k < MAGIC.length; k++)
    if (magic[k] !== MAGIC.charCodeAt(k))
      throw segmentError(file, 'it does not end with the Arrow magic', total - MAGIC.length)
  const length = new DataView(tail.buffer).getInt32(tail.length - frame, true)
  const start = total - frame - length
  if (length <= 0 || length > FOOTER_BYTES_MAX || start < 8)
    throw segmentError(file, `its footer length is ${length}`, total - frame)
  let bytes: Uint8Array
  if (length + frame <= tail.length) bytes = tail.subarray(tail.length - frame - length, tail.length - frame)
  else {
    bytes = new Uint8Array(length)
    if (reader.read(bytes, start) < length) throw segmentError(file, 'it ended while being read', start)
  }
  return { start, bytes, metadata: customMetadata(bytes, (what) => segmentError(file, what, start)) }
}

/** Throws a data error unless the footer is what its own checksum says. */
export function requireWholeFooter({ bytes, start, metadata }: Footer, file: string): void {
  const own = metadata.get(KEY_FOOTER)
  if (own === undefined || own.text.length !== NO_CHECKSUM.length)
    throw segmentError(file, 'its footer has no checksum', start)
  const blank = bytes.slice()
  blank.set(Buffer.from(NO_CHECKSUM), own.at)
  if (checksumOf(blank) !== own.text) throw segmentError(file, 'the checksum of its footer does not match', start)
}

/** The checksum of the footer of an open segment file, compared with the footer: it stands for all checksums of columns in it. */
export function footerChecksum(reader: FileReader, file: string): string {
  const footer = readFooter(reader, file)
  requireWholeFooter(footer, file)
  return footer.metadata.get(KEY_FOOTER)!.text
}

const FIELD_CUSTOM_METADATA = 4
/** A footer has three of ours; a thousand is surely none of ours. */
const PAIRS_MAX = 1000

function customMetadata(
  bytes: Uint8Array,
  error: (what: string) => Error,
): Map<string, { readonly text: string; readonly at: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number): number => {
    if (at < 0 || at + 4 > bytes.length) throw error('its footer points outside itself')
    return view.getUint32(at, true)
  }
  const u16 = (at: number): number => {
    if (at < 0 || at + 2 > bytes.length) throw error('its footer points outside itself')
    return view.getUint16(at, true)
  }
  /** Place of a table's field, 0 if it is absent. */
  const field = (table: number, index: number): number => {
    const vtable = table - (u32(table) | 0)
    if (4 + 2 * index >= u16(vtable)) return 0
    const offset = u16(vtable + 4 + 2 * index)
    return offset === 0 ? 0 : table + offset
  }
  const follow = (at: number): number => at + u32(at)
  const string = (at: number): { text: string; at: number } => {
    const start = follow(at)
    const length = u32(start)
    if (start + 4 + length > bytes.length) throw error('a text in its footer is cut off')
    const text = new TextDecoder().decode(bytes.subarray(start + 4, start + 4 + length))
    return { text, at: start + 4 }
  }
  const found = new Map<string, { text: string; at: number }>()
  const vectorField = field(follow(0), FIELD_CUSTOM_METADATA)
  if (vectorField === 0) return found
  const vector = follow(vectorField)
  const count = u32(vector)
  if (count > PAIRS_MAX) throw error(`its footer claims ${count} metadata entries`)
  for (let k = 0; k < count; k++) {
    const pair = follow(vector + 4 + 4 * k)
    const key = field(pair, 0)
    const value = field(pair, 1)
    if (key !== 0 && value !== 0) found.set(string(key).text, string(value))
  }
  return found
}
