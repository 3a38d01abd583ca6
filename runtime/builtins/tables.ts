/** In-memory tables: making, describing, changing. Handles over partitioned tables append and describe themselves; the rest is refused. */

import { labelsOf } from '../compile/labels.ts'
import { freezeOwned } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { writeIndex } from '../indexing/write.ts'
import { isSortedVector, sortIndices } from '../kernels/sort.ts'
import { convertForAppend } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { inMemory } from '../sql/partitions-in-memory.ts'
import { Dict, type Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { type ColumnChange, type ColumnSchema, type SourceTable, Table, type TableLike } from '../values/table.ts'
import { isDecimal, NULL_I32, T, typeName } from '../values/types.ts'
import { FixedVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, required, textListArg } from './args.ts'
import { columnTypes } from './column-type.ts'
import { appendColumns, appendToTable, convertColumn, nullColumn } from './table-append.ts'
import { isTypedForm, makeTable, namedTable, tableOfTypes } from './table-make.ts'
import { expressionValues, selectedRows } from './table-rows.ts'

export { makeTable } from './table-make.ts'

const { entries, define } = topicTable('Tables')
export const tableBuiltins: readonly Builtin[] = entries

const TABLE = 'table(X, [X1...])'
define('table(X, args...)', {
  doc: 'A table of vectors, named by variable or `as`; a matrix or a tuple of equal vectors spreads to columns; a tuple whose rows differ in length and have one type is a columnar tuple in the table. Or `table(capacity:size, colNames, colTypes)`: `size` rows of zeros (text null).',
  call: (args) => {
    if (isTypedForm(args))
      return tableOfTypes(
        args[0] as Value,
        required(args[1], TABLE, 'colNames'),
        required(args[2], TABLE, 'colTypes'),
        TABLE,
      )
    const names = labelsOf(args).map((name) => name ?? '')
    return makeTable(
      names,
      args.map((a) => required(a, TABLE, 'X')),
    )
  },
})

/** An in-memory table; a handle over a partitioned one is refused. */
export function memoryTable(v: Arg, signature: string, name = 'table'): Table {
  if (v?.kind === 'table') return v
  if (v?.kind === 'source')
    throw inputError(
      `${signature.slice(0, signature.indexOf('('))} does not support the partitioned table ${v.source.name}.`,
      {
        refId: 'S02008',
        hint: 'use SQL statements, or select the rows into memory first',
      },
    )
  throw usageError(signature, `${name} must be a table.`)
}

/** Changes a table in memory, partitioned or not, and returns it. */
function changed(v: Arg, signature: string, change: (t: Table) => void): Value {
  const partitions = v?.kind === 'source' ? inMemory(v) : undefined
  if (partitions !== undefined) {
    partitions.changeRows(change)
    return v as SourceTable
  }
  const t = memoryTable(v, signature)
  change(t)
  return t
}

/** A table of either kind. A string names a variable or a shared table. */
function anyTable(v: Arg, session: Session, signature: string): TableLike {
  if (v?.kind === 'table' || v?.kind === 'source') return v
  if (v?.kind === 'scalar' && v.type === T.STRING) {
    const named = session.variable(v.value as string)
    if (named?.kind === 'table' || named?.kind === 'source') return named
    throw inputError(`Can't find the object with name ${String(v.value)}`, { code: 'unknownTable' })
  }
  throw usageError(signature, 'table must be a table.')
}

/** Position of a column that must exist; names of columns ignore case. */
function columnAt(t: Table, name: string): number {
  const at = t.columnIndex(name, true)
  if (at < 0) throw inputError(`The column [${name}] does not exist.`, { code: 'columnMissing' })
  return at
}

// Describing.

/** The table behind `schema(t).colDefs`: name, typeString, typeInt, extra (scale of decimals), comment. */
export function colDefs(schema: readonly ColumnSchema[]): Table {
  const scale = (c: ColumnSchema): number => (isDecimal(c.type % 64) && c.scale !== undefined ? c.scale : NULL_I32)
  return new Table(
    ['name', 'typeString', 'typeInt', 'extra', 'comment'],
    [
      new StringVector(schema.map((c) => c.name)),
      new StringVector(schema.map((c) => typeName(c.type, c.scale))),
      new FixedVector(
        T.INT,
        Int32Array.from(schema, (c) => c.type),
      ),
      new FixedVector(T.INT, Int32Array.from(schema, scale)),
      new StringVector(schema.map((c) => c.comment ?? '')),
    ],
  )
}

/** Extended by rooms that know more about their handles: returns undefined for values that are not theirs. */
export type SchemaOf = (v: Value, session: Session) => Dict | undefined
const schemaProviders: SchemaOf[] = []
export function provideSchema(describe: SchemaOf): void {
  schemaProviders.push(describe)
}

define('schema(table)', {
  doc: 'A dictionary that describes a table or database handle; `colDefs` is a table of the columns: name, typeString, typeInt, extra, comment.',
  call: ([v], session) => {
    const value = required(v, 'schema(table)', 'table')
    for (const describe of schemaProviders) {
      const known = describe(value, session)
      if (known !== undefined) return known
    }
    const t = anyTable(value, session, 'schema(table)')
    const columns = t.kind === 'table' ? t.schema() : t.source.schema()
    const entries: [string, Value][] = [
      ['chunkPath', Scalar.VOID],
      ['colDefs', colDefs(columns)],
      ['partitionColumnIndex', Scalar.int(-1)],
    ]
    if (t.kind === 'source') {
      const names = t.source.partitionColumns()
      const at = names.map((n) => columns.findIndex((c) => c.name === n))
      if (at.length > 0)
        entries[2][1] = at.length === 1 ? Scalar.int(at[0]) : new FixedVector(T.INT, Int32Array.from(at))
      if (names.length > 0)
        entries.push([
          'partitionColumnName',
          names.length === 1 ? Scalar.string(names[0]) : new StringVector(names.slice()),
        ])
    }
    return new Dict(T.STRING, T.ANY, new Map(entries), true)
  },
})

// Rows.

define('tableInsert(table, args...)', {
  doc: 'Appends rows and returns how many were written: one table, one tuple or dictionary of columns, or one value (scalar or vector) per column.',
  mutates: true,
  call: ([table, ...args], session) => {
    const signature = 'tableInsert(table, args...)'
    const target = anyTable(table, session, signature)
    const data = args.map((a) => required(a, signature, 'args'))
    if (target.kind === 'source' && (data.length !== 1 || data[0].kind !== 'table'))
      throw usageError(signature, 'For a partitioned table the data must be a table.')
    return Scalar.int(appendToTable(target, data))
  },
})

const UNION = 'unionAll([tableA], [tableB], [byColName=false], [partition=true], [tables])'
define(UNION, {
  doc: 'The rows of two tables one below the other: by position, or by name with nulls for missing columns. Also `unionAll(tables, [partition=true], [byColName=false])` of a tuple of tables (one table in memory whatever partition says), and `unionAll(tables, tableB)`, which appends all of them to tableB, in memory or stored, and returns it.',
  call: ([tableA, second, byName, , tables]) => {
    const a = isGiven(tableA) ? tableA : tables
    const named = boolArg(byName, UNION, 'byColName', false)
    if (a?.kind !== 'vector')
      return union([memoryTable(a, UNION, 'tableA'), memoryTable(second, UNION, 'tableB')], named, UNION)
    const pieces = Array.from({ length: a.length }, (_, k) => memoryTable(a.get(k), UNION, 'Each element'))
    if (second?.kind !== 'table' && second?.kind !== 'source') {
      boolArg(second, UNION, 'partition', true)
      return union(pieces, named, UNION)
    }
    for (const piece of pieces) appendToTable(second, [piece])
    return second
  },
})

function union(tables: readonly Table[], byName: boolean, signature: string): Table {
  if (tables.length === 0) throw usageError(signature, 'At least one table is needed.')
  const names = tables[0].names.slice()
  const columns = tables[0].columns.map((c) => c.copy())
  const out = new Table(names, columns)
  for (const t of tables.slice(1)) {
    if (!byName) {
      if (t.columns.length !== names.length)
        throw inputError('The number of columns of the current table must match that of the target table.', {
          refId: 'S01015',
        })
      appendColumns(out, convertAll(t.columns, out.schema()))
      continue
    }
    t.names.forEach((name, k) => {
      if (names.includes(name)) return
      names.push(name)
      columns.push(nullColumn(t.columns[k].type, out.rows, 'scale' in t.columns[k] ? t.columns[k].scale : 0))
    })
    const schema = out.schema()
    const aligned = names.map((name, k) => {
      const at = t.columnIndex(name)
      return at < 0 ? nullColumn(schema[k].type, t.rows, schema[k].scale ?? 0) : t.columns[at]
    })
    appendColumns(out, convertAll(aligned, schema))
  }
  out.columns = columns
  return out
}

const convertAll = (columns: readonly Vector[], schema: readonly ColumnSchema[]): Vector[] =>
  columns.map((c, k) => convertColumn(c, schema[k]))

// Columns.

/** Columns of a stored table are the store's to change; what it answers to is in dfs. */
function alterStored({ source }: SourceTable, change: ColumnChange): void {
  if (source.alter === undefined) throw inputError(`The table ${source.name} is read only.`, { code: 'readOnlyTable' })
  source.alter(change)
}

define('update!(table, colNames, newValues, [filter])', {
  doc: 'Sets columns of an in-memory table to values or metacode, in the rows that the filter (metacode) selects; a missing column is created.',
  mutates: true,
  call: ([table, colNames, newValues, filter], session) => {
    const signature = 'update!(table, colNames, newValues, [filter])'
    return changed(table, signature, (t) => {
      const names = textListArg(colNames, signature, 'colNames')
      const given = required(newValues, signature, 'newValues')
      const values = names.length === 1 && given.kind !== 'code' ? [given] : expressionValues(given, t, session)
      if (values.length !== names.length)
        throw usageError(signature, 'newValues must have one element for each column name.')
      const rows = isGiven(filter) ? selectedRows(filter, t, session) : undefined
      for (let k = 0; k < names.length; k++) setColumn(t, names[k], values[k], rows, session)
    })
  },
})

function setColumn(t: Table, name: string, value: Value, rows: Int32Array | undefined, session: Session): void {
  const at = t.columnIndex(name, true)
  if (at < 0 && rows === undefined) {
    const column = value.kind === 'scalar' ? makeTable(['x'], [nullColumn(T.INT, t.rows), value]).columns[1] : value
    if (column.kind !== 'vector' || column.length !== t.rows) throw newColumnSize(name)
    freezeOwned(column)
    t.names.push(name)
    t.columns.push(column)
    return
  }
  const index = rows === undefined ? undefined : new FixedVector(T.INT, rows)
  const chosen = rows !== undefined && value.kind === 'vector' && value.length === t.rows ? value.gather(rows) : value
  if (at < 0) {
    const type = value.kind === 'scalar' || value.kind === 'vector' ? value.type : T.ANY
    t.names.push(name)
    t.columns.push(nullColumn(type, t.rows, 'scale' in value ? value.scale : 0))
  }
  if (at >= 0 && t.keyColumns?.includes(at) === true) t.keyIndex = undefined
  const all = new FixedVector(
    T.INT,
    Int32Array.from({ length: t.rows }, (_, k) => k),
  )
  writeIndex(session, t, [Scalar.string(t.names[at < 0 ? t.names.length - 1 : at]), index ?? all], chosen, name)
}

const newColumnSize = (name: string): Error =>
  inputError(
    `The column <${name}> does not exist. To add a new column, the size of the new column must equal to the size of the table.`,
    { refId: 'S05014' },
  )

define('dropColumns!(table, colNames)', {
  doc: 'Removes columns; of a stored table (OLAP only) one a call.',
  aliases: ['drop!'],
  mutates: true,
  call: ([table, colNames]) => {
    const signature = 'dropColumns!(table, colNames)'
    if (table?.kind === 'source') {
      alterStored(table, { kind: 'drop', columns: textListArg(colNames, signature, 'colNames') })
      return table
    }
    const t = memoryTable(table, signature)
    const gone = new Set(textListArg(colNames, signature, 'colNames').map((n) => columnAt(t, n)))
    if (t.keyColumns?.some((k) => gone.has(k)) === true)
      throw inputError("A key column can't be dropped.", { code: 'keyColumn' })
    const keys = t.keyColumns?.map((k) => t.names[k])
    t.names = t.names.filter((_, k) => !gone.has(k))
    t.columns = t.columns.filter((_, k) => !gone.has(k))
    t.keyColumns = keys?.map((name) => t.columnIndex(name))
    return t
  },
})

define('addColumn(table, colNames, colTypes)', {
  doc: 'Adds columns of nulls. The columns of a stored table show in handles that loadTable gives from then on.',
  mutates: true,
  call: ([table, colNames, colTypes]) => {
    const signature = 'addColumn(table, colNames, colTypes)'
    const names = textListArg(colNames, signature, 'colNames')
    const types = columnTypes(required(colTypes, signature, 'colTypes'))
    if (names.length !== types.length) throw usageError(signature, 'colNames and colTypes must be of the same length.')
    if (table?.kind === 'source') {
      alterStored(table, { kind: 'add', columns: names.map((name, k) => ({ name, ...types[k] })) })
      return table
    }
    const t = memoryTable(table, signature)
    for (const name of names)
      if (t.columnIndex(name, true) >= 0) throw inputError(`The column [${name}] already exists.`, { refId: 'S01014' })
    names.forEach((name, k) => {
      t.names.push(name)
      t.columns.push(nullColumn(types[k].type, t.rows, types[k].scale))
    })
    return t
  },
})

define('replaceColumn!(table, colName, newCol)', {
  doc: 'Puts other data, of any type, in the place of one or several columns. A column of a stored table (OLAP only) takes the type of newCol, a vector, and its values are converted.',
  mutates: true,
  call: ([table, colName, newCol]) => {
    const signature = 'replaceColumn!(table, colName, newCol)'
    const names = textListArg(colName, signature, 'colName')
    const value = required(newCol, signature, 'newCol')
    if (table?.kind === 'source') {
      if (names.length !== 1) throw usageError(signature, 'Of a stored table one column is replaced a call.')
      if (value.kind !== 'vector') throw usageError(signature, 'newCol must be a vector of the new type.')
      const scale = 'scale' in value ? value.scale : 0
      alterStored(table, { kind: 'retype', column: names[0], type: value.type, scale })
      return table
    }
    const t = memoryTable(table, signature)
    const columns =
      names.length === 1
        ? [value]
        : value.kind === 'vector'
          ? Array.from({ length: value.length }, (_, k) => value.get(k))
          : []
    if (columns.length !== names.length)
      throw usageError(signature, 'newCol must have one vector for each column name.')
    names.forEach((name, k) => {
      const at = columnAt(t, name)
      const column = columns[k]
      if (column.kind !== 'vector' || column.length !== t.rows)
        throw inputError('All columns must be of the same length.', { refId: 'S02010' })
      freezeOwned(column)
      t.columns[at] = column
      t.keyIndex = undefined
    })
    return t
  },
})

define('reorderColumns!(table, reorderedColNames)', {
  doc: 'Puts the listed columns first, in that order; the others follow as they were.',
  mutates: true,
  call: ([table, colNames]) => {
    const signature = 'reorderColumns!(table, reorderedColNames)'
    return changed(table, signature, (t) => {
      const first = textListArg(colNames, signature, 'reorderedColNames').map((n) => columnAt(t, n))
      const order = [...first, ...t.names.map((_, k) => k).filter((k) => !first.includes(k))]
      const keys = t.keyColumns?.map((k) => t.names[k])
      t.names = order.map((k) => t.names[k])
      t.columns = order.map((k) => t.columns[k])
      t.keyColumns = keys?.map((name) => t.columnIndex(name))
    })
  },
})

define('rename!(X, Y, [Z])', {
  doc: 'Names: of a vector; of matrix columns (rows Y and columns Z when both are given; `rename!(X, Y, )` the rows alone); of table columns: the leading ones, or old Y to new Z; of a stored table (OLAP only) one column Y to Z.',
  mutates: true,
  call: ([x, y, z]) => {
    const signature = 'rename!(X, Y, [Z])'
    const first = required(y, signature, 'Y')
    if (x?.kind === 'source') {
      const [column, ...more] = textListArg(first, signature, 'Y')
      const [to, ...others] = isGiven(z) ? textListArg(z, signature, 'Z') : []
      if (to === undefined || more.length + others.length > 0)
        throw usageError(signature, 'A column of a stored table is renamed by its name and the new one.')
      alterStored(x, { kind: 'rename', column, to })
    } else if (x?.kind === 'vector') x.label = textListArg(first, signature, 'Y')[0]
    else if (x?.kind === 'matrix') renameMatrix(x, first, z, signature)
    else renameColumns(memoryTable(x, signature, 'X'), textListArg(first, signature, 'Y'), z, signature)
    return x as Value
  },
})

function renameMatrix(m: Matrix, y: Value, z: Arg, signature: string): void {
  const labels = (v: Value, length: number, what: string): Vector => {
    const column = v.kind === 'scalar' ? convertForAppend(v, v.type) : v
    if (column.kind !== 'vector' || column.length !== length)
      throw usageError(signature, `The number of ${what} labels must be the number of ${what}s.`)
    freezeOwned(column)
    return column
  }
  const rows = isGiven(z) || z === Scalar.NOTHING ? y : undefined
  const cols = isGiven(z) ? z : rows === undefined ? y : undefined
  const index = m.indexed === 'no' ? [] : m.indexed === 'series' ? [rows] : [rows, cols]
  if (index.some((l) => l?.kind === 'vector' && !isSortedVector(l, true, true)))
    throw inputError('The label of an indexed matrix or series must be in strict ascending order.', { code: 'labels' })
  if (isGiven(z)) {
    m.rowLabels = labels(y, m.rows, 'row')
    m.colLabels = labels(z, m.cols, 'column')
  } else if (z === Scalar.NOTHING) m.rowLabels = labels(y, m.rows, 'row')
  else m.colLabels = labels(y, m.cols, 'column')
}

function renameColumns(t: Table, y: readonly string[], z: Arg, signature: string): void {
  const names = t.names.slice()
  if (isGiven(z)) {
    const to = textListArg(z, signature, 'Z')
    if (to.length !== y.length) throw usageError(signature, 'Y and Z must be of the same length.')
    y.forEach((old, k) => {
      names[columnAt(t, old)] = to[k]
    })
  } else {
    if (y.length > names.length) throw usageError(signature, 'There are more names than columns.')
    for (let k = 0; k < y.length; k++) names[k] = y[k]
  }
  namedTable(names, [])
  t.names = names
}

define('sortBy!(table, sortColumns, [sortDirections])', {
  doc: 'Sorts the rows in place by columns or metacode; one direction for all or one for each (true ascending).',
  mutates: true,
  call: ([table, sortColumns, directions], session) => {
    const signature = 'sortBy!(table, sortColumns, [sortDirections])'
    return changed(table, signature, (t) => {
      const by = required(sortColumns, signature, 'sortColumns')
      const keys =
        by.kind === 'code'
          ? (expressionValues(by, t, session) as Vector[])
          : textListArg(by, signature, 'sortColumns').map((n) => t.columns[columnAt(t, n)])
      const up = isGiven(directions) ? directionsOf(directions, signature) : [true]
      if (up.length !== 1 && up.length !== keys.length)
        throw usageError(signature, 'sortDirections must have one element, or one for each column.')
      const order = sortIndices(
        keys,
        keys.map((_, k) => up[up.length === 1 ? 0 : k]),
      )
      t.columns = t.columns.map((c) => c.gather(order))
      t.keyIndex = undefined
    })
  },
})

function directionsOf(v: Value, signature: string): boolean[] {
  if (v.kind === 'vector')
    return Array.from({ length: v.length }, (_, k) => boolArg(v.get(k), signature, 'sortDirections', true))
  return [boolArg(v, signature, 'sortDirections', true)]
}
