/**
 * What `CHECKPOINT CREATE` leaves in the data directory, so that a copy of it made by any tool, at any speed, while the store is written to, can start as
 * of that moment.
 *
 *   checkpoint/catalog          "HFCKPT01", then for each record of the catalog: u32 length, MessagePack of [key, value]; then u32 0
 *   checkpoint/checkpoint.json  what it is, which store and moment it is of, size and XXH64 of `catalog`
 *
 * Small appends that were in no segment stand in `catalog` as records under the key ['delta', table id, path].
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogKey } from '../catalog/key-value.ts'
import { CATALOG_FORMAT } from '../catalog/records.ts'
import { readMetadata } from '../set/bounded.ts'
import { asChecksum, asCount, asCounter, asObject, asText, asTimeline, inside, type Place } from '../set/checked.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { lazyPackr } from '../store/message-pack.ts'
import { parentOf } from '../store/paths.ts'
import { checkEntries } from './checked-entries.ts'

export const COPY_FOLDER = 'checkpoint'
export const COPY_CATALOG = `${COPY_FOLDER}/catalog`
export const COPY_MANIFEST = `${COPY_FOLDER}/checkpoint.json`
/** An empty file of this name asks the next start to begin as of the checkpoint. */
export const RESTORE_TRIGGER = '_restore'

const MAGIC = Buffer.from('HFCKPT01')
const LENGTH_BYTES = 4
/** Records are written together until they are so many bytes. */
const WRITE_BYTES = 1 << 16

export interface CopyManifest {
  readonly product: 'holdfast'
  /** Format of the data directory. */
  readonly format: number
  readonly storeId: string
  readonly timeline: number
  readonly cid: number
  readonly lsn: number
  readonly startedAt: string
  readonly records: number
  readonly bytes: number
  readonly digest: string
  /** Segments that a copy must hold. */
  readonly files: number
  readonly fileBytes: number
}

export type CatalogEntry = readonly [key: CatalogKey, value: unknown]

const packr = lazyPackr({ useRecords: false, int64AsType: 'bigint', useBigIntExtension: true, copyBuffers: true })

/** Writes and syncs the records. Answers what the manifest needs to know of the file. */
export function writeCatalogCopy(
  files: FileStore,
  entries: Iterable<CatalogEntry>,
  file = COPY_CATALOG,
): Pick<CopyManifest, 'records' | 'bytes' | 'digest'> {
  const writer = files.openWrite(file)
  const checksum = new Checksum()
  let records = 0
  try {
    let pieces: Uint8Array[] = [MAGIC]
    let waiting = MAGIC.length
    const flush = (): void => {
      const bytes = Buffer.concat(pieces)
      checksum.update(bytes)
      writer.write(bytes)
      pieces = []
      waiting = 0
    }
    for (const entry of entries) {
      const packed = packr().pack(entry)
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32LE(packed.length)
      pieces.push(length, packed)
      waiting += LENGTH_BYTES + packed.length
      records++
      if (waiting >= WRITE_BYTES) flush()
    }
    pieces.push(Buffer.alloc(LENGTH_BYTES))
    flush()
    writer.sync()
  } finally {
    writer.close()
  }
  files.syncDirectory(parentOf(file))
  return { records, bytes: writer.bytesWritten, digest: checksum.hex() }
}

const unusable = (file: string, why: string, hint: string): HoldfastError =>
  new HoldfastError('data', `The copy cannot be started as of its checkpoint: ${file} ${why}.`, {
    code: 'copyUnusable',
    where: { file },
    hint: `${hint}; ${RESTORE_TRIGGER} was left in place, so that the start can be tried again`,
  })

export const copyIncomplete = (file: string, why: string): HoldfastError =>
  unusable(file, why, 'copy the data directory again between CHECKPOINT CREATE and CHECKPOINT RELEASE')

export function readCopyManifest(files: FileStore): CopyManifest {
  if (files.stat(COPY_MANIFEST) === undefined)
    throw copyIncomplete(
      COPY_MANIFEST,
      `is missing although there is a file ${RESTORE_TRIGGER}: no checkpoint was active when the directory was copied`,
    )
  const bytes = readMetadata(files, COPY_MANIFEST)
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw copyIncomplete(COPY_MANIFEST, `is not JSON (${(error as Error).message})`)
  }
  const { product, format } = (parsed ?? {}) as { readonly product?: unknown; readonly format?: unknown }
  if (product !== 'holdfast') throw copyIncomplete(COPY_MANIFEST, 'does not describe a checkpoint of Holdfast')
  if (format !== CATALOG_FORMAT)
    throw unusable(
      COPY_MANIFEST,
      `was made by a release with data format ${String(format)}; this one has format ${CATALOG_FORMAT}`,
      'start the copy with the release that made it',
    )
  try {
    return checkCopyManifest(parsed, { file: COPY_MANIFEST, field: '' })
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    throw copyIncomplete(COPY_MANIFEST, `is not what a store writes (${error.message})`)
  }
}

function checkCopyManifest(value: unknown, place: Place): CopyManifest {
  const o = asObject(value, place)
  const at = (field: string): Place => inside(place, field)
  return {
    product: 'holdfast',
    format: CATALOG_FORMAT,
    storeId: asText(o.storeId, at('storeId'), 64),
    timeline: asTimeline(o.timeline, at('timeline')),
    cid: asCounter(o.cid, at('cid')),
    lsn: asCounter(o.lsn, at('lsn')),
    startedAt: asText(o.startedAt, at('startedAt'), 64),
    records: asCount(o.records, at('records')),
    bytes: asCount(o.bytes, at('bytes')),
    digest: asChecksum(o.digest, at('digest')),
    files: asCount(o.files, at('files')),
    fileBytes: asCount(o.fileBytes, at('fileBytes')),
  }
}

/** The records, after their checksum was found right. */
export function readCatalogCopy(files: FileStore, manifest: CopyManifest): CatalogEntry[] {
  if (files.stat(COPY_CATALOG)?.bytes !== manifest.bytes)
    throw copyIncomplete(COPY_CATALOG, 'is missing or does not have its size')
  const bytes = Buffer.from(readMetadata(files, COPY_CATALOG, manifest.bytes))
  if (new Checksum().update(bytes).hex() !== manifest.digest) throw copyIncomplete(COPY_CATALOG, 'is damaged')
  const entries = decodeCatalogCopy(bytes)
  if (entries === undefined || entries.length !== manifest.records)
    throw copyIncomplete(COPY_CATALOG, 'is not a copy of a catalog')
  try {
    checkEntries(entries, manifest.cid, COPY_CATALOG)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    throw copyIncomplete(COPY_CATALOG, `is not what a store writes (${error.message})`)
  }
  return entries
}

/** The records of a catalog's copy whose checksum was found right; undefined: that is none. */
export function decodeCatalogCopy(bytes: Buffer): CatalogEntry[] | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const entries: CatalogEntry[] = []
  for (let at = MAGIC.length; at + LENGTH_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at)
    at += LENGTH_BYTES
    if (length === 0) return at === bytes.length ? entries : undefined
    if (at + length > bytes.length) return undefined
    let entry: unknown
    try {
      entry = packr().unpack(bytes.subarray(at, at + length))
    } catch {
      return undefined
    }
    if (!Array.isArray(entry) || entry.length !== 2 || !Array.isArray(entry[0])) return undefined
    entries.push(entry as unknown as CatalogEntry)
    at += length
  }
  return undefined
}
