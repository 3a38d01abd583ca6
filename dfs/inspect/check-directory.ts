/** `holdfast check`: a directory that nobody has open, as a start would find it. */

import { toHoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { CATALOG_FORMAT, type CopyMark, keys, type StoreMark } from '../catalog/records.ts'
import { NO_DELTAS, type TableDeltas } from '../delta/merge.ts'
import type { DeltaStore } from '../delta/store.ts'
import { RESTORE_MARKER, refuseUnfinishedRestore } from '../node-backup/marker.ts'
import type { FileStore } from '../store/file-store.ts'
import { formatLsn } from '../wal/lsn.ts'
import { checkChunks, checkStrays, filesBelow } from './check-chunks.ts'
import { checkCopy, checkTrigger } from './check-copy.ts'
import { checkTables } from './check-tables.ts'
import { type Checking, type CheckTotals, errorFinding, findingOf, noteFinding } from './finding.ts'
import { CATALOG_FILE, type InspectedDirectory } from './open.ts'
import { readLog, replay } from './replay.ts'

export function* checkDirectory(directory: InspectedDirectory, isDeep: boolean, totals: CheckTotals): Checking {
  const { files, catalog, wasUnclean, isHeld } = directory
  if (!isHeld)
    yield noteFinding('notHeld', 'Nothing can be written here, so that nobody is kept from opening it meanwhile.')
  if (directory.startError !== undefined) yield findingOf(directory.startError, 'folderOfOther', '')
  try {
    refuseUnfinishedRestore(files)
  } catch (error) {
    // What else is there is half a store.
    yield findingOf(toHoldfastError(error), 'restoreUnfinished', RESTORE_MARKER)
    return
  }
  if (yield* checkTrigger(files, isDeep, totals)) return
  if (wasUnclean)
    yield noteFinding('unclean', 'The last process did not close the directory: the next start recovers from the log.')
  if (directory.catalogError !== undefined) {
    yield findingOf(directory.catalogError, 'catalogDamaged', CATALOG_FILE)
    return
  }
  if (catalog === undefined) {
    yield errorFinding('catalogMissing', 'The catalog is missing: this is no data directory, or it was damaged.', {
      file: CATALOG_FILE,
    })
    return
  }
  try {
    yield* checkCatalog(files, catalog, isDeep, totals)
  } catch (error) {
    // Records that can't be read: what they stand for is not known.
    yield findingOf(toHoldfastError(error), 'catalogDamaged', CATALOG_FILE)
  }
}

function* checkCatalog(files: FileStore, catalog: CatalogReader, isDeep: boolean, totals: CheckTotals): Checking {
  const format = catalog.get(keys.format)
  const store = catalog.get(keys.store) as StoreMark | undefined
  if (typeof format !== 'number' || format > CATALOG_FORMAT || typeof catalog.get(keys.cid) !== 'number') {
    yield errorFinding(
      'catalogFormat',
      `The catalog has format ${String(format)}; this release knows formats up to ${CATALOG_FORMAT}.`,
      {
        file: CATALOG_FILE,
      },
    )
    return
  }
  let state: CatalogReader = catalog
  let deltas: DeltaStore | undefined
  let cid = catalog.get(keys.cid) as number
  if (store === undefined)
    yield format < CATALOG_FORMAT
      ? noteFinding(
          'catalogOld',
          `The catalog has format ${format}, without a log; the next start brings it to format ${CATALOG_FORMAT}.`,
        )
      : errorFinding('storeMark', 'The catalog does not say which store it is of, so the log can not be read.', {
          file: CATALOG_FILE,
        })
  else {
    const replayed = yield* checkLog(files, catalog, store, totals)
    if (replayed !== undefined) {
      state = replayed.catalog
      deltas = replayed.deltas
      cid = replayed.recovered.lastCid
    }
  }
  const listed = filesBelow(files)
  const tables = yield* checkTables(state, totals)
  const waiting = deltas === undefined ? new Map<string, TableDeltas>() : liveByTable(deltas)
  const owners = yield* checkChunks({
    catalog: state,
    files,
    tables,
    deltas: (tableId) => waiting.get(tableId) ?? NO_DELTAS,
    cid,
    isDeep,
    totals,
  })
  yield* checkStrays(state, listed, owners)
  yield* checkCopy(files, catalog.get(keys.copy) as CopyMark | undefined)
}

export function liveByTable(deltas: DeltaStore): Map<string, TableDeltas> {
  const live = deltas.live(Number.POSITIVE_INFINITY)
  return new Map(Array.from(live, ([tableId, chunks]) => [tableId, new Map(chunks.map((c) => [c.path, c]))]))
}

/** Reads the log from the checkpoint to its end and applies it in memory; undefined if that can not be done. */
function* checkLog(files: FileStore, catalog: CatalogReader, store: StoreMark, totals: CheckTotals) {
  if (catalog.get(keys.checkpoint) === undefined)
    yield noteFinding('noCheckpoint', 'No checkpoint was made yet: a recovery reads the log from its beginning.')
  try {
    const { log, scan, from } = readLog(files, catalog, store)
    totals.logRecords += scan.records
    if (scan.droppedBytes > 0)
      yield noteFinding(
        'walTail',
        `${scan.droppedBytes} bytes of an unfinished write stand behind the end of the log at LSN ${formatLsn(scan.end)}; the next start cuts them off.`,
        { file: scan.file, offset: scan.offset },
      )
    const replayed = replay(files, catalog, log, from)
    totals.transactions += replayed.recovered.committed + replayed.recovered.rolledBack
    return replayed
  } catch (error) {
    yield findingOf(toHoldfastError(error), 'log', 'wal')
    yield noteFinding(
      'logUnknown',
      'Transactions that are in the log only are not known; the rest is checked as the catalog has it.',
    )
    return undefined
  }
}
