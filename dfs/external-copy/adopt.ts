/**
 * Starting a copy as of its checkpoint. First everything is checked: the copy of the catalog, and every segment that it names, byte for byte; until then nothing
 * is changed. Then, in an order that a crash at any point leaves to be repeated: segments for small appends, the log begun anew, the catalog
 * exchanged, and last the trigger removed.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogKey, CatalogStore } from '../catalog/key-value.ts'
import { type CheckpointMark, keys, type StoreMark } from '../catalog/records.ts'
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import { withFlushed } from '../engine/chunk-edits.ts'
import type { ChunkDelta } from '../engine/commands.ts'
import { flushDeltas } from '../maintenance/flush.ts'
import { checksumOfFile } from '../store/checksum-file.ts'
import type { FileStore } from '../store/file-store.ts'
import { openCommitLog } from '../wal/commit-log.ts'
import {
  type CatalogEntry,
  COPY_FOLDER,
  type CopyManifest,
  copyIncomplete,
  RESTORE_TRIGGER,
  readCatalogCopy,
  readCopyManifest,
} from './format.ts'

export interface AdoptParts {
  readonly files: FileStore
  readonly say: (line: string) => void
  /** The same, as long as nothing in the directory may be changed; default: `say`. */
  readonly announce?: (line: string) => void
  readonly now: () => number
  /** Puts a catalog with exactly these records in the place of the one that is there. */
  readonly replaceCatalog: (fill: (catalog: CatalogStore) => void) => void
}

/** Throws `copyUnusable` for a folder of that name: somebody wanted a restore, or it came by accident; a start without one could not be taken back. */
export function wantsRestore(files: FileStore): boolean {
  const kind = files.stat(RESTORE_TRIGGER)?.kind
  if (kind === undefined || kind === 'file') return kind === 'file'
  throw new HoldfastError(
    'input',
    `${RESTORE_TRIGGER} in ${files.root} is ${kind === 'directory' ? 'a folder' : 'no regular file'}; an empty file of that name asks for a start as of the checkpoint of a copy.`,
    {
      code: 'copyUnusable',
      where: { file: RESTORE_TRIGGER },
      hint: 'nothing was changed; put a file in its place if this is a copy that is to be started, otherwise remove it',
    },
  )
}

export function adoptCopy(parts: AdoptParts): void {
  const { files, say, announce = say } = parts
  const manifest = readCopyManifest(files)
  announce(`Starting as of the checkpoint of ${manifest.startedAt}: verifying ${manifest.files} files`)
  const entries = readCatalogCopy(files, manifest)
  verifyFiles(files, entries)

  const { records, deltas } = splitEntries(entries)
  flushInto(files, records, deltas)
  const store: StoreMark = { id: manifest.storeId, timeline: manifest.timeline + 1 }
  beginLog(files, store, manifest)
  parts.replaceCatalog((catalog) => fillCatalog(catalog, records.values(), store, manifest, parts.now()))
  files.remove(RESTORE_TRIGGER)
  files.syncDirectory('')
  files.removeTree(COPY_FOLDER)
  say(`Started as of the checkpoint of ${manifest.startedAt}, commit ${manifest.cid}`)
}

function verifyFiles(files: FileStore, entries: readonly CatalogEntry[]): void {
  for (const [key, value] of entries) {
    if (key[0] !== 'chunk') continue
    for (const { file, bytes, checksum } of (value as ChunkRecord).segments) {
      const found = files.stat(file)
      if (found === undefined) throw copyIncomplete(file, 'is missing')
      if (found.bytes !== bytes) throw copyIncomplete(file, `has ${found.bytes} bytes instead of ${bytes}`)
      if (checksumOfFile(files, file) !== checksum) throw copyIncomplete(file, 'is not what the checkpoint names')
    }
  }
}

const textOf = (key: CatalogKey): string => JSON.stringify(key)

/** Records of the catalog by their key, and small appends that are in no segment. */
export function splitEntries(entries: readonly CatalogEntry[]): {
  readonly records: Map<string, CatalogEntry>
  readonly deltas: readonly { readonly tableId: string; readonly delta: ChunkDelta }[]
} {
  const records = new Map<string, CatalogEntry>()
  const deltas: { tableId: string; delta: ChunkDelta }[] = []
  for (const entry of entries)
    if (entry[0][0] === 'delta') deltas.push({ tableId: String(entry[0][1]), delta: entry[1] as ChunkDelta })
    else records.set(textOf(entry[0]), entry)
  return { records, deltas }
}

/** Small appends become segments of the copied catalog. */
export function flushInto(
  files: FileStore,
  records: Map<string, CatalogEntry>,
  deltas: readonly { readonly tableId: string; readonly delta: ChunkDelta }[],
): void {
  const tables = new Map<string, TableRecord>()
  for (const [key, value] of records.values())
    if (key[0] === 'table') tables.set((value as TableRecord).id, value as TableRecord)
  for (const { tableId, delta } of deltas) {
    const table = tables.get(tableId)
    if (table === undefined) continue
    const key = keys.chunk(table.db, table.name, delta.path)
    const before = records.get(textOf(key))?.[1] as ChunkRecord | undefined
    const segmentCids = (before?.segments ?? []).map((s) => s.cid ?? 0)
    const [flushed] = flushDeltas(files, { kind: 'flush', table, chunks: [{ ...delta, segmentCids }] })
    records.set(textOf(key), [key, withFlushed(before, flushed)])
  }
}

/** The log of the time after the checkpoint is not this store's: it goes on by itself, on a timeline of its own. */
export function beginLog(files: FileStore, store: StoreMark, manifest: Pick<CopyManifest, 'lsn'>): void {
  files.removeTree('wal')
  files.syncDirectory('')
  const { log } = openCommitLog(files, {
    rotation: 'dual',
    groupFiles: 3,
    groupFileBytes: 64 << 20,
    timeline: store.timeline,
    storeId: store.id,
    bootId: '',
    from: manifest.lsn,
    mayBeMissing: true,
  })
  log.close()
}

/** Writes the records of the copied catalog into a new one. */
export function fillCatalog(
  catalog: CatalogStore,
  entries: Iterable<CatalogEntry>,
  store: StoreMark,
  manifest: Pick<CopyManifest, 'cid' | 'lsn'>,
  nowMs: number,
): void {
  catalog.transaction((writer) => {
    for (const [key, value] of entries) writer.put(key, value)
    const before = writer.get(keys.checkpoint) as CheckpointMark | undefined
    writer.put(keys.cid, manifest.cid)
    writer.put(keys.store, store)
    writer.put(keys.checkpoint, { lsn: manifest.lsn, timeMs: nowMs, lastTransaction: before?.lastTransaction ?? 0 })
    writer.remove(keys.lsn)
  })
}
