/** Further kinds of in-memory tables: latest keyed ones, tables of many writers, cached tables. */

import { labelsOf } from '../compile/labels.ts'
import { inputError, usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import type { FunctionValue } from '../values/function.ts'
import type { Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isIntegral, isTemporal, typeName } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { WideMap } from '../values/wide-map.ts'
import { type Arg, intArg, isGiven, required, textArg, textListArg } from './args.ts'
import { appendColumns } from './table-append.ts'
import { isTypedForm, makeTable, tableOfTypes } from './table-make.ts'

const { entries, define } = topicTable('Tables')

/** A table from columns, another table, or capacity:size, names and types. */
function tableFrom(args: readonly Arg[], labels: readonly (string | null)[], signature: string): Table {
  const values = args.map((a) => required(a, signature, 'X'))
  if (isTypedForm(values)) return tableOfTypes(values[0], values[1], values[2], signature)
  return makeTable(
    labels.map((l) => l ?? ''),
    values,
  )
}

for (const name of ['latestKeyedTable', 'latestIndexedTable'] as const) {
  const signature = `${name}(keyColumns, timeColumn, X, args...)`
  define(signature, {
    doc: `A table with a key, as ${name === 'latestKeyedTable' ? 'keyedTable' : 'indexedTable'}, in which a row with a known key replaces the row that has it only if its timeColumn (integral or temporal) is not smaller; NULL is the smallest time. From columns, from another table, or \`${name}(keyColumns, timeColumn, capacity:size, colNames, colTypes)\`.`,
    call: (args) => {
      const keys = textListArg(args[0], signature, 'keyColumns')
      const timeColumn = textArg(args[1], signature, 'timeColumn')
      const source = tableFrom(args.slice(2), labelsOf(args).slice(2), signature)
      const at = keys.map((k) => source.columnIndex(k, true))
      const time = source.columnIndex(timeColumn, true)
      if (at.length === 0 || at.includes(-1)) throw usageError(signature, 'keyColumns must be columns of the table.')
      if (time < 0 || at.includes(time))
        throw usageError(signature, 'timeColumn must be a column of the table that is no key column.')
      const { type } = source.columns[time]
      if (!isTemporal(type) && !isIntegral(type))
        throw usageError(signature, `timeColumn must be integral or temporal, not ${typeName(type)}.`)
      const out = new Table(
        source.names.slice(),
        source.columns.map((c) => c.slice(0, 0)),
      )
      out.keyColumns = at
      out.latestBy = source.names[time]
      out.keyIndex = new WideMap()
      appendColumns(out, source.columns)
      return out
    },
  })
}

const MVCC = 'mvccTable(X, args...)'
define(MVCC, {
  doc: 'An in-memory table for several writers. Statements of this program see a table as a whole before or after another statement anyway, so it behaves as a table made by `table`. From columns, or `mvccTable(capacity:size, colNames, colTypes)`; keeping it on disk (path, tableName) is not supported.',
  call: (args) => {
    const given = args.filter(isGiven)
    if (isTypedForm(given.slice(0, 3)) && given.length > 3)
      throw inputError('mvccTable does not support path and tableName: the table lives in memory only.', {
        code: 'mvccPath',
        hint: 'save it with saveText or append it to a table of a database',
      })
    return tableFrom(given, labelsOf(args), MVCC)
  },
})

const CACHED = 'cachedTable(updateFunc, retentionSeconds)'
define(CACHED, {
  doc: 'A table that updateFunc (a function without parameters that returns a table) makes when it is read and the last one is older than retentionSeconds. It is called once at the start.',
  call: ([updateFunc, retentionSeconds], session) => {
    if (updateFunc?.kind !== 'function') throw usageError(CACHED, 'updateFunc must be a function.')
    const seconds = intArg(retentionSeconds, CACHED, 'retentionSeconds')
    if (seconds < 0) throw usageError(CACHED, 'retentionSeconds must not be negative.')
    return new CachedTable(updateFunc, seconds * 1000, session)
  },
})

/** Reading names or columns brings the table up to date first. */
class CachedTable extends Table {
  constructor(update: FunctionValue, keptMs: number, session: Session) {
    let current = made(update, session)
    let at = session.now()
    super(current.names, current.columns)
    const fresh = (): Table => {
      if (session.now() - at > keptMs) {
        // The time first: the function may read the table itself.
        at = session.now()
        current = made(update, session)
      }
      return current
    }
    Object.defineProperty(this, 'names', { get: () => fresh().names, enumerable: true })
    Object.defineProperty(this, 'columns', { get: (): Vector[] => fresh().columns, enumerable: true })
  }
}

function made(update: FunctionValue, session: Session): Table {
  const value: Value = session.call(update, [])
  if (value instanceof Table) return new Table(value.names, value.columns)
  throw usageError(CACHED, 'updateFunc must return a table.')
}

export const specialTableBuiltins = entries
