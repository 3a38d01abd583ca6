/** checkBackup and getBackupProofs: reading a backup to its last byte, mending it, and what is known of it (specification of the store, section 12). */
import { type Arg, boolArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { isIntegral, StringVector, T, tableOf, unpackDuration, vectorOf } from '../../runtime/values/index.ts'
import { Ledger } from '../ledger/ledger.ts'
import { chunkPathOf, dbNameOf } from '../set/names.ts'
import { BackupSet } from '../set/open.ts'
import { checkBackupSet, type DamagedChunk } from '../verify/check.ts'
import { coverageOf, filesInScope, percentProven, type UnprovenOnly } from '../verify/files-to-check.ts'
import { type MendedChunk, mendChunks } from '../verify/mend.ts'
import { mendManifest } from '../verify/mend-manifest.ts'
import { momentOf, STATE_DOC, setOptions, TIMES } from './backup-choice.ts'
import {
  backupStore,
  isMissing,
  loggedInHost,
  optionalText,
  optionalTexts,
  timestampOf,
  urlArg,
} from './backup-host.ts'
import { KEY_DOC } from './backup-key.ts'
import { noteIfNothingMatches } from './backup-pattern.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupCheckBuiltins = entries

const texts = (values: readonly string[]): StringVector => new StringVector([...values])
const longs = (values: readonly number[]) => vectorOf(T.LONG, values.map(BigInt))

const CHECK =
  'checkBackup(backupDir, dbPath, [tableName], [partition], [state], [since], [budget], [repair=false], [keyPath])'

define(CHECK, {
  doc: `Reads every byte of a backup and compares checksums. Returns a table dbName, tableName, chunkPath, chunkID, partitionPath with a row per partition that is damaged or misses files; it is empty when all is well. Damage of the backup's own records is an error that names the file.
tableName takes one name or several, partition a pattern as in restore. ${STATE_DOC} ${KEY_DOC}
Which files were read, when and where, is remembered in the backup (its ledger). With since, a number of days or a time, files that were found sound since then are left out, and the others are read in order: those known to be damaged, those never read, then those read the longest ago. budget, a number of bytes or a duration such as 10m, ends the call early; it reads one file at least. A note then says which share of the bytes was proven since.
With repair=true damaged files are replaced by copies with the same checksum from the live table or from another place of the backup, and a damaged manifest of the newest state by its other copy; nothing else is changed. The table has the columns mended and detail then; what could not be mended says why. Partitions that stay damaged are repaired by backup(..., force=true).`,
  call: ([backupDir, dbPath, tableName, partition, state, since, budget, repair, keyPath], session) => {
    const host = loggedInHost(session, 'checkBackup')
    const store = backupStore(host, backupDir, CHECK, keyPath)
    const context = host.context()
    const options = setOptions(state, CHECK)
    const due = dueArgs(since, budget, session.now())
    const isRepair = boolArg(repair, CHECK, 'repair', false)
    const replaced = isRepair ? mendManifest(context, store) : undefined
    if (replaced !== undefined) context.progress.note(replaced)
    const ledger = new Ledger(store, (text) => context.progress.note(text))
    const request = {
      url: urlArg(dbPath, CHECK, 'dbPath'),
      tables: optionalTexts(tableName, CHECK, 'tableName'),
      pattern: optionalText(partition, CHECK, 'partition') ?? '%',
    }
    const damaged = checkBackupSet(
      store,
      due === undefined ? request : { ...request, due },
      { progress: context.progress, now: () => context.now(), ledger },
      options,
    )
    const { url, tables, pattern } = request
    if (damaged.length === 0 && pattern !== '%') {
      const set = new BackupSet(store, options)
      const names = tables ?? set.requireDatabase(url).tables.map((t) => t.name)
      const indexes = names.map((name) => set.index(url, name))
      noteIfNothingMatches(context.progress, store, indexes, pattern)
    }
    for (const line of damageLines(store.root, url, damaged)) context.progress.outcome?.(line)
    if (!isRepair) return tableOf(damagedColumns(damaged))
    const mended = mendChunks(context, new BackupSet(store, options), damaged, ledger)
    for (const { chunk, detail } of mended) context.progress.outcome?.(`${nameOf(chunk)}: ${detail}`)
    return tableOf({ ...damagedColumns(mended.map((m) => m.chunk)), ...mendedColumns(mended) })
  },
})

const nameOf = ({ url, table, chunk }: DamagedChunk): string => `${url}/${table} ${chunk.path}`

/** For the log of a job. */
function* damageLines(folder: string, url: string, damaged: readonly DamagedChunk[]): Generator<string> {
  if (damaged.length === 0) yield `${folder}: no damage found in the backup of ${url}`
  for (const chunk of damaged)
    yield `${folder}: ${nameOf(chunk)} is damaged: ${chunk.files.map((f) => f.file).join(', ')}`
}

function damagedColumns(damaged: readonly DamagedChunk[]) {
  return {
    dbName: texts(damaged.map((d) => d.url)),
    tableName: texts(damaged.map((d) => d.table)),
    chunkPath: texts(damaged.map((d) => chunkPathOf(`/${dbNameOf(d.url)}`, d.chunk.path, d.physicalIndex))),
    chunkID: texts(damaged.map((d) => d.chunk.chunkId)),
    partitionPath: texts(damaged.map((d) => d.chunk.path)),
  }
}

const mendedColumns = (mended: readonly MendedChunk[]) => ({
  mended: vectorOf(
    T.BOOL,
    mended.map((m) => (m.isMended ? 1 : 0)),
  ),
  detail: texts(mended.map((m) => m.detail)),
})

/** undefined: everything is read. */
function dueArgs(since: Arg, budget: Arg, nowMs: number): UnprovenOnly | undefined {
  if (isMissing(since)) {
    if (!isMissing(budget)) throw usageError(CHECK, 'budget can be given with since only.')
    return undefined
  }
  return { sinceMs: sinceArg(since, CHECK, 'since', nowMs), ...budgetArg(budget) }
}

const DAY_MS = 86_400_000
/** Units of a duration that have one length. */
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, H: 3_600_000, d: DAY_MS, w: 7 * DAY_MS }

