/**
 * For tests: a store in memory that is backed up and archived while it is changed at random, with a copy of what it showed after each step, and recoveries of it.
 * Each number that the engine asks the clock for is later than the one before, so every commit has its own time.
 */
import { type ArchivedWorld, archivedWorld, piecesOf, type WorldOptions } from '../archive/testing.ts'
import { backupHostService } from '../builtins/backup-host.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { rollbackRecord } from '../engine/log-entry.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import { type NodeBackupRequest, takeNodeBackup } from '../node-backup/take.ts'
import { silentProgress } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import type { LockWorld } from '../set/lock.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { decodeHeader, encodeHeader, type FileHeader, HEADER_BYTES, identityOf } from '../wal/file-header.ts'
import { LogFileReader } from '../wal/log-reader.ts'
import { pieceName } from '../wal/piece-name.ts'
import { type NewRecord, RecordEncoder } from '../wal/record.ts'
import { boot, connect, type TestSession } from '../write/testing.ts'
import type { RecoverySources } from './plan.ts'
import { planStore, type RecoveredStore, recoverStore } from './recover-store.ts'
import { parseTarget } from './target.ts'

export const DUAL = { 'ts.wal.rotation': 'dual' }
export const GROUP = { 'ts.wal.rotation': 'group', 'ts.wal.group_files': 2, 'ts.wal.group_file_size': 1 << 18 }

/** Every run is a process of its own, so that the locks of dead ones are stale. */
let pids = 1
const newProcess = (): LockWorld => {
  const pid = pids++
  return { host: 'here', pid, processStartMs: pid * 100_000, now: () => 0, processExists: (p) => p === pid }
}

export function contextOf(world: ArchivedWorld): BackupContext {
  const context = world.session.session.service(backupHostService).context()
  return { ...context, now: () => world.clock.nowMs++, lockWorld: newProcess() }
}

export function backUp(
  world: ArchivedWorld,
  set: FileStore,
  request: Partial<NodeBackupRequest> = {},
  context = contextOf(world),
): NodeManifest {
  return takeNodeBackup(
    { context, catalog: world.catalog, set },
    { includeWal: true, compress: false, keep: undefined, config: undefined, ...request },
  ).manifest
}

/** A moment of a store, and everything that it showed then. */
export interface Snapshot {
  readonly timeMs: number
  readonly lsn: number
  readonly content: string
}

export const snapshotOf = ({ engine, clock, session }: ArchivedWorld): Snapshot => ({
  timeMs: clock.nowMs++,
  lsn: engine.status().log.end,
  content: contentOf(session),
})

/** All rows of all tables, their columns, and the users. */
export function contentOf(session: TestSession): string {
  const parts = [session.show('getUserList()')]
  for (const db of lines(session.show('concat(sort(getClusterDFSDatabases()), "\\n")'))) {
    parts.push(db, session.show(`string(schema(database("${db}"))["partitionSchema"])`))
    for (const table of lines(session.show(`concat(sort(getTables(database("${db}"))), "\\n")`))) {
      const names = lines(session.show(`concat(columnNames(loadTable("${db}", "${table}")), "\\n")`))
      parts.push(table, session.show(`select ${sums(names)} from loadTable("${db}", "${table}") group by k order by k`))
    }
  }
  return parts.join('\n')
}

const lines = (text: string): string[] => (text === '' ? [] : text.split('\n'))
const sums = (names: readonly string[]): string =>
  [
    'count(*) as n',
    ...names.filter((c) => c !== 'k').flatMap((c) => [`sum(${c}) as s_${c}`, `sum(${c} * (x % 97)) as w_${c}`]),
  ].join(', ')

export interface Recovery {
  readonly sources: Partial<RecoverySources> & Pick<RecoverySources, 'set'>
  readonly target: string
  readonly data?: FileStore
  readonly catalog?: MemoryCatalogStore
  readonly nowMs?: number
  readonly without?: readonly ('config' | 'jobs')[]
}

export interface Recovered {
  readonly store: RecoveredStore
  readonly disk: MemoryFileStore
  readonly catalog: MemoryCatalogStore
  readonly said: string[]
  readonly notes: string[]
}

/** Recovers into a new directory in memory, or throws. */
export function recovered({
  sources,
  target,
  data,
  catalog = new MemoryCatalogStore(),
  nowMs = 1_700_000_000_000,
  without,
}: Recovery): Recovered {
  const disk = new MemoryFileStore()
  const said: string[] = []
  const notes: string[] = []
  const store = recoverStore({
    sources: { key: undefined, id: undefined, archive: undefined, command: undefined, ...sources },
    target: parseTarget(target),
    data: data ?? disk,
    without,
    makeCatalog: (fill) => fill(catalog),
    say: (line) => said.push(line),
    progress: { ...silentProgress, note: (text) => void notes.push(text) },
    now: () => nowMs,
  })
  return { store, disk, catalog, said, notes }
}

/** What a plan says. */
export function plannedLines({ sources, target, data = new MemoryFileStore(), without }: Recovery): string[] {
  const said: string[] = []
  planStore({
    sources: { key: undefined, id: undefined, archive: undefined, command: undefined, ...sources },
    target: parseTarget(target),
    data,
    without,
    say: (line) => said.push(line),
    progress: silentProgress,
  })
  return said
}

/** What a recovered store shows once it is started. */
export const shown = ({ catalog, disk }: Pick<Recovered, 'catalog' | 'disk'>): string =>
  contentOf(connect(boot(catalog, disk)))

export const newArchivedWorld = (archive: FileStore, options: Partial<WorldOptions> = {}): ArchivedWorld =>
  archivedWorld({ archive, ...options, settings: { ...DUAL, 'ts.compaction.min_segments': 2, ...options.settings } })

export const timeTarget = (ms: number): string => new Date(ms).toISOString()

/** Seals the log and archives all that is sealed. */
export async function settle({ engine, clock }: ArchivedWorld): Promise<void> {
  await engine.archive()
  await engine.checkpoint()
  clock.nowMs += 600_000
  await engine.archive()
  await engine.archive()
}

/** A piece of log as if another store had written it. */
export function asOfAnotherStore(piece: Uint8Array): Uint8Array {
  const header = decodeHeader(piece) as FileHeader
  const foreign = encodeHeader({ ...header, store: identityOf(1, 'another store', '').store })
  return Buffer.concat([foreign, piece.subarray(HEADER_BYTES)])
}

/** Adds a piece to the archive that takes back the last transaction of the one before it. */
export const appendRollback = (archive: FileStore, timeMs: number): void =>
  appendPiece(archive, (transaction) => [rollbackRecord(transaction, timeMs)])

/** Adds a piece to the archive with these records. */
export function appendPiece(archive: FileStore, recordsOf: (lastTransaction: number) => NewRecord[]): void {
  const last = piecesOf(archive).at(-1)!
  const bytes = archive.readFile(last)
  const header = decodeHeader(bytes) as FileHeader
  const firstLsn = header.firstLsn + bytes.length - HEADER_BYTES
  let transaction = 0
  const reader = new LogFileReader(archive, last)
  reader.scan(HEADER_BYTES, bytes.length, header.firstLsn, (record) => {
    if (record.kind === 'TSCOMMIT') transaction = record.transaction
  })
  reader.close()
  const records = new RecordEncoder().encode(recordsOf(transaction), firstLsn, firstLsn)
  const next = encodeHeader({ ...header, sequence: header.sequence + 1, firstLsn })
  archive.writeFileAtomic(pieceName(header.timeline, header.sequence + 1), Buffer.concat([next, records]))
}
