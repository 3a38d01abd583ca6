/** checkStore(): the store while it is used, at one commit, beside readers and writers. */
import type { CatalogReader } from '../catalog/key-value.ts'
import type { CatalogView } from '../catalog/types.ts'
import type { EngineStatus } from '../engine/commands.ts'
import type { FileStore } from '../store/file-store.ts'
import { formatLsn } from '../wal/lsn.ts'
import { walkLog } from '../wal/walk.ts'
import { checkChunks, checkStrays, filesBelow } from './check-chunks.ts'
import { checkTables } from './check-tables.ts'
import { type Checking, type CheckTotals, errorFinding } from './finding.ts'

export interface RunningStore {
  readonly files: FileStore
  readonly status: () => EngineStatus
  /** A view whose files stay, and the records that it is made of. */
  readonly hold: () => { readonly view: CatalogView; readonly catalog: CatalogReader; readonly release: () => void }
}

/** A file that a writer has just made is no finding. */
const YOUNG_MS = 60_000

export function* checkRunning(store: RunningStore, isDeep: boolean, totals: CheckTotals, nowMs: number): Checking {
  yield* checkRunningLog(store, totals)
  const { files } = store
  const listed = filesBelow(files)
  const { view, catalog, release } = store.hold()
  try {
    const tables = yield* checkTables(catalog, totals)
    const owners = yield* checkChunks({
      catalog,
      files,
      tables,
      deltas: (tableId) => view.deltas(tableId),
      cid: view.cid,
      isDeep,
      totals,
    })
    for (const finding of checkStrays(catalog, listed, owners)) {
      const isYoung =
        finding?.code === 'fileUnnamed' && nowMs - (files.stat(finding.file!)?.modifiedMs ?? nowMs) < YOUNG_MS
      if (!isYoung) yield finding
    }
  } finally {
    release()
  }
}

function* checkRunningLog({ files, status }: RunningStore, totals: CheckTotals): Checking {
  const { log, checkpoint } = status()
  const { stop, end, records } = walkLog(files, { from: checkpoint?.lsn ?? 0, to: log.end }, (record) => {
    if (record.kind === 'TSBEGIN') totals.transactions++
  })
  totals.logRecords += records
  if (end >= log.end) return
  yield stop === undefined
    ? errorFinding(
        'walShort',
        `The log can be read up to LSN ${formatLsn(end)}, it was written up to ${formatLsn(log.end)}.`,
        {
          file: 'wal',
        },
      )
    : errorFinding('walDamaged', `The log is damaged at LSN ${formatLsn(stop.lsn)}: ${stop.problem}.`, {
        file: stop.file,
        offset: stop.offset,
      })
}
