/** The storage engine as functions: checkpoints, copies by other tools, and what the engine holds. `holdfast wal status` and `holdfast stats` print the same. */
import { type Arg, textArg } from '../../runtime/builtins/args.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Scalar, T, type Table } from '../../runtime/values/index.ts'
import { mayDo } from '../access/index.ts'
import type { EngineStatus } from '../engine/commands.ts'
import { formatLsn } from '../wal/lsn.ts'
import { isMissing, timestampOf } from './backup-host.ts'
import { listing } from './listing.ts'
import { databaseArg, dfsOf, requireAdministrator } from './store-args.ts'

const { entries, define } = topicTable('Storage engine')
export const storageFunctions = entries

const statusOf = (session: Session): EngineStatus => dfsOf(session).request({ kind: 'status' }).status!

define('checkpoint()', {
  doc: 'Makes segments of all small appends that are in the log and in memory only, and cuts the log. Returns the LSN from which a recovery would begin now, such as `0/1A3B4C5D`. For administrators.',
  call: (_, session) => {
    requireAdministrator(session, 'checkpoint')
    return Scalar.string(formatLsn(dfsOf(session).request({ kind: 'checkpoint' }).lsn!))
  },
})

define('checkpointCreate()', {
  doc: 'Begins the time in which other tools (cp, rsync, a volume snapshot) may copy the data directory while the store is used. Nothing that this moment consists of is removed until checkpointRelease. A second call is an error. `CHECKPOINT CREATE` does the same. For administrators.',
  call: (_, session) => {
    requireAdministrator(session, 'checkpointCreate')
    dfsOf(session).request({ kind: 'beginCopy' })
    return Scalar.VOID
  },
})

define('checkpointRelease()', {
  doc: 'Ends what checkpointCreate began; without effect if nothing was begun. `CHECKPOINT RELEASE` does the same. For administrators.',
  call: (_, session) => {
    requireAdministrator(session, 'checkpointRelease')
    dfsOf(session).request({ kind: 'endCopy' })
    return Scalar.VOID
  },
})

define('checkpoint_status()', {
  doc: 'A table of one row: in_progress BOOL, started_at TIMESTAMP (null if not in progress), lsn, pinnedFiles and pinnedBytes of the checkpoint for copies by other tools.',
  call: (_, session) => {
    const { copy } = statusOf(session)
    return listing([copy], {
      in_progress: [T.BOOL, (c) => (c === undefined ? 0 : 1)],
      started_at: [T.TIMESTAMP, (c) => timestampOf(c?.startedMs)],
      lsn: [T.STRING, (c) => (c === undefined ? '' : formatLsn(c.lsn))],
      pinnedFiles: [T.LONG, (c) => BigInt(c?.pinnedFiles ?? 0)],
      pinnedBytes: [T.LONG, (c) => BigInt(c?.pinnedBytes ?? 0)],
    })
  },
})

const LEVELS = ['off', 'sync', 'flush'] as const

define('getWalStatus()', {
  doc: 'A table of one row on the write-ahead log: walLevel, levelName, rotation, endLsn, durableLsn (everything below is on disk), checkpointLsn (where a recovery would begin), checkpointTime, oldestLsn (the oldest record that is still there), bytes, files, recoveryBytes (what a recovery would read).',
  call: (_, session) => {
    const status = statusOf(session)
    return listing([status], {
      walLevel: [T.INT, (s) => s.settings.walLevel],
      levelName: [T.STRING, (s) => LEVELS[s.settings.walLevel]],
      rotation: [T.STRING, (s) => s.settings.walRotation],
      endLsn: [T.STRING, (s) => formatLsn(s.log.end)],
      durableLsn: [T.STRING, (s) => formatLsn(s.log.durable)],
      checkpointLsn: [T.STRING, (s) => formatLsn(s.checkpoint?.lsn ?? s.log.oldest)],
      checkpointTime: [T.TIMESTAMP, (s) => timestampOf(s.checkpoint?.timeMs)],
      oldestLsn: [T.STRING, (s) => formatLsn(s.log.oldest)],
      bytes: [T.LONG, (s) => BigInt(s.log.bytes)],
      files: [T.INT, (s) => s.log.files.length],
      recoveryBytes: [T.LONG, (s) => BigInt(s.log.end - (s.checkpoint?.lsn ?? s.log.oldest))],
    })
  },
})

define('getWalFiles()', {
  doc: 'A table of the files of the write-ahead log, oldest first: name, state, timeline, firstLsn, endLsn, bytes.',
  call: (_, session) =>
    listing(statusOf(session).log.files, {
      name: [T.STRING, (f) => f.name],
      state: [T.STRING, (f) => f.state],
      timeline: [T.LONG, (f) => BigInt(f.timeline)],
      firstLsn: [T.STRING, (f) => formatLsn(f.firstLsn)],
      endLsn: [T.STRING, (f) => formatLsn(f.endLsn)],
      bytes: [T.LONG, (f) => BigInt(f.bytes)],
    }),
})

