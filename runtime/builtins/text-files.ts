/** Delimited text files: loading, schema, saving. */
import { inputError, usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { type ColumnPlan, planColumns, readText, type TextOptions } from '../textfile/load.ts'
import { saveTables } from '../textfile/save.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { type SourceTable, Table } from '../values/table.ts'
import { typeName } from '../values/types.ts'
import { StringVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, textArg } from './args.ts'
import { columnType } from './column-type.ts'
import { makeTable } from './table-make.ts'

const { entries, define } = topicTable('Text files')
export const textFileBuiltins: readonly Builtin[] = entries

const LOAD_PARAMS =
  "(filename, [delimiter=','], [schema], [skipRows=0], [arrayDelimiter=','], [containHeader], [arrayMarker='\"'])"

/** The options of the loading functions. `args` starts at the delimiter. */
export function textOptions(args: readonly Arg[], signature: string): TextOptions {
  const [delimiter, schema, skipRows, arrayDelimiter, containHeader] = args
  const separator = textArg(delimiter, signature, 'delimiter', ',')
  if (separator === '') throw usageError(signature, 'delimiter must not be empty.')
  return {
    delimiter: separator,
    columns: isGiven(schema) ? schemaColumns(schema, signature) : undefined,
    skipRows: intArg(skipRows, signature, 'skipRows', 0),
    arrayDelimiter: textArg(arrayDelimiter, signature, 'arrayDelimiter', ','),
    containHeader: isGiven(containHeader) ? boolArg(containHeader, signature, 'containHeader', true) : undefined,
  }
}

/** The plan that a schema table states: name, type, and perhaps format and col. */
function schemaColumns(v: Value, signature: string): ColumnPlan[] {
  if (v.kind !== 'table') throw usageError(signature, 'schema must be a table with the columns name and type.')
  const column = (name: string): Table['columns'][number] | undefined => v.columns[v.columnIndex(name, true)]
  const names = column('name')
  const types = column('type') ?? column('typeString')
  if (names === undefined || types === undefined)
    throw usageError(signature, 'schema must be a table with the columns name and type.')
  const formats = column('format')
  const fields = column('col')
  const plan = Array.from({ length: v.rows }, (_, k) => {
    const { type, scale } = columnType(types.get(k))
    const field = fields === undefined ? k : Number(fields.raw(k))
    return {
      name: String(names.raw(k)),
      type,
      scale,
      format: formats === undefined ? '' : String(formats.raw(k)),
      field,
    }
  })
  if (plan.some((c, k) => k > 0 && c.field <= plan[k - 1].field))
    throw usageError(signature, 'The column col of schema must be ascending.')
  return plan
}

for (const [name, doc] of [
  [
    'loadText',
    'An in-memory table of a delimited text file. Names come from the header line, types from the first rows, or both from `schema`.',
  ],
  ['ploadText', 'As loadText.'],
] as const) {
  const signature = `${name}${LOAD_PARAMS}`
  define(signature, {
    doc,
    call: ([filename, ...rest]) => readText(textArg(filename, signature, 'filename'), textOptions(rest, signature)),
  })
}

const EXTRACT = "extractTextSchema(filename, [delimiter=','], [skipRows=0])"
define(EXTRACT, {
  doc: 'Names and types that loadText would use, as a table (name, type) that can be edited and passed as schema.',
  call: ([filename, delimiter, skipRows]) => {
    const options = textOptions([delimiter, undefined, skipRows], EXTRACT)
    const { columns } = planColumns(textArg(filename, EXTRACT, 'filename'), options)
    return new Table(
      ['name', 'type'],
      [new StringVector(columns.map((c) => c.name)), new StringVector(columns.map((c) => typeName(c.type)))],
    )
  },
})

const SAVE = "saveText(obj, filename, [delimiter=','], [append=false], [header=true], [bom=''])"
define(SAVE, {
  doc: 'Writes a table, matrix, vector or query as delimited text. Nulls are empty; text that holds the delimiter, quotes or line ends is quoted.',
  call: ([obj, filename, delimiter, append, header, bom], session) => {
    saveTables(textArg(filename, SAVE, 'filename'), tablesOf(obj, session), {
      delimiter: textArg(delimiter, SAVE, 'delimiter', ','),
      append: boolArg(append, SAVE, 'append', false),
      header: boolArg(header, SAVE, 'header', true),
      bom: textArg(bom, SAVE, 'bom', '') !== '',
    })
    return Scalar.VOID
  },
})

/** What is saved, as tables; a partitioned table is scanned in batches. */
function tablesOf(obj: Arg, session: Session): Iterable<Table> {
  switch (obj?.kind) {
    case 'table':
      return [obj]
    case 'source':
      return scanned(obj)
    case 'matrix':
    case 'vector':
      return [makeTable([''], [obj])]
    case 'code': {
      const evaluate = session.registry.get('eval')
      if (evaluate === undefined) throw inputError('Metacode can not be evaluated here.')
      return tablesOf(session.call(evaluate, [obj]), session)
    }
    default:
      throw usageError(SAVE, 'obj must be a table, a matrix, a vector or metacode of a query.')
  }
}

function* scanned(t: SourceTable): Generator<Table> {
  const snapshot = t.source.snapshot()
  const names = t.source.schema().map((c) => c.name)
  try {
    for (const partition of snapshot.partitions()) yield* snapshot.scan(partition, names)
  } finally {
    snapshot.release()
  }
}