/** A number of days before now, a duration before now, or a time. */
function sinceArg(value: Arg, signature: string, name: string, nowMs: number): number {
  const days = countOf(value)
  if (days !== undefined) return nowMs - days * DAY_MS
  const length = durationMs(value)
  if (length !== undefined) return nowMs - length
  if (value?.kind === 'scalar' && TIMES.has(value.type)) return momentOf(value)
  throw usageError(
    signature,
    `${name} must be a number of days, a duration such as 12H, or a time such as 2026.11.21T08:00:00.`,
  )
}

function budgetArg(value: Arg): Pick<UnprovenOnly, 'bytesMax' | 'msMax'> {
  if (isMissing(value)) return { bytesMax: undefined, msMax: undefined }
  const bytes = countOf(value)
  if (bytes !== undefined) return { bytesMax: bytes, msMax: undefined }
  const length = durationMs(value)
  if (length !== undefined) return { bytesMax: undefined, msMax: length }
  throw usageError(CHECK, 'budget must be a number of bytes, or a duration such as 10m.')
}

function countOf(value: Arg): number | undefined {
  if (value?.kind !== 'scalar' || !isIntegral(value.type) || value.isNull()) return undefined
  const count = Number(value.value)
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

function durationMs(value: Arg): number | undefined {
  if (value?.kind !== 'scalar' || value.type !== T.DURATION || value.isNull()) return undefined
  const { count, unit } = unpackDuration(value.value as bigint)
  return count < 0 || UNIT_MS[unit] === undefined ? undefined : count * UNIT_MS[unit]
}

const PROOFS = 'getBackupProofs(backupDir, dbPath, [since=30], [state], [keyPath])'

define(PROOFS, {
  doc: `How much of a backup was proven, that is read to the end and found whole, since a number of days ago or a time: a table tableName, files, bytes, filesProven, bytesProven, percentProven, filesDamaged, oldestProof with a row per table. filesDamaged are those that were damaged when they were last read; oldestProof is when the file was proven that was proven the longest ago, and null if one never was. checkBackup and drillRestore prove. ${STATE_DOC} ${KEY_DOC}`,
  call: ([backupDir, dbPath, since, state, keyPath], session) => {
    const host = loggedInHost(session, 'getBackupProofs')
    const store = backupStore(host, backupDir, PROOFS, keyPath)
    const set = new BackupSet(store, setOptions(state, PROOFS))
    const url = urlArg(dbPath, PROOFS, 'dbPath')
    const ledger = new Ledger(store, (text) => host.context().progress.note(text))
    const sinceMs = isMissing(since) ? session.now() - 30 * DAY_MS : sinceArg(since, PROOFS, 'since', session.now())
    const rows = set.requireDatabase(url).tables.map(({ name }) => ({
      name,
      ...coverageOf(filesInScope(set, { url, tables: [name], pattern: '%' }), ledger, sinceMs),
    }))
    return tableOf({
      tableName: texts(rows.map((r) => r.name)),
      files: longs(rows.map((r) => r.files)),
      bytes: longs(rows.map((r) => r.bytes)),
      filesProven: longs(rows.map((r) => r.filesProven)),
      bytesProven: longs(rows.map((r) => r.bytesProven)),
      percentProven: vectorOf(T.DOUBLE, rows.map(percentProven)),
      filesDamaged: longs(rows.map((r) => r.filesDamaged)),
      oldestProof: vectorOf(
        T.TIMESTAMP,
        rows.map((r) => timestampOf(r.oldestMs)),
      ),
    })
  },
})
