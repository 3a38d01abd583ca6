/** checkStore: looks for damage in a store that is in use. `holdfast check` does it for one that is not. */
import { type Arg, isGiven } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { topicTable } from '../../runtime/registry.ts'
import { NULL_I64, T } from '../../runtime/values/index.ts'
import { checkRunning, type Finding, noTotals } from '../inspect/index.ts'
import { listing } from './listing.ts'
import { dfsOf, requireAdministrator } from './store-args.ts'

const { entries, define } = topicTable('Storage engine')
export const checkStoreFunctions = entries

const CHECK = 'checkStore([deep=false])'
define(CHECK, {
  doc: 'Compares the catalog with the files and reads the log from the last checkpoint, while the store is used. deep: reads every byte of every segment, too. A table with a row for each finding: severity (error, note), code, dbUrl, tableName, partition, file, offset, message. Without rows of severity error nothing is wrong. For administrators. `holdfast check` does the same for a data directory that nobody has open.',
  call: ([deep], session) => {
    requireAdministrator(session, 'checkStore')
    const isDeep = flagArg(deep)
    const dfs = dfsOf(session)
    const findings: Finding[] = []
    const store = {
      files: dfs.files,
      status: () => dfs.request({ kind: 'status' }).status!,
      hold: () => ({ ...dfs.heldView(), catalog: dfs.catalog }),
    }
    for (const finding of checkRunning(store, isDeep, noTotals(), session.now())) {
      checkInterrupt()
      if (finding !== undefined) findings.push(finding)
    }
    return listing(findings, {
      severity: [T.STRING, (f) => f.severity],
      code: [T.STRING, (f) => f.code],
      dbUrl: [T.STRING, (f) => f.db ?? ''],
      tableName: [T.STRING, (f) => f.table ?? ''],
      partition: [T.STRING, (f) => f.partition ?? ''],
      file: [T.STRING, (f) => f.file ?? ''],
      offset: [T.LONG, (f) => (f.offset === undefined ? NULL_I64 : BigInt(f.offset))],
      message: [T.STRING, (f) => f.message],
    })
  },
})

function flagArg(value: Arg): boolean {
  if (!isGiven(value)) return false
  if (value.kind !== 'scalar' || typeof value.value !== 'number') throw usageError(CHECK, 'deep must be true or false.')
  return !value.isNull() && value.value !== 0
}