define('getWalArchiveStatus()', {
  doc: 'A table of one row on the archive of the log: archivingEnabled, lastArchivedSegment (24 hex digits, empty before the first), lastArchiveTime, segmentsPending (pieces of log that are sealed and not archived), bytesPending, archiveRateBytesPerSec (of the last piece), totalArchivedBytes, lastError (empty after an attempt that did not fail), failedAttempts. `holdfast wal archive-status` prints the same.',
  call: (_, session) =>
    listing([statusOf(session).archive], {
      archivingEnabled: [T.BOOL, (s) => (s.archivingEnabled ? 1 : 0)],
      lastArchivedSegment: [T.STRING, (s) => s.lastArchivedSegment],
      lastArchiveTime: [T.TIMESTAMP, (s) => timestampOf(s.lastArchiveTimeMs)],
      segmentsPending: [T.LONG, (s) => BigInt(s.segmentsPending)],
      bytesPending: [T.LONG, (s) => BigInt(s.bytesPending)],
      archiveRateBytesPerSec: [T.LONG, (s) => BigInt(s.archiveRateBytesPerSec)],
      totalArchivedBytes: [T.LONG, (s) => BigInt(s.totalArchivedBytes)],
      lastError: [T.STRING, (s) => s.lastError],
      failedAttempts: [T.LONG, (s) => BigInt(s.failedAttempts)],
    }),
})

const STATS = 'getStorageStats([dbUrl], [tableName])'
define(STATS, {
  doc: 'A table with a row for each chunk of the tables that you may see: dbUrl, tableName, partition, chunkId, cid (commit that last changed its rows), rows, segments, bytes, deltaRows and deltaBytes (small appends that are in the log and in memory only), updateTime.',
  call: ([dbUrl, tableName], session): Table => {
    const dfs = dfsOf(session)
    const name = isMissing(tableName) ? undefined : textArg(tableName as Arg & {}, STATS, 'tableName')
    const databases = isMissing(dbUrl) ? dfs.view().databases() : [databaseArg(session, dbUrl, STATS, 'dbUrl')]
    const rows = dfs.looking((view) =>
      databases.flatMap((db) =>
        view
          .tables(db.url)
          .filter((t) => (name === undefined || t.name === name) && mayDo(dfs.permissions, 'read', db, t))
          .flatMap((t) => Array.from(view.chunks(db.url, t.name), (chunk) => ({ t, chunk }))),
      ),
    )
    const sum = (numbers: readonly number[]): bigint => BigInt(numbers.reduce((n, b) => n + b, 0))
    return listing(rows, {
      dbUrl: [T.STRING, (r) => r.t.db],
      tableName: [T.STRING, (r) => r.t.name],
      partition: [T.STRING, (r) => r.chunk.path],
      chunkId: [T.STRING, (r) => r.chunk.chunkId],
      cid: [T.LONG, (r) => BigInt(r.chunk.cid)],
      rows: [T.LONG, (r) => BigInt(r.chunk.rows)],
      segments: [T.INT, (r) => r.chunk.segments.length],
      bytes: [T.LONG, (r) => sum(r.chunk.segments.map((s) => s.bytes))],
      deltaRows: [T.LONG, (r) => sum((r.chunk.delta ?? []).map((b) => b.rows))],
      deltaBytes: [T.LONG, (r) => sum((r.chunk.delta ?? []).map((b) => b.data.length))],
      updateTime: [T.TIMESTAMP, (r) => timestampOf(r.chunk.updateTimeMs)],
    })
  },
})

define('getTransactionStatus()', {
  doc: 'A table of the transactions that are rewriting stored rows now: tid, startTime, type, status, partitionCount (null: all of the table), endTime, elapsedTime in milliseconds.',
  call: (_, session) => {
    const now = session.now()
    return listing(statusOf(session).transactions, {
      tid: [T.LONG, (t) => BigInt(t.tid)],
      startTime: [T.TIMESTAMP, (t) => timestampOf(t.startMs)],
      type: [T.STRING, () => 'REWRITE'],
      status: [T.STRING, () => 'RUNNING'],
      partitionCount: [T.LONG, (t) => (t.chunks === undefined ? -(2n ** 63n) : BigInt(t.chunks))],
      endTime: [T.TIMESTAMP, () => timestampOf(undefined)],
      elapsedTime: [T.LONG, (t) => BigInt(Math.max(0, Math.round(now - t.startMs)))],
    })
  },
})

define('getPins()', {
  doc: 'A table of what keeps old files from being removed: pin, cid (files that this commit names stay), reason. Backups and copies by other tools pin; sessions that read do so for the time of a statement.',
  call: (_, session) => {
    const { pins, copy } = statusOf(session)
    const rows = [
      ...pins.map(({ pin, cid, why }) => ({ pin, cid, why })),
      ...(copy === undefined ? [] : [{ pin: 0, cid: copy.cid, why: 'checkpoint for copies by other tools' }]),
    ]
    return listing(rows, {
      pin: [T.LONG, (p) => BigInt(p.pin)],
      cid: [T.LONG, (p) => BigInt(p.cid)],
      reason: [T.STRING, (p) => p.why],
    })
  },
})
