/** diffBackup: what differs between a backup and the live database, or between two states of a backup (ours, beside the functions of the dialect). */
import { boolArg } from '../../runtime/builtins/args.ts'
import { topicTable } from '../../runtime/registry.ts'
import { NULL_I64, StringVector, T, tableOf, type Value, vectorOf } from '../../runtime/values/index.ts'
import { type ChunkDifference, diffSides } from '../backup-diff/diff.ts'
import { sideOfState, sideOfStore } from '../backup-diff/sides.ts'
import { BackupSet } from '../set/open.ts'
import { STATE_DOC, setOptions } from './backup-choice.ts'
import { backupStore, isMissing, loggedInHost, optionalTexts, urlArg } from './backup-host.ts'
import { KEY_DOC } from './backup-key.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupDiffBuiltins = entries

const DIFF = 'diffBackup(backupDir, dbPath, [tableName], [state], [otherState], [countRows=true], [keyPath])'

define(DIFF, {
  doc: `What differs between a backup and the live database, or with otherState between two states of the backup: a table tableName, partitionPath, difference, rows, otherRows, rowsOnlyInBackup, rowsOnlyInOther with a row per partition that differs; it is empty if nothing does. "Other" is the live database, or otherState.
difference is onlyInBackup or onlyInOther for a partition (or the whole table) that one side lacks, changed where rows were added, changed or deleted, sameRows for another version with the same rows, and columns, with an empty path, for a table whose columns are others; rows are compared by the columns that both have then. rows and otherRows are the stored rows of each side. rowsOnlyInBackup and rowsOnlyInOther are rows that the other side does not have, all values compared, in any order; a changed row counts on both sides.
Partitions of one version are not read, of others only what both sides do not share. countRows=false reads nothing and compares versions only. The rows of a backup of a query are compared with those of another state, and with the live table by version only.
tableName takes one name or several. ${STATE_DOC} ${KEY_DOC} Every byte that is read is checked. Needs a login, and the right to read the tables.`,
  call: ([backupDir, dbPath, tableName, state, otherState, countRows, keyPath], session) => {
    const host = loggedInHost(session, 'diffBackup')
    const store = backupStore(host, backupDir, DIFF, keyPath)
    const context = host.context()
    const url = urlArg(dbPath, DIFF, 'dbPath')
    const set = new BackupSet(store, setOptions(state, DIFF))
    const request = {
      tables: optionalTexts(tableName, DIFF, 'tableName'),
      countsRows: boolArg(countRows, DIFF, 'countRows', true),
    }
    const backup = sideOfState(set, url, context)
    if (!isMissing(otherState)) {
      const other = new BackupSet(store, setOptions(otherState, DIFF, 'otherState'))
      return differenceTable(diffSides(backup, sideOfState(other, url, context), request))
    }
    const { view, release } = context.pinnedView(`comparison of ${url} with ${store.root}`)
    try {
      return differenceTable(diffSides(backup, sideOfStore(view, url, context), request))
    } finally {
      release()
    }
  },
})

function differenceTable(differences: readonly ChunkDifference[]): Value {
  const longs = (of: (d: ChunkDifference) => number | undefined) =>
    vectorOf(
      T.LONG,
      differences.map((d) => {
        const count = of(d)
        return count === undefined ? NULL_I64 : BigInt(count)
      }),
    )
  return tableOf({
    tableName: new StringVector(differences.map((d) => d.table)),
    partitionPath: new StringVector(differences.map((d) => d.path)),
    difference: new StringVector(differences.map((d) => d.difference)),
    rows: longs((d) => d.rows),
    otherRows: longs((d) => d.otherRows),
    rowsOnlyInBackup: longs((d) => d.counted?.onlyInFirst),
    rowsOnlyInOther: longs((d) => d.counted?.onlyInSecond),
  })
}
